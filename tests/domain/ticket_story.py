"""A ticket's history, told event by event, for the tests of tickets."""

from datetime import datetime

from agent.domain.identifiers import CallId
from agent.domain.priority import Choice, Level, Priority, due
from agent.domain.ticket import Ticket, replay
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
from agent.domain.working_time import WorkingTime
from tests.domain.offices import TABLE, office, wib

CHOICES: dict[Priority, Choice] = {
    "high": TABLE.choose("urgent", "large"),
    "medium": TABLE.choose("not_urgent", "large"),
    "low": TABLE.choose("not_urgent", "small"),
}


NAMES = [
    "taken",
    "asked",
    "answered",
    "solved",
    "confirmed",
    "reopened",
    "linked",
    "changed",
    "due",
]
"""What `event` can tell, beside a level."""


def opened(at: datetime, priority: Priority = "medium") -> TicketOpened:
    """The first event of a ticket."""
    return TicketOpened(
        at=at,
        by="budi",
        ticket_number="26-00412-7",
        form_number="0123/FK-TLP/LPSE.BTG/2026",
        call_id=CallId("1"),
        choice=CHOICES[priority],
    )


def event(
    name: str, at: datetime, by: str = "siti", priority: Priority = "medium"
) -> AnyTicketEvent:
    """Any other event, by its short name; a level is named as `to lkpp`."""
    if name.startswith("to "):
        return LevelAssigned(at=at, by=by, level=Level(name.removeprefix("to ")))
    events: dict[str, AnyTicketEvent] = {
        "taken": TicketTaken(at=at, by=by),
        "asked": UserAsked(at=at, by=by, question="kode tender?"),
        "answered": UserAnswered(at=at, by=by, answer="10011129000"),
        "solved": TicketSolved(at=at, by=by, solution="akun sudah dipulihkan"),
        "confirmed": SolutionConfirmed(at=at, by=by),
        "reopened": TicketReopened(at=at, by=by, reason="masih gagal masuk"),
        "linked": ExternalNumberLinked(at=at, by=by, external_number="LS-98213"),
        "changed": PriorityChanged(at=at, by=by, choice=CHOICES[priority]),
        "due": DueSet(at=at, by="agent", due=due(TABLE, priority, at, office())),
    }
    return events[name]


def ticket(
    begins: str,
    *told: tuple[str, str],
    priority: Priority = "medium",
    closes: str | None = None,
    working_time: WorkingTime | None = None,
) -> Ticket:
    """A ticket with its due times set at once, and what was told of it since: (moment, name)."""
    at = wib(begins)
    stage = wib(closes) if closes else None
    times = due(TABLE, priority, at, working_time or office(), stage)
    history: list[AnyTicketEvent] = [opened(at, priority), DueSet(at=at, by="agent", due=times)]
    return replay(history + [event(name, wib(moment)) for moment, name in told])
