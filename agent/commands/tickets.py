"""`lpse-agent ticket …`: what could not be answered on the telephone, until the user's word."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import msgspec
import typer

from agent.commands.plain import (
    ask,
    console,
    plain_object,
    print_json,
    refuse,
    said_plainly,
)
from agent.commands.ticket_sheet import address_of, show_ticket, table_of, ticket_object
from agent.database.tickets import (
    Tell,
    TicketFilter,
    TicketRules,
    change_ticket,
    list_tickets,
    read_ticket,
)
from agent.domain.numbers import parse_ticket_number
from agent.domain.plain_text import many_lines, one_line, one_paragraph
from agent.domain.priority import (
    IMPACTS,
    URGENCIES,
    Impact,
    Level,
    Override,
    Priority,
    Urgency,
)
from agent.domain.priority import PRIORITIES as KNOWN_PRIORITIES
from agent.domain.secret_words import tells_secret
from agent.domain.sop import parse_sop
from agent.domain.ticket import Ticket
from agent.domain.ticket_events import (
    AnyTicketEvent,
    ExternalNumberLinked,
    LevelAssigned,
    PriorityChanged,
    SolutionConfirmed,
    TicketReopened,
    TicketSolved,
    TicketTaken,
    UserAnswered,
    UserAsked,
)
from agent.office import content_of, keep_decisions
from agent.runtime import clock
from agent.runtime.case_messages import sent_up, told_to_user
from agent.settings import Settings, read_settings

LONGEST_TEXT = 4000
LONGEST_NUMBER = 100
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
        found = ask(url, lambda: list_tickets(url, wanted, clock.now(), limit))
        if json:
            print_json([plain_object(ticket, settings.zone) for ticket in found])
            return
        console().print(table_of(found, settings.zone))


@app.command("show")
def show(number: Number, json: Json = False) -> None:
    """Show one ticket with its whole history.

    Example:
    lpse-agent ticket show 26-00412-0
    """
    with said_plainly():
        settings = read_settings()
        _show(settings, parse_ticket_number(number), json)


@app.command("take")
def take(number: Number, by: By, json: Json = False) -> None:
    """Work on a ticket from now on.

    Example:
    lpse-agent ticket take 26-00412-0 --by op-101
    """
    _change(number, json, lambda at: TicketTaken(at=at, by=by))


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
    _change(
        number,
        json,
        lambda at: LevelAssigned(at=at, by=by, level=level),
        lambda rules: lambda case: sent_up(case, rules.ways, by_hand=True),
    )


@app.command("ask")
def ask_user(number: Number, text: Text, by: By, json: Json = False) -> None:
    """Ask the user something; until the answer the office's clock stands.

    Example:
    lpse-agent ticket ask 26-00412-0 --text "Mohon kirim tangkapan layar." --by op-101
    """
    words = _plain(text)
    _change(
        number,
        json,
        lambda at: UserAsked(at=at, by=by, question=words),
        lambda rules: lambda case: told_to_user(case, rules.ways, "question_asked", question=words),
    )


@app.command("answered")
def answered(number: Number, text: Text, by: By, json: Json = False) -> None:
    """Write down what the user answered; the office's clock runs on.

    Example:
    lpse-agent ticket answered 26-00412-0 --text "Sudah dikirim." --by op-101
    """
    words = _plain(text)
    _change(number, json, lambda at: UserAnswered(at=at, by=by, answer=words))


@app.command("solve")
def solve(number: Number, text: Text, by: By, json: Json = False) -> None:
    """Write down the solution; the user is told and asked to confirm it.

    Example:
    lpse-agent ticket solve 26-00412-0 --text "Perbarui Apendo." --by op-101
    """
    words = _plain(text)
    _change(
        number,
        json,
        lambda at: TicketSolved(at=at, by=by, solution=words),
        lambda rules: lambda case: told_to_user(case, rules.ways, "ticket_solved", solution=words),
    )


@app.command("confirm")
def confirm(number: Number, by: By, json: Json = False) -> None:
    """The user says that it is solved.

    Example:
    lpse-agent ticket confirm 26-00412-0 --by op-101
    """
    _change(number, json, lambda at: SolutionConfirmed(at=at, by=by))


@app.command("reopen")
def reopen(number: Number, text: Text, by: By, json: Json = False) -> None:
    """The user says that it is not solved: it goes back to who closed it.

    Example:
    lpse-agent ticket reopen 26-00412-0 --text "Masih gagal." --by op-101
    """
    words = _plain(text)
    _change(
        number,
        json,
        lambda at: TicketReopened(at=at, by=by, reason=words),
        lambda rules: lambda case: told_to_user(case, rules.ways, "ticket_reopened", reason=words),
    )


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
    words = one_paragraph(_plain(external))
    if len(words) > LONGEST_NUMBER:
        refuse(f"The number is longer than {LONGEST_NUMBER} characters.")
    _change(number, json, lambda at: ExternalNumberLinked(at=at, by=by, external_number=words))


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
        ("--override", override, KNOWN_PRIORITIES),
    ):
        if typed is not None and typed not in known:
            refuse(f"{option} {typed}: one of {', '.join(known)}.")
    if not (urgency or impact or override):
        refuse("Say what is other than before: --urgency, --impact or --override.")
    if override and not (why and why.strip()):
        refuse("--override needs a reason: add --why.")
    reason = _plain(why) if why else ""

    def make(at: datetime, ticket: Ticket, rules: TicketRules) -> AnyTicketEvent:
        by_person = None
        if override:
            by_person = Override(priority=msgspec.convert(override, Priority), by=by, reason=reason)
        told = {"urgency": urgency, "impact": impact}
        choice = rules.table.choose(
            msgspec.convert(urgency or ticket.choice.urgency, Urgency),
            msgspec.convert(impact or ticket.choice.impact, Impact),
            by_person,
            tuple(axis for axis in ticket.choice.assumed if not told[axis]),
        )
        return PriorityChanged(at=at, by=by, choice=choice)

    _change_by_rules(number, json, make)


def _change(
    number: str,
    json: bool,
    make: Callable[[datetime], AnyTicketEvent],
    tell: Callable[[TicketRules], Tell] | None = None,
) -> None:
    _change_by_rules(number, json, lambda at, _ticket, _rules: make(at), tell)


def _change_by_rules(
    number: str,
    json: bool,
    make: Callable[[datetime, Ticket, TicketRules], AnyTicketEvent],
    tell: Callable[[TicketRules], Tell] | None = None,
) -> None:
    """Let it happen to the ticket now, and show the ticket as it is then."""
    with said_plainly():
        settings = read_settings()
        known, url = parse_ticket_number(number), settings.database_url
        sop = parse_sop(content_of(settings.sop_file, "sop_file"))

        async def change() -> None:
            rules = await keep_decisions(settings, sop.office_name)
            await change_ticket(
                url,
                known,
                rules,
                lambda ticket: make(clock.now(), ticket, rules),
                tell(rules) if tell else None,
            )

        ask(url, change)
        _show(settings, known, json)


def _plain(text: str) -> str:
    """What was typed, without signs that a terminal obeys; ends the command for a secret."""
    words = many_lines(text)
    if not words:
        refuse("The text is empty.")
    if len(words) > LONGEST_TEXT:
        refuse(f"The text is longer than {LONGEST_TEXT} characters.")
    if tells_secret(words):
        refuse("The text seems to tell a password or a one-time code: nobody may write one down.")
    return words


def _show(settings: Settings, number: str, json: bool) -> None:
    url = settings.database_url
    report = ask(url, lambda: read_ticket(url, number))
    by_email = settings.smtp_host is not None and address_of(report) is not None
    if json:
        print_json(ticket_object(report, settings.zone, by_email=by_email))
    else:
        show_ticket(report, settings.zone, console(), by_email=by_email)
