"""`lpse-agent operator …`: who answers the telephone."""

from typing import Annotated

import typer
from rich.table import Table

from agent.asterisk.phone_accounts import digest_of, make_password
from agent.commands.plain import (
    ask,
    clock_of,
    console,
    parse_account,
    plain_object,
    print_json,
    refuse,
    said_plainly,
)
from agent.database.operators import add_operator, list_operators, remove_operator
from agent.domain.identifiers import OperatorId
from agent.settings import read_settings

LONGEST_NAME = 80

app = typer.Typer(
    no_args_is_help=True,
    help="Operators: who may answer calls, each with a telephone account of his own.",
)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The operator's name as reports show it.")],
    supervisor: Annotated[
        bool, typer.Option("--supervisor", help="He joins others' calls and is offered none.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Add an operator. His telephone's password is shown now and never again.

    Example:
    lpse-agent operator add "Siti Aminah"
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        refuse(f"A name has 1 to {LONGEST_NAME} printable characters.")
    with said_plainly():
        settings = read_settings()
        url = settings.database_url
        password = make_password()

        def digests_of(account: OperatorId) -> tuple[str, str]:
            digest = digest_of(account, settings.sip_realm, password)
            return digest.sha256, digest.md5

        account = ask(url, lambda: add_operator(url, name, digests_of, supervises=supervisor))
    if json:
        told = {"account": account, "name": name, "password": password}
        print_json({**told, "supervises": supervisor})
        return
    out = console()
    out.print(f"{name} is {'supervisor' if supervisor else 'operator'} {account}.\n")
    out.print("Enter this in the telephone or softphone:")
    out.print(f"  user name / account    {account}")
    out.print(f"  password               {password}")
    out.print("  server / domain        the machine on which Asterisk runs, transport UDP")
    out.print("\nThe password is not kept and cannot be shown again.")


@app.command("list")
def list_(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """List all operators, also those who were removed, with the calls that each answered."""
    with said_plainly():
        settings = read_settings()
        url = settings.database_url
        found = ask(url, lambda: list_operators(url))
    if json:
        print_json([plain_object(operator, settings.zone) for operator in found])
        return
    clock, table = clock_of(settings.zone), Table()
    for heading in ("Akun", "Nama", "Tugas", "Sejak", "Sampai", "Panggilan", "Panggilan terakhir"):
        table.add_column(heading, overflow="fold")
    for operator in found:
        table.add_row(
            operator.account,
            operator.name,
            "supervisor" if operator.supervises else "operator",
            clock(operator.created_at),
            clock(operator.removed_at),
            str(operator.calls),
            clock(operator.last_call_ended_at),
        )
    console().print(table)


@app.command("remove")
def remove(
    account: Annotated[str, typer.Argument(help="The operator's account, e.g. op-101.")],
) -> None:
    """Take an operator off duty: no call is offered to him; his past calls stay his.

    Example:
    lpse-agent operator remove op-101
    """
    taken = parse_account("account", account)
    with said_plainly():
        url = read_settings().database_url
        name = ask(url, lambda: remove_operator(url, taken))
    console().print(f"{name} ({account}) is no longer an operator.")
