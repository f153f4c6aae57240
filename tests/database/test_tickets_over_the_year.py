"""A ticket goes up when its working time is over, whatever the week, the month and the zone."""

from datetime import datetime, timedelta

import pytest

from agent.database.case_desk import CaseDesk, let_time_pass
from agent.database.tickets import read_ticket
from agent.domain.office_time import ZONES
from agent.domain.priority import Level
from agent.domain.ticket_events import LevelAssigned
from agent.domain.working_time import WorkingTime
from agent.runtime.public_holidays import read_calendar
from tests.database.desk import on_record, rules
from tests.database.stories import ON_THE_FORM
from tests.domain.offices import HOURS

MEDIUM = {**ON_THE_FORM, "urgency": "TM", "impact": "S"}
"""Admin PPE gets it after four hours of working time."""
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("calls", "goes_up", "zone"),
    [
        pytest.param("2026-07-06 09:00", "2026-07-06 14:00", "WIB", id="over noon of a Monday"),
        pytest.param("2026-07-03 10:00", "2026-07-03 15:30", "WIB", id="Friday's longer break"),
        pytest.param("2026-07-03 10:00", "2026-07-03 15:30", "WITA", id="another zone"),
        pytest.param("2026-07-03 15:00", "2026-07-06 10:00", "WIT", id="a weekend"),
        pytest.param("2026-03-02 09:00", "2026-03-02 13:30", "WIB", id="a day of Ramadan"),
        # 18 March to 24 March: joint leave, Nyepi, joint leave, Idul Fitri, and joint leave again.
        pytest.param("2026-03-17 14:00", "2026-03-25 10:30", "WITA", id="Idul Fitri, joint leave"),
    ],
)
async def test_it_goes_up_to_the_second(url: str, calls: str, goes_up: str, zone: str) -> None:
    start, due = (datetime.fromisoformat(at).replace(tzinfo=ZONES[zone]) for at in (calls, goes_up))
    decided = rules(WorkingTime(HOURS, read_calendar(2025, 2028), zone))
    story = await on_record(url, MEDIUM, start)
    await CaseDesk(url, decided).hand_over(story.call)
    ticket = (await read_ticket(url, story.ticket_number)).ticket
    assert ticket is not None
    due += ticket.opened_at - start
    assert await let_time_pass(url, decided, due - SECOND) == 0
    assert await let_time_pass(url, decided, due) == 1
    last = (await read_ticket(url, story.ticket_number)).events[-1]
    assert last == LevelAssigned(at=due, by="agent", level=Level.ADMIN_PPE)
