"""The life of a ticket, from the call that could not be answered to the user's own word.

Its record is the list of its events. `decide` looks at one event and the ticket so far and answers
with the new ticket, or refuses; a replay of the list gives the same ticket.

    new ─ taken → taken ─ asked → waiting for user ─ answered → taken
    taken, waiting for user ─ solved → solved ─ confirmed → confirmed
    solved, confirmed ─ reopened → reopened, held by who closed it ─ taken → taken
    new, taken, reopened ─ assigned to another level → new
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec
from msgspec.structs import replace

from agent.domain.identifiers import CallId
from agent.domain.personal_data import ERASED
from agent.domain.priority import Choice, Due, Level, higher
from agent.domain.ticket_events import (
    AnyTicketEvent,
    DueSet,
    ExternalNumberLinked,
    LevelAssigned,
    PriorityChanged,
    SolutionConfirmed,
    TicketOpened,
    TicketReopened,
    TicketSolved,
    TicketTaken,
    UserAnswered,
    UserAsked,
)


class TicketStage(StrEnum):
    """What a ticket waits for."""

    NEW = "new"
    TAKEN = "taken"
    WAITING_FOR_USER = "waiting_for_user"
    SOLVED = "solved"
    CONFIRMED = "confirmed"
    REOPENED = "reopened"


Refusal = Literal["stage", "same_holder", "same_level", "same_number", "not_told", "unsound"]
"""Why something cannot happen to a ticket; `unsound` is none that a person could ask for."""


class TicketRefused(ValueError):
    """This cannot happen to the ticket as it is; nothing was changed, the message says why."""

    def __init__(self, sentence: str, reason: Refusal = "unsound") -> None:
        super().__init__(sentence)
        self.reason = reason


class Wait(msgspec.Struct, frozen=True):
    """From when until when the user had to act and not the office."""

    begins_at: datetime
    ends_at: datetime | None = None


class Ticket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket from its opening to the user's confirmation."""

    ticket_number: str
    form_number: str
    call_id: CallId
    choice: Choice
    opened_at: datetime
    stage: TicketStage = TicketStage.NEW
    events: int = 1
    level: Level = Level.HELPDESK
    highest: Level = Level.HELPDESK
    """The highest where it ever was: age alone does not send it there twice."""
    holder: str | None = None
    """Who works on it; once solved, who closed it, to whom a reopened ticket returns."""
    first_taken_at: datetime | None = None
    due: Due | None = None
    waits: tuple[Wait, ...] = ()
    question: str | None = None
    solution: str | None = None
    solved_at: datetime | None = None
    confirmed_at: datetime | None = None
    reopened: int = 0
    external_number: str | None = None

    @property
    def user_acts_since(self) -> datetime | None:
        """Since when the office's clock stands; None while the office must act."""
        return self.waits[-1].begins_at if self.waits and self.waits[-1].ends_at is None else None


_MAY_HAPPEN: dict[type[AnyTicketEvent], frozenset[TicketStage]] = {
    TicketOpened: frozenset(TicketStage),  # to be refused with its own reason
    PriorityChanged: frozenset(TicketStage) - {TicketStage.SOLVED, TicketStage.CONFIRMED},
    DueSet: frozenset(TicketStage) - {TicketStage.CONFIRMED},
    TicketTaken: frozenset({TicketStage.NEW, TicketStage.TAKEN, TicketStage.REOPENED}),
    LevelAssigned: frozenset({TicketStage.NEW, TicketStage.TAKEN, TicketStage.REOPENED}),
    UserAsked: frozenset({TicketStage.TAKEN}),
    UserAnswered: frozenset({TicketStage.WAITING_FOR_USER}),
    TicketSolved: frozenset({TicketStage.TAKEN, TicketStage.WAITING_FOR_USER}),
    SolutionConfirmed: frozenset({TicketStage.SOLVED}),
    TicketReopened: frozenset({TicketStage.SOLVED, TicketStage.CONFIRMED}),
    ExternalNumberLinked: frozenset(TicketStage),
}
"""In which stages each event makes sense."""


_CANNOT: dict[type[AnyTicketEvent], str] = {
    TicketOpened: "be opened",
    PriorityChanged: "get another priority",
    DueSet: "get these due times",
    TicketTaken: "be taken",
    LevelAssigned: "go there",
    UserAsked: "wait for its user",
    UserAnswered: "get an answer",
    TicketSolved: "be solved",
    SolutionConfirmed: "be confirmed",
    TicketReopened: "be reopened",
    ExternalNumberLinked: "be linked",
}
"""How a refusal says what was tried."""


def decide(ticket: Ticket | None, event: AnyTicketEvent) -> Ticket:
    """The ticket after this event; None is the ticket before its first.

    Raises TicketRefused when the event cannot happen to it.
    """
    if ticket is None:
        return _opened(event)
    if ticket.stage not in _MAY_HAPPEN[type(event)]:
        raise _refused(ticket, event, f"it is {ticket.stage}".replace("_", " "), "stage")
    return _after(replace(ticket, events=ticket.events + 1), event)


