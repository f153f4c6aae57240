"""`lpse-agent hold …`: what nobody may erase."""

from typing import Annotated

import typer
from rich.table import Table

from agent.commands.accountable import (
    By,
    Email,
    Nik,
    Npwp,
    Number,
    Why,
    accountable,
    keys_of,
    one_person,
)
from agent.commands.plain import (
    ask,
    clock_of,
    console,
    plain_object,
    print_json,
    refuse,
    said_plainly,
)
from agent.database.holds import add_hold, lift_hold, list_holds
from agent.database.reports import read_call
from agent.domain.personal_data import Person
from agent.settings import read_settings

app = typer.Typer(
    no_args_is_help=True,
    help="Legal holds: nothing of a form or of a person is erased while one stands.",
)


@app.command("add")
def add(
    by: By,
    why: Why,
    form: Annotated[
        str | None, typer.Argument(help="Form or ticket number of the one call to be kept.")
    ] = None,
    number: Number = None,
    npwp: Npwp = None,
    nik: Nik = None,
    email: Email = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Keep a form, or all of a person, also what comes later, until the hold is lifted.

    Examples:
    lpse-agent hold add 123/2026 --by op-101 --why "surat Inspektorat 12/V"
    lpse-agent hold add --npwp 01.234.567.8-901.000 --by op-101 --why "perkara 7"
    """
    with said_plainly():
        settings = read_settings()
        url, person = settings.database_url, one_person(number, npwp, nik, email)
        if (form is None) == (person is None):
            refuse("Name one form, or one person by --number, --npwp, --nik or --email.")

        async def keep() -> int:
            who, reason = await accountable(url, by, why)
            if form is not None:
                held: str | Person = (await read_call(url, form)).call.form_number
            else:
                assert person is not None, "one of both was given"
                held = person
            return await add_hold(url, who, reason, held, keys_of(settings))

        hold = ask(url, keep)
    if json:
        print_json({"hold": hold})
    else:
        console().print(f"Penahanan hukum nomor {hold} berlaku mulai sekarang.")


@app.command("list")
def list_(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """List all holds, also lifted ones; of a person's only that it is a person's.

    Example:
    lpse-agent hold list
    """
    with said_plainly():
        settings = read_settings()
        url = settings.database_url
        holds = ask(url, lambda: list_holds(url))
    if json:
        print_json([plain_object(hold, settings.zone) for hold in holds])
        return
    clock, table = clock_of(settings.zone), Table()
    for heading in ("No", "Atas", "Sejak", "Oleh", "Alasan", "Dicabut"):
        table.add_column(heading, overflow="fold")
    for hold in holds:
        lifted = f"{clock(hold.lifted_at)} {hold.lifted_by}: {hold.lifted_why}"
        table.add_row(
            str(hold.id),
            hold.form_number or "satu orang",
            clock(hold.held_at),
            hold.by,
            hold.reason,
            lifted if hold.lifted_at else "–",
        )
    console().print(table)


@app.command("lift")
def lift(
    hold: Annotated[int, typer.Argument(help="The hold's number, as `hold list` shows it.")],
    by: By,
    why: Why,
) -> None:
    """End a hold: from now on the clocks run again.

    Example:
    lpse-agent hold lift 3 --by op-101 --why "putusan tetap"
    """
    with said_plainly():
        url = read_settings().database_url

        async def end() -> None:
            who, reason = await accountable(url, by, why)
            await lift_hold(url, who, reason, hold)

        ask(url, end)
    console().print(f"Penahanan hukum nomor {hold} dicabut.")
