"""By when a ticket must be answered, solved and escalated, and whether that was missed.

The office answers for working time only, and not for the time in which the user had to act: asked
for something, or to confirm a solution. Every `at` is a moment at or after the ticket's last event.
"""

from datetime import datetime

from agent.domain.priority import Level, higher
from agent.domain.ticket import Ticket
from agent.domain.working_time import WorkingTime


def target_at(ticket: Ticket, at: datetime, working_time: WorkingTime) -> datetime | None:
    """By when it must be solved, as seen at this moment; None while no due time is set.

    Raises CalendarEnds.
    """
    return _moved(ticket, ticket.due.target_at, at, working_time) if ticket.due else None


def is_overdue(ticket: Ticket, at: datetime, working_time: WorkingTime) -> bool:
    """Whether its target was missed; once so, always so. Raises CalendarEnds."""
    target = target_at(ticket, at, working_time)
    return target is not None and at > target


def is_response_overdue(ticket: Ticket, at: datetime) -> bool:
    """Whether the time for the first response was over before anybody took it."""
    if ticket.due is None or ticket.due.first_response_at is None:
        return False
    return (ticket.first_taken_at or at) > ticket.due.first_response_at


def level_due(ticket: Ticket, at: datetime, working_time: WorkingTime) -> Level:
    """The level where it belongs: where it is, or higher where its age sends it by the table.

    While the user must act it stays where it is. A level that it reached once is not asked for
    again, so that it can be sent back down. Raises CalendarEnds.
    """
    if ticket.user_acts_since:
        return ticket.level
    level = ticket.highest
    for escalation in ticket.due.escalations if ticket.due else ():
        if _moved(ticket, escalation.at, at, working_time) <= at:
            level = higher(level, escalation.level)
    return ticket.level if level is ticket.highest else level


def _moved(ticket: Ticket, moment: datetime, at: datetime, working_time: WorkingTime) -> datetime:
    """A due moment, later by the working time in which the user had to act.

    A wait that began after the moment excuses nothing; one that still goes on keeps it ahead. The
    tender stage waits for nobody: only a wait across its end can move the moment beyond it.
    """
    assert ticket.due is not None
    stage = ticket.due.stage_closes_at
    for wait in ticket.waits:
        if wait.begins_at > moment:
            break
        begins_at = max(wait.begins_at, ticket.due.from_at)
        ends_at = wait.ends_at or max(at, begins_at)
        waited = working_time.working_seconds_between(begins_at, ends_at)
        moment = working_time.add_working_time(moment, waited)
        if wait.ends_at is None:
            moment = max(moment, ends_at)
        if stage and ends_at <= stage:
            moment = min(moment, stage)
    return moment
