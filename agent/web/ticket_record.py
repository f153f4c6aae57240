"""One ticket: whose case it is, by when it is due, its whole history and what was told of it.

Every look is in the log of who saw whose data before anything is shown. Who may not see persons
gets the masked number, and nothing that somebody wrote in words of his own.
"""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from agent.database.access import Access, log_access
from agent.database.outbox import Fate, KeptMessage
from agent.database.tickets import TicketReport, read_ticket, refuse_others
from agent.domain.numbers import parse_form_number, parse_ticket_number
from agent.domain.office_time import local
from agent.domain.priority import (
    IMPACTS,
    PRIORITIES,
    URGENCIES,
    Choice,
    Due,
    Level,
)
from agent.domain.rights import Right, mask_number
from agent.domain.ticket import TicketStage
from agent.domain.ticket_acts import (
    LONGEST_NUMBER,
    LONGEST_TEXT,
    NAMES,
    TakeTicket,
    possible_acts,
)
from agent.domain.ticket_due import is_response_overdue
from agent.domain.ticket_events import AnyTicketEvent
from agent.domain.ticket_opening import address_in
from agent.domain.ticket_words import HIDDEN, ticket_line, without_words
from agent.runtime import clock
from agent.runtime.outbox import Matter, Way
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.ticket_rights import ACT, SEE, may_act, may_see, sees_persons

PURPOSE = "halaman tiket"
"""What the log of accesses has for a look at this page; programs look for the same."""
RESEND = "resend"


class RecordedTicketEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of its history, told in the reader's language."""

    at: datetime
    by: str
    event: str
    text: str


class RecordedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of it by message, and what became of that."""

    matter: Matter
    way: Way
    fate: Fate
    put_at: datetime
    resent_at: datetime | None
    accepted_at: datetime | None
    gave_up_at: datetime | None
    tries: int


class TicketRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of one ticket; `stage` is null while nobody has opened it.

    `acts` is what whoever asks can do with it now.
    """

    ticket_number: str
    form_number: str
    caller: str
    caller_name: str | None
    company: str | None
    problem: str | None
    stage: TicketStage | None = None
    level: Level | None = None
    choice: Choice | None = None
    due: Due | None = None
    target_at: datetime | None = None
    overdue: bool = False
    response_overdue: bool = False
    user_acts_since: datetime | None = None
    holder: str | None = None
    opened_at: datetime | None = None
    first_taken_at: datetime | None = None
    solved_at: datetime | None = None
    confirmed_at: datetime | None = None
    reopened: int = 0
    external_number: str | None = None
    tell_by_telephone: bool = True
    """No e-mail can be sent to the user: somebody must telephone."""
    events: list[RecordedTicketEvent] = []
    messages: list[RecordedMessage] = []
    acts: list[str] = []


async def read_record(parts: Parts, asking: Asking) -> TicketRecord:
    """The ticket of the address, its reading on record.

    Raises NumberInvalid, TicketUnknown, also for one that is not his to see, DatabaseUnreachable.
    """
    number = parse_ticket_number(asking.path("number"))
    report = await read_ticket(parts.pool.url, number)
    refuse_others(number, report.consultation, report.ticket, may_see(asking.who))
    form = report.consultation.form_number
    seen = Access(by=asking.who.account, action="read", purpose=PURPOSE, forms=(form,))
    await log_access(parts.pool.url, seen)
    return _record(parts, asking, report)


def ticket_record_operations(parts: Parts) -> list[Operation]:
    """Reading one ticket."""

    async def read(asking: Asking, _asked: None) -> TicketRecord:
        return await read_record(parts, asking)

    return [
        Operation(
            name="readTicket", method="GET", path="/tickets/{number}", right=SEE,
            summary="One ticket: history, due times, messages, and what can be done with it.",
            perform=read, answered=TicketRecord,
        ),
    ]  # fmt: skip


