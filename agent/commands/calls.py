"""`lpse-agent calls`: which calls there were."""

from typing import Annotated

import typer
from rich.table import Table

from agent.commands.accountable import log_reading
from agent.commands.plain import (
    PIPE_COLUMNS,
    SINCE_HELP,
    UNTIL_HELP,
    ask,
    clock_of,
    console,
    parse_account,
    parse_period,
    plain_object,
    print_json,
    refuse,
    said_plainly,
)
from agent.database.reports import CallFilter, CallSummary, caller_digits, list_calls
from agent.domain.consultation import Outcome
from agent.domain.words import OUTCOMES
from agent.settings import read_settings

HEADINGS = ("Masuk", "Formulir", "Tiket", "Penelepon", "Operator", "Hasil", "Penyimpangan")

Row = tuple[str, str, str, str, str, str, str]


def calls(
    since: Annotated[str | None, typer.Option(metavar="DAY", help=SINCE_HELP)] = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help=UNTIL_HELP)] = None,
    caller: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="Caller's number in any form, or its last digits."),
    ] = None,
    operator: Annotated[
        str | None,
        typer.Option(metavar="ACCOUNT", help="Account of the operator who talked, e.g. op-101."),
    ] = None,
    outcome: Annotated[
        Outcome | None,
        typer.Option(metavar="OUTCOME", help="How the call ended: a word of the list above."),
    ] = None,
    deviation: Annotated[
        bool | None,
        typer.Option(
            "--deviation/--no-deviation", help="Only calls with, or without, a deviation."
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, metavar="COUNT", help="How many to show.")
    ] = 50,
    after: Annotated[
        str | None,
        typer.Option(
            metavar="FORM", help="Go on after the call with this form number, the last of a page."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """List calls, newest first; of several options a call must meet all.

    Outcomes:
    in_progress: it goes on now
    abandoned_in_welcome: the caller hung up while he heard the welcome
    abandoned_waiting: the caller hung up before an operator answered
    unanswered: no operator answered in time
    solved: the operator answered the question (*6)
    escalated: the operator made a ticket (*8)
    dropped_by_caller: the caller hung up before the operator had decided
    undecided: the operator hung up without *6 or *8
    interrupted: the system or the network cut it
    voicemail: nobody was there, the caller left a message
    referred: the matter belongs to others, as the form says
    silent: nobody spoke, as the form says
    prank: no real question, as the form says
    wrong_number: the caller wanted somebody else, as the form says

    Examples:
    lpse-agent calls --since 2026-03-01 --until 2026-03-31 --deviation
    lpse-agent calls --caller 0812-3456-789 --outcome escalated
    """
    with said_plainly():
        settings = read_settings()
        if caller is not None and not caller_digits(caller):
            refuse(f"--caller {caller}: type digits, the whole number or its last ones.")
        first, end = parse_period(since, until, settings.zone)
        wanted = CallFilter(
            since=first,
            until=end,
            caller=caller,
            operator=None if operator is None else parse_account("--operator", operator),
            outcome=outcome,
            deviation=deviation,
        )
        url = settings.database_url

        async def read() -> list[CallSummary]:
            found = await list_calls(url, wanted, after, limit)
            await log_reading(url, "calls", *(one.form_number for one in found))
            return found

        found = ask(url, read)
        if json:
            print_json([plain_object(summary, settings.zone) for summary in found])
        else:
            _show(found, settings.zone, limit)


def _show(found: list[CallSummary], zone: str, limit: int) -> None:
    clock, out = clock_of(zone), console()
    if not found:
        out.print("Tidak ada panggilan yang cocok.")
        return
    rows = [
        (
            clock(summary.arrived_at),
            summary.form_number,
            summary.ticket_number or "–",
            summary.caller,
            summary.operator or "–",
            OUTCOMES[summary.outcome],
            str(summary.deviations or "–"),
        )
        for summary in found
    ]
    out.print(_wide(rows) if out.width >= PIPE_COLUMNS else _stacked(rows))
    if len(found) == limit:
        out.print(f"Selanjutnya: --after {found[-1].form_number}")


def _wide(rows: list[Row]) -> Table:
    table = Table()
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _stacked(rows: list[Row]) -> Table:
    """For 80 columns: two things of a call in one cell, so that no number is broken."""
    table = Table(show_lines=True)
    came, form, ticket, caller, operator, outcome, _ = HEADINGS
    table.add_column(came, max_width=len("2026-03-02"))
    table.add_column(f"{form}\n{ticket}", no_wrap=True, overflow="fold")
    for heading in (f"{caller}\n{operator}", outcome):
        table.add_column(heading, overflow="fold")
    for came, form, ticket, caller, operator, outcome, deviations in rows:
        told = outcome if deviations == "–" else f"{outcome}; {deviations} penyimpangan"
        table.add_row(came, f"{form}\n{ticket}", f"{caller}\n{operator}", told)
    return table