def can_happen(ticket: Ticket, kind: type[AnyTicketEvent]) -> bool:
    """Whether an event of this kind makes sense in the stage in which the ticket is."""
    return ticket.stage in _MAY_HAPPEN[kind]


def replay(events: Iterable[AnyTicketEvent]) -> Ticket:
    """The ticket that this history gives. Raises TicketRefused when it is none."""
    ticket: Ticket | None = None
    for event in events:
        ticket = decide(ticket, event)
    if ticket is None:
        raise TicketRefused("no events")
    return ticket


def _opened(event: AnyTicketEvent) -> Ticket:
    if not isinstance(event, TicketOpened):
        raise TicketRefused(f"No ticket was opened, so it cannot {_CANNOT[type(event)]}")
    return Ticket(
        ticket_number=event.ticket_number,
        form_number=event.form_number,
        call_id=event.call_id,
        choice=event.choice,
        opened_at=event.at,
    )


def _refused(
    ticket: Ticket, event: AnyTicketEvent, why: str, reason: Refusal = "unsound"
) -> TicketRefused:
    cannot = _CANNOT[type(event)]
    return TicketRefused(f"Ticket {ticket.ticket_number} cannot {cannot}: {why}", reason)


def _after(ticket: Ticket, event: AnyTicketEvent) -> Ticket:
    match event:
        case PriorityChanged():
            return replace(ticket, choice=event.choice)
        case DueSet():
            return _due_set(ticket, event)
        case TicketTaken():
            return _taken(ticket, event)
        case LevelAssigned():
            return _assigned(ticket, event)
        case UserAsked():
            return _asked(ticket, event)
        case UserAnswered():
            return _office_must_act(replace(ticket, stage=TicketStage.TAKEN), event.at)
        case TicketSolved():
            return _solved(ticket, event)
        case SolutionConfirmed():
            return replace(ticket, stage=TicketStage.CONFIRMED, confirmed_at=event.at)
        case TicketReopened():
            return _reopened(ticket, event)
        case ExternalNumberLinked():
            return _linked(ticket, event)
        case TicketOpened():
            raise _refused(ticket, event, "it was opened before")


def _due_set(ticket: Ticket, event: DueSet) -> Ticket:
    if event.due.priority != ticket.choice.priority:
        why = f"it has priority {ticket.choice.priority}, not {event.due.priority}"
        raise _refused(ticket, event, why)
    return replace(ticket, due=event.due)


def _taken(ticket: Ticket, event: TicketTaken) -> Ticket:
    if ticket.stage is TicketStage.TAKEN and ticket.holder == event.by:
        raise _refused(ticket, event, "the same person has it already", "same_holder")
    return replace(
        ticket,
        stage=TicketStage.TAKEN,
        holder=event.by,
        first_taken_at=ticket.first_taken_at or event.at,
    )


def _assigned(ticket: Ticket, event: LevelAssigned) -> Ticket:
    if event.level is ticket.level:
        raise _refused(ticket, event, f"it is at {event.level} already", "same_level")
    return replace(
        ticket,
        stage=TicketStage.NEW,
        level=event.level,
        highest=higher(ticket.highest, event.level),
        holder=None,
    )


def _asked(ticket: Ticket, event: UserAsked) -> Ticket:
    _must_be_told(ticket, event, event.question, "the question")
    waiting = replace(ticket, stage=TicketStage.WAITING_FOR_USER, question=event.question)
    return _user_must_act(waiting, event.at)


def _solved(ticket: Ticket, event: TicketSolved) -> Ticket:
    _must_be_told(ticket, event, event.solution, "the solution")
    solved = replace(
        ticket,
        stage=TicketStage.SOLVED,
        holder=event.by,
        solution=event.solution,
        solved_at=event.at,
    )
    return _user_must_act(solved, event.at)


def _reopened(ticket: Ticket, event: TicketReopened) -> Ticket:
    _must_be_told(ticket, event, event.reason, "the reason")
    reopened = replace(
        ticket,
        stage=TicketStage.REOPENED,
        solved_at=None,
        confirmed_at=None,
        reopened=ticket.reopened + 1,
    )
    return _office_must_act(reopened, event.at)


def _linked(ticket: Ticket, event: ExternalNumberLinked) -> Ticket:
    _must_be_told(ticket, event, event.external_number, "the number")
    if event.external_number == ticket.external_number != ERASED:
        raise _refused(ticket, event, "it is linked to this number already", "same_number")
    return replace(ticket, external_number=event.external_number)


def _must_be_told(ticket: Ticket, event: AnyTicketEvent, text: str, what: str) -> None:
    if not text.strip():
        raise _refused(ticket, event, f"{what} is not told", "not_told")


def _user_must_act(ticket: Ticket, at: datetime) -> Ticket:
    """The office's clock stands from here on, if it does not stand already."""
    if ticket.user_acts_since:
        return ticket
    return replace(ticket, waits=(*ticket.waits, Wait(at)))


def _office_must_act(ticket: Ticket, at: datetime) -> Ticket:
    return replace(ticket, waits=(*ticket.waits[:-1], replace(ticket.waits[-1], ends_at=at)))
