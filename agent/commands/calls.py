"""`lpse-agent calls`: which calls there were."""

from typing import Annotated

import msgspec
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
    said_plainly,
)
from agent.database.call_filter import CallFilter
from agent.database.call_search import (
    CallCount,
    CallPage,
    count_calls,
    cursor_after,
    find_calls,
)
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
        typer.Option(
            metavar="NUMBER", help="Caller's number in any form, or at least its last four digits."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Caller's name, words or their beginnings.")
    ] = None,
    company: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="Business or institution, words or their beginnings."),
    ] = None,
    npwp: Annotated[
        str | None, typer.Option(metavar="NPWP", help="Tax number, 15 or 16 digits.")
    ] = None,
    form: Annotated[
        str | None, typer.Option(metavar="FORM", help="Form number, in short 123/2026.")
    ] = None,
    ticket: Annotated[str | None, typer.Option(metavar="TICKET", help="Ticket number.")] = None,
    external: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="The ticket's number at LPSE Support.")
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
    deviation_kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="A deviation: time, output or equipment.")
    ] = None,
    deviation_step: Annotated[
        str | None, typer.Option(metavar="STEP", help="A deviation in this step, e.g. 2.")
    ] = None,
    unmet_step: Annotated[
        str | None, typer.Option(metavar="STEP", help="This step of the SOP was not met.")
    ] = None,
    category: Annotated[
        str | None, typer.Option(metavar="CODE", help="Category of the form, e.g. 06.")
    ] = None,
    application: Annotated[
        str | None, typer.Option(metavar="CODE", help="Application of the form, e.g. spse.")
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="Words of problem, error message or answer."),
    ] = None,
    count: Annotated[
        bool, typer.Option("--count", help="Only how many there are, counted up to 10,000.")
    ] = False,
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
    lpse-agent calls --company melati --text "gagal unggah"
    """
    with said_plainly():
        settings = read_settings()
        first, end = parse_period(since, until, settings.zone)
        wanted = CallFilter(
            since=first,
            until=end,
            caller=caller,
            name=name,
            company=company,
            npwp=npwp,
            form=form,
            ticket=ticket,
            external=external,
            operator=None if operator is None else parse_account("--operator", operator),
            outcome=outcome,
            deviation=deviation,
            deviation_kind=deviation_kind,
            deviation_step=deviation_step,
            unmet_step=unmet_step,
            category=category,
            application=application,
            text=text,
        )
        url = settings.database_url
        if count:
            _tell_count(ask(url, lambda: count_calls(url, wanted)), json)
            return

        async def read() -> CallPage:
            cursor = await cursor_after(url, after) if after is not None else None
            page = await find_calls(url, wanted, cursor, limit)
            await log_reading(url, "calls", *(one.form_number for one in page.calls))
            return page

        page = ask(url, read)
        if json:
            print_json([plain_object(summary, settings.zone) for summary in page.calls])
        else:
            _show(page, settings.zone)


def _tell_count(count: CallCount, json: bool) -> None:
    if json:
        print_json(msgspec.to_builtins(count))
    elif count.calls is None:
        console().print("Terlalu banyak untuk dihitung segera.")
    else:
        counted = f"{count.calls:,}".replace(",", ".")
        console().print(counted if count.exact else f"Lebih dari {counted}")


def _show(page: CallPage, zone: str) -> None:
    clock, out, found = clock_of(zone), console(), page.calls
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
    if page.following:
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
