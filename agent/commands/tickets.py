"""`lpse-agent ticket …`: what could not be answered on the telephone, until the user's word."""

from typing import Annotated

import msgspec
import typer

from agent.commands.accountable import log_reading
from agent.commands.plain import (
    ask,
    console,
    plain_object,
    print_json,
    refuse,
    said_plainly,
)
from agent.commands.ticket_sheet import address_of, show_ticket, table_of, ticket_object
from agent.database.ticket_acts import act_on_ticket
from agent.database.ticket_acts import resend as resend_messages
from agent.database.ticket_search import TicketFilter, find_tickets
from agent.database.tickets import TicketReport, read_ticket
from agent.domain.numbers import parse_ticket_number
from agent.domain.plain_text import one_line
from agent.domain.priority import IMPACTS, PRIORITIES, URGENCIES, Level
from agent.domain.secret_words import tells_secret
from agent.domain.sop import parse_sop
from agent.domain.ticket_acts import (
    NAMES,
    AnyAct,
    AskUser,
    AssignTicket,
    ConfirmSolution,
    LinkNumber,
    ReopenTicket,
    SetPriority,
    SolveTicket,
    TakeTicket,
    WriteAnswer,
    checked,
)
from agent.office import content_of, decisions_in_force
from agent.runtime import clock
from agent.settings import Settings, read_settings

LONGEST_NAME = 80

app = typer.Typer(
    no_args_is_help=True,
    help="Tickets: cases that could not be answered on the telephone.",
)


def _name(typed: str) -> str:
    """Who acts, as the history is to show it; ends the command for what is no name."""
    name = one_line(typed)
    if not name or len(name) > LONGEST_NAME or name.lower() == "agent" or tells_secret(name):
        refuse(f"--by: a name or account of 1 to {LONGEST_NAME} characters; agent is the service.")
    return name


