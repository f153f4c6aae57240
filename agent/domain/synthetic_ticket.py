"""The made-up life of a made-up call's ticket, through the ticket's own machine."""

from datetime import datetime, timedelta

import msgspec

from agent.domain.priority import Choice
from agent.domain.synthetic import CALL, OPERATOR, mark
from agent.domain.ticket import Ticket, decide
from agent.domain.ticket_events import (
    AnyTicketEvent,
    SolutionConfirmed,
    TicketOpened,
    TicketSolved,
    TicketTaken,
)


class TicketPlot(msgspec.Struct, frozen=True, kw_only=True):
    """How far a ticket comes, and hours of each part; one that is not confirmed stays open."""

    taken_h: float
    solved_h: float | None = None
    confirmed_h: float | None = None


def tell_ticket(
    plot: TicketPlot, opened_at: datetime, choice: Choice
) -> tuple[tuple[AnyTicketEvent, ...], Ticket]:
    """The ticket's log and the ticket after it."""
    now = opened_at
    log: list[AnyTicketEvent] = [
        TicketOpened(
            at=now,
            by="agent",
            ticket_number=mark("ticket"),
            form_number=mark("form"),
            call_id=CALL,
            choice=choice,
        )
    ]
    now += timedelta(hours=plot.taken_h)
    log.append(TicketTaken(at=now, by=OPERATOR))
    if plot.solved_h is not None:
        now += timedelta(hours=plot.solved_h)
        log.append(TicketSolved(at=now, by=OPERATOR, solution=mark("solution")))
        if plot.confirmed_h is not None:
            now += timedelta(hours=plot.confirmed_h)
            log.append(SolutionConfirmed(at=now, by=OPERATOR))
    ticket: Ticket | None = None
    for event in log:
        ticket = decide(ticket, event)
    assert ticket is not None
    return tuple(log), ticket
