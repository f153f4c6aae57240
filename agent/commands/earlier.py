"""`lpse-agent earlier`: earlier consultations of the same people."""

from typing import Annotated

import typer
from rich.table import Table

from agent.commands.accountable import log_reading
from agent.commands.plain import (
    ask,
    clock_of,
    console,
    plain_object,
    print_json,
    refuse,
    said_plainly,
)
from agent.database.earlier import EarlierConsultation, find_earlier
from agent.domain.soft_checks import check_npwp, check_phone
from agent.domain.words import OUTCOMES
from agent.settings import read_settings


def earlier(
    number: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="Telephone in any form, the caller's or a contact's."),
    ] = None,
    npwp: Annotated[
        str | None, typer.Option(metavar="NPWP", help="Tax number, 15 or 16 digits.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="COUNT", help="How many.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """List consultations of a telephone number or NPWP, or of both, newest first.

    Who looked is on record.

    Examples:
    lpse-agent earlier --number 0812-3456-789
    lpse-agent earlier --npwp 01.234.567.8-901.000
    """
    if not number and not npwp:
        refuse("Name a --number or an --npwp.")
    with said_plainly():
        settings = read_settings()
        url = settings.database_url
        telephone = check_phone(number).value if number else None
        tax_number = check_npwp(npwp).value if npwp else None

        async def read() -> list[EarlierConsultation]:
            found = await find_earlier(url, telephone, tax_number, limit)
            await log_reading(url, "earlier", *(one.form_number for one in found))
            return found

        found = ask(url, read)
    if json:
        print_json([plain_object(one, settings.zone) for one in found])
        return
    if not found:
        console().print("Belum ada konsultasi sebelumnya.")
        return
    clock, table = clock_of(settings.zone), Table()
    for heading in ("Masuk", "Formulir", "Hasil", "Kategori", "Tiket", "Permasalahan"):
        table.add_column(heading, overflow="fold")
    for one in found:
        ticket = f"{one.ticket_number} {'terbuka' if one.ticket_open else 'selesai'}"
        table.add_row(
            clock(one.arrived_at),
            one.form_number,
            OUTCOMES[one.outcome],
            one.category or "–",
            ticket if one.ticket_number else "–",
            one.problem or "–",
        )
    console().print(table)