Number = Annotated[str, typer.Argument(help="Ticket number (26-00412-0), signs may be left out.")]
By = Annotated[
    str,
    typer.Option(
        "--by",
        help="Whose hand it is: an account, for example op-101.",
        callback=_name,
    ),
]
Text = Annotated[str, typer.Option("--text", help="The words, in plain text.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(
    unconfirmed: Annotated[
        bool, typer.Option("--open", help="Only those that the user has not confirmed.")
    ] = False,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only those whose response or solution is late.")
    ] = False,
    level: Annotated[
        Level | None, typer.Option("--level", help="Only those at this level.")
    ] = None,
    holder: Annotated[
        str | None, typer.Option("--holder", help="Only those that this account works on.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 100,
    json: Json = False,
) -> None:
    """List tickets, the next due first.

    Example:
    lpse-agent ticket list --open --overdue
    """
    with said_plainly():
        settings = read_settings()
        wanted = TicketFilter(unconfirmed=unconfirmed, overdue=overdue, level=level, holder=holder)
        url = settings.database_url
        found = ask(url, lambda: find_tickets(url, wanted, clock.now(), limit=limit)).tickets
        if json:
            print_json([plain_object(ticket, settings.zone) for ticket in found])
            return
        console().print(table_of(found, settings.zone))


@app.command("show")
def show(number: Number, json: Json = False) -> None:
    """Show one ticket with its whole history. Who looked is on record.

    Example:
    lpse-agent ticket show 26-00412-0
    """
    with said_plainly():
        settings = read_settings()
        _show(settings, parse_ticket_number(number), json, "ticket show")


@app.command("take")
def take(number: Number, by: By, json: Json = False) -> None:
    """Work on a ticket from now on.

    Example:
    lpse-agent ticket take 26-00412-0 --by op-101
    """
    _act(number, by, json, TakeTicket())


@app.command("assign")
def assign(
    number: Number,
    level: Annotated[Level, typer.Argument(help="Where it goes: helpdesk, admin_ppe or lkpp.")],
    by: By,
    json: Json = False,
) -> None:
    """Send a ticket to another level; its people are told by e-mail.

    Example:
    lpse-agent ticket assign 26-00412-0 admin_ppe --by op-101
    """
    _act(number, by, json, AssignTicket(level=level))


@app.command("ask")
def ask_user(number: Number, text: Text, by: By, json: Json = False) -> None:
    """Ask the user something; until the answer the office's clock stands.

    Example:
    lpse-agent ticket ask 26-00412-0 --text "Mohon kirim tangkapan layar." --by op-101
    """
    _act(number, by, json, AskUser(text=text))


@app.command("answered")
def answered(number: Number, text: Text, by: By, json: Json = False) -> None:
    """Write down what the user answered; the office's clock runs on.

    Example:
    lpse-agent ticket answered 26-00412-0 --text "Sudah dikirim." --by op-101
    """
    _act(number, by, json, WriteAnswer(text=text))


@app.command("solve")
def solve(number: Number, text: Text, by: By, json: Json = False) -> None:
    """Write down the solution; the user is told and asked to confirm it.

    Example:
    lpse-agent ticket solve 26-00412-0 --text "Perbarui Apendo." --by op-101
    """
    _act(number, by, json, SolveTicket(text=text))


@app.command("confirm")
def confirm(number: Number, by: By, json: Json = False) -> None:
    """The user says that it is solved.

    Example:
    lpse-agent ticket confirm 26-00412-0 --by op-101
    """
    _act(number, by, json, ConfirmSolution())


@app.command("reopen")
def reopen(number: Number, text: Text, by: By, json: Json = False) -> None:
    """The user says that it is not solved: it goes back to who closed it.

    Example:
    lpse-agent ticket reopen 26-00412-0 --text "Masih gagal." --by op-101
    """
    _act(number, by, json, ReopenTicket(text=text))


@app.command("link")
def link(
    number: Number,
    external: Annotated[str, typer.Argument(help="The number that the user got there.")],
    by: By,
    json: Json = False,
) -> None:
    """Link the number that the user got from LPSE Support.

    Example:
    lpse-agent ticket link 26-00412-0 LS-2026-0815 --by op-101
    """
    _act(number, by, json, LinkNumber(number=external))


@app.command("priority")
def priority(
    number: Number,
    by: By,
    urgency: Annotated[str | None, typer.Option(help="urgent or not_urgent.")] = None,
    impact: Annotated[str | None, typer.Option(help="large, medium or small.")] = None,
    override: Annotated[
        str | None, typer.Option(help="high, medium or low, whatever the table says.")
    ] = None,
    why: Annotated[str | None, typer.Option(help="Why the table is overridden.")] = None,
    json: Json = False,
) -> None:
    """Set urgency and impact anew, or override the table with a reason; the due times follow.

    Example:
    lpse-agent ticket priority 26-00412-0 --urgency urgent --impact large --by op-101
    """
    for option, typed, known in (
        ("--urgency", urgency, URGENCIES),
        ("--impact", impact, IMPACTS),
        ("--override", override, PRIORITIES),
    ):
        if typed is not None and typed not in known:
            refuse(f"{option} {typed}: one of {', '.join(known)}.")
    typed_in = {"urgency": urgency, "impact": impact, "override": override, "why": why}
    _act(number, by, json, msgspec.convert(typed_in, SetPriority))


@app.command("resend")
def resend(number: Number, by: By, json: Json = False) -> None:
    """Send the messages again that were given up, for a week from now.

    Example:
    lpse-agent ticket resend 26-00412-0 --by op-101
    """
    with said_plainly():
        settings = read_settings()
        known, url = parse_ticket_number(number), settings.database_url
        ask(url, lambda: resend_messages(url, known, by=by))
        _show(settings, known, json, "ticket resend")


def _act(number: str, by: str, json: bool, act: AnyAct) -> None:
    """Do this with the ticket now, and show the ticket as it is then."""
    with said_plainly():
        checked(act)  # what was mistyped is told before the office's files are read
        settings = read_settings()
        known, url = parse_ticket_number(number), settings.database_url
        sop = parse_sop(content_of(settings.sop_file, "sop_file"))

        async def perform() -> None:
            rules = (await decisions_in_force(settings, sop.office_name)).now
            await act_on_ticket(url, known, act, rules, by=by, at=clock.now())

        ask(url, perform)
        _show(settings, known, json, f"ticket {NAMES[type(act)]}")


def _show(settings: Settings, number: str, json: bool, command: str) -> None:
    url = settings.database_url

    async def read() -> TicketReport:
        report = await read_ticket(url, number)
        await log_reading(url, command, report.consultation.form_number)
        return report

    report = ask(url, read)
    by_email = settings.smtp_host is not None and address_of(report) is not None
    if json:
        print_json(ticket_object(report, settings.zone, by_email=by_email))
    else:
        show_ticket(report, settings.zone, console(), by_email=by_email)
