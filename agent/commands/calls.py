"""`lpse-agent calls`: which calls there were."""

from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from agent.commands.plain import (
    ask,
    clock_of,
    console,
    plain_object,
    print_json,
    refuse,
    said_plainly,
)
from agent.commands.words import OUTCOMES
from agent.database.reports import CallFilter, CallSummary, caller_digits, list_calls
from agent.domain.consultation import Outcome
from agent.domain.identifiers import OperatorId
from agent.domain.office_time import ZONES
from agent.settings import read_settings

# Anything else is a slip of the finger, and far years have no next day or no zone.
FIRST_YEAR, LAST_YEAR = 2000, 2100


def calls(
    since: Annotated[
        str | None,
        typer.Option(help="First day (2026-03-02) or moment (2026-03-02T09:00), office time."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(help="Last day, the whole of it, or the moment before which calls came."),
    ] = None,
    caller: Annotated[
        str | None, typer.Option(help="Caller's number in any form, or its last digits.")
    ] = None,
    operator: Annotated[
        str | None, typer.Option(help="Account of the operator who talked, e.g. op-101.")
    ] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="How the call ended.")] = None,
    deviation: Annotated[
        bool | None,
        typer.Option(
            "--deviation/--no-deviation", help="Only calls with, or without, a deviation."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 50,
    after: Annotated[
        str | None,
        typer.Option(help="Go on after the call with this form number, the last of a page."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """List calls, newest first.

    Example: all calls of March with a deviation:
    lpse-agent calls --since 2026-03-01 --until 2026-03-31 --deviation
    """
    with said_plainly():
        settings = read_settings()
        if caller is not None and not caller_digits(caller):
            refuse(f"--caller {caller}: a caller's number has digits.")
        wanted = CallFilter(
            since=_moment("--since", since, settings.zone)[0],
            until=_moment("--until", until, settings.zone)[1],
            caller=caller,
            operator=OperatorId(operator) if operator else None,
            outcome=outcome,
            deviation=deviation,
        )
        url = settings.database_url
        found = ask(url, lambda: list_calls(url, wanted, after, limit))
        if json:
            print_json([plain_object(summary, settings.zone) for summary in found])
        else:
            _show(found, settings.zone, limit)


def _moment(option: str, typed: str | None, zone: str) -> tuple[datetime | None, datetime | None]:
    """The moment typed, and the first moment after what was typed; a day ends at midnight."""
    if typed is None:
        return None, None
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        refuse(f"{option} {typed}: write a day as 2026-03-02 or a moment as 2026-03-02T09:00.")
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        refuse(f"{option} {typed}: a year from {FIRST_YEAR} to {LAST_YEAR}.")
    if at.tzinfo is None:
        at = at.replace(tzinfo=ZONES[zone])
    return at, at + timedelta(days=1) if len(typed) <= len("2026-03-02") else at


def _show(found: list[CallSummary], zone: str, limit: int) -> None:
    clock, out = clock_of(zone), console()
    if not found:
        out.print("Tidak ada panggilan yang cocok.")
        return
    table = Table()
    headings = ("Masuk", "Formulir", "Tiket", "Penelepon", "Operator", "Hasil", "Penyimpangan")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for summary in found:
        table.add_row(
            clock(summary.arrived_at),
            summary.form_number,
            summary.ticket_number or "–",
            summary.caller,
            summary.operator or "–",
            OUTCOMES[summary.outcome],
            str(summary.deviations or "–"),
        )
    out.print(table)
    if len(found) == limit:
        out.print(f"Selanjutnya: --after {found[-1].form_number}")
