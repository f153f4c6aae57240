"""What time does to tickets: they go up by age, and due times follow the office's calendar."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from msgspec.structs import replace

from agent.domain.priority import PriorityTable, due
from agent.domain.ticket import Ticket, TicketStage
from agent.domain.ticket_due import level_due
from agent.domain.ticket_events import AnyTicketEvent, DueSet, LevelAssigned
from agent.domain.working_time import CalendarEnds, WorkingTime
from agent.runtime import clock
from agent.runtime.errors import EffectFailed

EVERY_S = 60.0
RUNNING = (TicketStage.NEW, TicketStage.TAKEN, TicketStage.REOPENED)
"""Stages in which the office must act, and not the user."""

log = structlog.get_logger()


def what_time_does(
    ticket: Ticket, at: datetime, working_time: WorkingTime, table: PriorityTable
) -> AnyTicketEvent | None:
    """The next event that a ticket's age or a changed calendar brings, if any.

    `table` is the version by which the ticket's priority was chosen. Raises CalendarEnds.
    """
    if ticket.stage not in RUNNING:  # the user may have acted since it was looked for
        return None
    if known := ticket.due:
        stage = known.stage_closes_at
        anew = due(table, known.priority, known.from_at, working_time, stage)
        if replace(anew, hours=known.hours, calendar=known.calendar) != known:
            return DueSet(at=at, by="agent", due=anew)
    level = level_due(ticket, at, working_time)
    if level is not ticket.level:
        return LevelAssigned(at=at, by="agent", level=level)
    return None


async def run_ticket_clock(look: Callable[[datetime], Awaitable[int]]) -> None:
    """Look every minute until cancelled; `look` answers how many tickets it changed."""
    while True:
        try:
            if changed := await look(clock.now()):
                log.info("tickets_moved_by_time", tickets=changed)
        except EffectFailed as error:
            log.warning("ticket_clock_waits", reason=str(error)[:200])
        except CalendarEnds as error:
            log.error("calendar_ends", reason=str(error))
        await asyncio.sleep(EVERY_S)
