"""Age sends tickets up; a changed calendar moves due times; the clock outlives the database."""

import asyncio
from datetime import date, datetime, timedelta

import pytest

from agent.domain.priority import Level, due
from agent.domain.ticket import Ticket, decide
from agent.domain.ticket_events import DueSet, LevelAssigned
from agent.domain.working_time import CalendarEnds, WorkingTime
from agent.runtime import ticket_clock
from agent.runtime.errors import EffectFailed
from agent.runtime.ticket_clock import run_ticket_clock, what_time_does
from tests.domain.offices import HOURS, TABLE, calendar, office, wib
from tests.domain.ticket_story import event, opened

MONDAY = wib("2026-07-06 08:00")


def ticket(working_time: WorkingTime) -> Ticket:
    opening = decide(None, opened(MONDAY))
    times = due(TABLE, "medium", MONDAY, working_time)
    return decide(opening, DueSet(at=MONDAY, by="agent", due=times))


def test_age_sends_a_ticket_up() -> None:
    here = office()
    young = what_time_does(ticket(here), MONDAY + timedelta(hours=3), here, TABLE)
    assert young is None
    at = MONDAY + timedelta(hours=5)  # four of them are working time
    assert what_time_does(ticket(here), at, here, TABLE) == LevelAssigned(
        at=at, by="agent", level=Level.ADMIN_PPE
    )


def test_a_holiday_that_is_moved_afterwards_moves_the_due_times() -> None:
    known = ticket(office())
    moved = WorkingTime(HOURS, calendar(date(2026, 7, 7), version="two"), "WIB")
    event = what_time_does(known, MONDAY, moved, TABLE)
    assert isinstance(event, DueSet)
    assert known.due and event.due.target_at - known.due.target_at == timedelta(days=1)
    assert what_time_does(decide(known, event), MONDAY, moved, TABLE) is None


def test_another_version_of_the_calendar_with_the_same_days_changes_nothing() -> None:
    other = WorkingTime(HOURS, calendar(version="two"), "WIB")
    assert what_time_does(ticket(office()), MONDAY, other, TABLE) is None


async def test_the_clock_goes_on_after_the_database_was_away_and_after_the_calendar_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[datetime] = []
    seen = asyncio.Event()

    async def look(at: datetime) -> int:
        looks.append(at)
        if len(looks) == 1:
            raise EffectFailed("away")
        if len(looks) == 2:
            raise CalendarEnds("2031")
        seen.set()
        return 1

    monkeypatch.setattr(ticket_clock, "EVERY_S", 0.01)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run_ticket_clock(look))
        await seen.wait()
        running.cancel()
    assert len(looks) >= 3


def test_nothing_more_happens_to_a_ticket_once_its_user_must_act_or_has_confirmed() -> None:
    """It may come to that between the look at all tickets and the turn of this one."""
    ended = ticket(office())
    moved = WorkingTime(HOURS, calendar(date(2026, 7, 7), version="two"), "WIB")
    for name in ("taken", "solved", "confirmed"):
        ended = decide(ended, event(name, MONDAY))
        event_now = what_time_does(ended, MONDAY + timedelta(days=9), moved, TABLE)
        assert (event_now is None) is (name != "taken")