def ticket_record_pages(parts: Parts) -> list[Page]:
    """One ticket as a page, with a form for whatever can be done with it."""

    async def show(asking: Asking) -> Shown:
        record = await read_record(parts, asking)
        number = parse_form_number(record.form_number)
        return Shown(
            "ticket.html",
            {
                "record": record,
                "call": f"/calls/{number.year}/{number.sequence}",
                "sees_call": asking.who.may(Right.CALLS),
                "persons": sees_persons(asking.who),
                "levels": [level for level in Level if level is not record.level],
                "urgencies": URGENCIES,
                "impacts": IMPACTS,
                "priorities": PRIORITIES,
                "longest": LONGEST_TEXT,
                "longest_number": LONGEST_NUMBER,
            },
        )

    return [Page(path="/tickets/{number}", right=SEE, show=show)]


def _record(parts: Parts, asking: Asking, report: TicketReport) -> TicketRecord:
    told, ticket, persons = report.consultation, report.ticket, sees_persons(asking.who)
    values = told.values if persons else {}
    record = TicketRecord(
        ticket_number=told.ticket_number,
        form_number=told.form_number,
        caller=told.caller if persons else mask_number(told.caller),
        caller_name=values.get("caller_name"),
        company=values.get("business_name") or values.get("institution"),
        problem=values.get("problem"),
    )
    if ticket is None:
        return record
    now, target = clock.now(), report.target_at
    return replace(
        record,
        stage=ticket.stage,
        level=ticket.level,
        choice=ticket.choice if persons else _without_reason(ticket.choice),
        due=ticket.due,
        target_at=target,
        overdue=target is not None and target < (ticket.user_acts_since or now),
        response_overdue=is_response_overdue(ticket, now),
        user_acts_since=ticket.user_acts_since,
        holder=ticket.holder,
        opened_at=ticket.opened_at,
        first_taken_at=ticket.first_taken_at,
        solved_at=ticket.solved_at,
        confirmed_at=ticket.confirmed_at,
        reopened=ticket.reopened,
        external_number=ticket.external_number if persons else None,
        tell_by_telephone="caller_email" not in parts.tickets.ways.on
        or address_in(told.values.get("email")) is None,
        events=[_line(parts, asking, event) for event in report.events],
        messages=[_message(kept) for kept in report.messages],
        acts=_acts(asking, report),
    )


def _acts(asking: Asking, report: TicketReport) -> list[str]:
    """What can be done, as far as whoever asks may do it."""
    who, ticket, own = asking.who, report.ticket, may_act(asking.who)
    if ticket is None or not who.may(ACT) or (own and not own(report.consultation, ticket)):
        return []
    given_up = any(kept.fate == "given_up" for kept in report.messages)
    acts = possible_acts(ticket) + ([RESEND] if given_up else [])
    if ticket.stage is TicketStage.TAKEN and ticket.holder == who.account:
        acts.remove(NAMES[TakeTicket])  # he has it already
    return acts


def _line(parts: Parts, asking: Asking, event: AnyTicketEvent) -> RecordedTicketEvent:
    zone = parts.settings.zone
    return RecordedTicketEvent(
        at=event.at,
        by=event.by,
        event=type(event).__name__,
        text=ticket_line(
            event if sees_persons(asking.who) else without_words(event),
            lambda at: f"{local(at, zone):%d-%m-%Y %H:%M} {zone}" if at else "–",
            asking.words,
        ),
    )


def _message(kept: KeptMessage) -> RecordedMessage:
    return RecordedMessage(
        matter=kept.message.matter,
        way=kept.message.way,
        fate=kept.fate,
        put_at=kept.put_at,
        resent_at=kept.resent_at,
        accepted_at=kept.accepted_at,
        gave_up_at=kept.gave_up_at,
        tries=kept.tries,
    )


def _without_reason(choice: Choice) -> Choice:
    if choice.override is None:
        return choice
    return replace(choice, override=replace(choice.override, reason=HIDDEN))
