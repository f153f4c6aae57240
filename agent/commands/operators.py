"""`lpse-agent operator …`: who answers the telephone."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from agent.asterisk.phone_accounts import digest_of, make_password
from agent.commands.accountable import system_user
from agent.commands.plain import (
    ask,
    clock_of,
    console,
    parse_account,
    plain_object,
    print_json,
    printable,
    refuse,
    said_plainly,
)
from agent.commands.service_desk import asked
from agent.database.operators import (
    OperatorSummary,
    add_operator,
    list_operators,
    remove_operator,
)
from agent.domain.identifiers import OperatorId
from agent.settings import read_settings

LONGEST_NAME = 80

Account = Annotated[str, typer.Argument(help="The operator's account, e.g. op-101.")]
WORDS = {
    "ready": "siap",
    "paused": "jeda",
    "wrap_up": "penyelesaian",
    "away": "telepon mati",
}

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

        by = system_user()
        account = ask(
            url, lambda: add_operator(url, name, digests_of, by=by, supervises=supervisor)
        )
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
    """List all operators, also those who were removed: how each is now, and what he answered.

    Presence is as on record: siap (ready), jeda (paused), penyelesaian (in wrap-up after a call),
    telepon mati (his telephone cannot be reached).
    """
    with said_plainly():
        settings = read_settings()
        url = settings.database_url
        found = ask(url, lambda: list_operators(url))
    if json:
        print_json([plain_object(operator, settings.zone) for operator in found])
        return
    clock, table = clock_of(settings.zone), Table()
    for heading in (
        "Akun", "Nama", "Tugas", "Sejak", "Sampai", "Kehadiran", "Panggilan", "Panggilan terakhir"
    ):  # fmt: skip
        table.add_column(heading, overflow="fold")
    for operator in found:
        table.add_row(
            operator.account,
            operator.name,
            "supervisor" if operator.supervises else "operator",
            clock(operator.created_at),
            clock(operator.removed_at),
            _presence(operator, clock),
            str(operator.calls),
            clock(operator.last_call_ended_at),
        )
    console().print(table)


@app.command("pause")
def pause(
    account: Account,
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="REASON", help="A reason of pause_reasons_file."),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Offer an operator no calls until he is ready; one that he has or that rings goes on.

    Example:
    lpse-agent operator pause op-101 --reason istirahat
    """
    _present(account, {"presence": "paused", "reason": reason}, json)


@app.command("ready")
def ready(
    account: Account,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Offer an operator calls again, also before his wrap-up is over.

    Example:
    lpse-agent operator ready op-101
    """
    _present(account, {"presence": "ready"}, json)


@app.command("remove")
def remove(
    account: Account,
) -> None:
    """Take an operator off duty: no call is offered to him; his past calls stay his.

    Example:
    lpse-agent operator remove op-101
    """
    taken = parse_account("account", account)
    with said_plainly():
        url = read_settings().database_url
        name = ask(url, lambda: remove_operator(url, taken, system_user()))
    console().print(f"{name} ({account}) is no longer an operator.")


def _present(account: str, wanted: dict[str, str], json: bool) -> None:
    """Ask the running service, in the name of who logged in here."""
    taken = parse_account("account", account)
    with said_plainly():
        asked_for = {"account": taken, "by": system_user(), **wanted}
        told = asked(read_settings(), "POST", "/operator/presence", asked_for)
    if json:
        print_json(told)
        return
    words = WORDS[told["presence"]]
    if told["reason_words"]:
        words += f" ({told['reason_words']['id']})"
    console().print(f"{printable(told['name'])} ({taken}): {words}.")


def _presence(operator: OperatorSummary, clock: Callable[[datetime | None], str]) -> str:
    if operator.presence is None:
        return "–"
    reason = f" ({operator.pause_reason})" if operator.pause_reason else ""
    return f"{WORDS[operator.presence]}{reason}, {clock(operator.present_since)}"
