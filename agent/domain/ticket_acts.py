"""What people do with a ticket, as they ask for it; each becomes an event of the ticket's history.

What was typed is cleaned and checked before anything is read: whoever carries an act out, by page,
program or command line, refuses the same for the same reason.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from agent.domain.plain_text import many_lines, one_paragraph
from agent.domain.priority import (
    Impact,
    Level,
    Override,
    Priority,
    PriorityTable,
    Urgency,
)
from agent.domain.secret_words import tells_secret
from agent.domain.ticket import Ticket, can_happen
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

LONGEST_TEXT = 4000
LONGEST_NUMBER = 100

Refusal = Literal["empty", "too_long", "number_too_long", "secret", "nothing_other", "no_reason"]
Text = Annotated[str, Meta(max_length=20_000)]
"""As it comes; how much of it may be kept is told in a sentence."""


class ActRefused(ValueError):
    """What was typed cannot be taken as it is; nothing was changed."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


class Act(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that somebody wants to do with a ticket."""


class TakeTicket(Act, frozen=True, kw_only=True):
    """Work on it from now on."""


class AssignTicket(Act, frozen=True, kw_only=True):
    """Send it to another level."""

    level: Level


class AskUser(Act, frozen=True, kw_only=True):
    """Ask the user something; until the answer the office's clock stands."""

    text: Text


class WriteAnswer(Act, frozen=True, kw_only=True):
    """Write down what the user answered."""

    text: Text


class SolveTicket(Act, frozen=True, kw_only=True):
    """Write down the solution, which the user is told."""

    text: Text


class ConfirmSolution(Act, frozen=True, kw_only=True):
    """The user says that it is solved."""


class ReopenTicket(Act, frozen=True, kw_only=True):
    """The user says that it is not solved."""

    text: Text


class LinkNumber(Act, frozen=True, kw_only=True):
    """Link the number that the user got from LPSE Support."""

    number: Text


class SetPriority(Act, frozen=True, kw_only=True):
    """Set urgency and impact anew, or override the table and say why; None leaves as it is."""

    urgency: Urgency | None = None
    impact: Impact | None = None
    override: Priority | None = None
    why: Text | None = None


AnyAct = (
    TakeTicket
    | AssignTicket
    | AskUser
    | WriteAnswer
    | SolveTicket
    | ConfirmSolution
    | ReopenTicket
    | LinkNumber
    | SetPriority
)

NAMES: dict[type[AnyAct], str] = {
    TakeTicket: "take",
    AskUser: "ask",
    WriteAnswer: "answered",
    SolveTicket: "solve",
    ConfirmSolution: "confirm",
    ReopenTicket: "reopen",
    AssignTicket: "assign",
    LinkNumber: "link",
    SetPriority: "priority",
}
"""By what word commands and programs ask for each, in the order in which pages offer them."""

_BRINGS: dict[type[AnyAct], type[AnyTicketEvent]] = {
    TakeTicket: TicketTaken,
    AskUser: UserAsked,
    WriteAnswer: UserAnswered,
    SolveTicket: TicketSolved,
    ConfirmSolution: SolutionConfirmed,
    ReopenTicket: TicketReopened,
    AssignTicket: LevelAssigned,
    LinkNumber: ExternalNumberLinked,
    SetPriority: PriorityChanged,
}


def possible_acts(ticket: Ticket) -> list[str]:
    """What can be done with the ticket in the stage in which it is, by the acts' words."""
    return [name for act, name in NAMES.items() if can_happen(ticket, _BRINGS[act])]


def checked(act: AnyAct) -> AnyAct:
    """The act with its words as they are kept. Raises ActRefused."""
    match act:
        case AskUser() | WriteAnswer() | SolveTicket() | ReopenTicket():
            return replace(act, text=_plain(act.text))
        case LinkNumber():
            number = one_paragraph(_plain(act.number))
            if len(number) > LONGEST_NUMBER:
                raise ActRefused("number_too_long")
            return replace(act, number=number)
        case SetPriority():
            return _checked_priority(act)
        case TakeTicket() | AssignTicket() | ConfirmSolution():
            return act


def event_of(
    act: AnyAct, ticket: Ticket, by: str, at: datetime, table: PriorityTable
) -> AnyTicketEvent:
    """What a checked act is in the ticket's history; `table` is the one in force."""
    match act:
        case TakeTicket():
            return TicketTaken(at=at, by=by)
        case AssignTicket(level=level):
            return LevelAssigned(at=at, by=by, level=level)
        case AskUser(text=text):
            return UserAsked(at=at, by=by, question=text)
        case WriteAnswer(text=text):
            return UserAnswered(at=at, by=by, answer=text)
        case SolveTicket(text=text):
            return TicketSolved(at=at, by=by, solution=text)
        case ConfirmSolution():
            return SolutionConfirmed(at=at, by=by)
        case ReopenTicket(text=text):
            return TicketReopened(at=at, by=by, reason=text)
        case LinkNumber(number=number):
            return ExternalNumberLinked(at=at, by=by, external_number=number)
        case SetPriority():
            override = (
                Override(priority=act.override, by=by, reason=act.why or "")
                if act.override
                else None
            )
            choice = table.choose_anew(ticket.choice, act.urgency, act.impact, override)
            return PriorityChanged(at=at, by=by, choice=choice)


def _checked_priority(act: SetPriority) -> SetPriority:
    if not (act.urgency or act.impact or act.override):
        raise ActRefused("nothing_other")
    if act.override and not (act.why and many_lines(act.why)):
        raise ActRefused("no_reason")
    return replace(act, why=_plain(act.why) if act.why and act.override else None)


def _plain(text: str) -> str:
    """What was typed, without signs that a terminal obeys; nobody may write a secret down."""
    words = many_lines(text)
    if not words:
        raise ActRefused("empty")
    if len(words) > LONGEST_TEXT:
        raise ActRefused("too_long")
    if tells_secret(words):
        raise ActRefused("secret")
    return words
