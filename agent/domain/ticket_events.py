"""Facts about one ticket, in the past tense: everything that the ticket's machine can be told."""

from datetime import datetime

import msgspec

from agent.domain.identifiers import CallId
from agent.domain.priority import Choice, Due, Level


class TicketEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", omit_defaults=True):
    """Something that happened to a ticket, when, and by whose hand (an account, or `agent`)."""

    at: datetime
    by: str


class TicketOpened(TicketEvent, frozen=True, kw_only=True, tag="TicketOpened"):
    """SOP step 8: a consultation could not be answered on the telephone."""

    ticket_number: str
    form_number: str
    call_id: CallId
    choice: Choice


class PriorityChanged(TicketEvent, frozen=True, kw_only=True, tag="PriorityChanged"):
    """Urgency, impact or an override were set anew; the due times follow as a fact of their own."""

    choice: Choice


class DueSet(TicketEvent, frozen=True, kw_only=True, tag="DueSet"):
    """The due times were computed, or computed anew with another table, hours or calendar."""

    due: Due


class TicketTaken(TicketEvent, frozen=True, kw_only=True, tag="TicketTaken"):
    """Somebody works on it from now on: `by`."""


class LevelAssigned(TicketEvent, frozen=True, kw_only=True, tag="LevelAssigned"):
    """It went to another level, where nobody has taken it yet."""

    level: Level


class UserAsked(TicketEvent, frozen=True, kw_only=True, tag="UserAsked"):
    """Without the user's answer nobody can go on; until then the office's clock stands."""

    question: str


class UserAnswered(TicketEvent, frozen=True, kw_only=True, tag="UserAnswered"):
    """The user gave what he was asked for."""

    answer: str


class TicketSolved(TicketEvent, frozen=True, kw_only=True, tag="TicketSolved"):
    """The office holds the problem for solved; the user has the last word."""

    solution: str


class SolutionConfirmed(TicketEvent, frozen=True, kw_only=True, tag="SolutionConfirmed"):
    """The user says that it is solved."""


class TicketReopened(TicketEvent, frozen=True, kw_only=True, tag="TicketReopened"):
    """The user says that it is not solved, or no longer."""

    reason: str


class ExternalNumberLinked(TicketEvent, frozen=True, kw_only=True, tag="ExternalNumberLinked"):
    """The number that the user got from LPSE Support, where he filed it with his own login."""

    external_number: str


AnyTicketEvent = (
    TicketOpened
    | PriorityChanged
    | DueSet
    | TicketTaken
    | LevelAssigned
    | UserAsked
    | UserAnswered
    | TicketSolved
    | SolutionConfirmed
    | TicketReopened
    | ExternalNumberLinked
)
