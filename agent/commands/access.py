"""`lpse-agent access …`: who used whose data."""

from typing import Annotated

import typer
from rich.table import Table

from agent.commands.plain import (
    ask,
    clock_of,
    console,
    plain_object,
    print_json,
    said_plainly,
)
from agent.database.access import AccessSeen, access_of
from agent.database.reports import read_call
from agent.settings import read_settings

ACTIONS = {
    "read": "dibaca",
    "search": "dicari",
    "export": "diekspor",
    "correct": "dikoreksi",
    "hold": "ditahan",
    "lift": "penahanan dicabut",
    "erase": "dihapus",
}

app = typer.Typer(no_args_is_help=True, help="The log of who used personal data, and why.")


@app.callback()
def _group() -> None:
    """Keeps `log` a word of its own while it is the only one."""


@app.command("log")
def log(
    of: Annotated[str, typer.Option("--of", metavar="FORM", help="Form or ticket number.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """Show who saw, exported, corrected, held or erased a form's data.

    Example:
    lpse-agent access log --of 123/2026
    """
    with said_plainly():
        settings = read_settings()
        url = settings.database_url

        async def seen() -> list[AccessSeen]:
            return await access_of(url, [(await read_call(url, of)).call.form_number])

        lines = ask(url, seen)
    if json:
        print_json([plain_object(line, settings.zone) for line in lines])
        return
    clock, table = clock_of(settings.zone), Table()
    for heading in ("Waktu", "Oleh", "Perbuatan", "Alasan"):
        table.add_column(heading, overflow="fold")
    for line in lines:
        table.add_row(clock(line.at), line.by, ACTIONS[line.action], line.purpose)
    console().print(table)
