"""The clock of tickets goes round, whatever is wrong with one of them."""

from datetime import date, datetime, timedelta

from agent.database.case_desk import CaseDesk, let_time_pass
from agent.database.connect import Connection
from agent.database.tickets import read_ticket
from agent.domain.priority import Level
from agent.domain.working_time import Calendar, Period, WorkingTime
from tests.database.agents import running_writer
from tests.database.desk import rules
from tests.database.stories import MORNING, handed_over, in_turn
from tests.domain.offices import HOURS, calendar


async def test_a_ticket_of_a_time_that_no_calendar_covers_holds_up_no_other(url: str) -> None:
    """Else nothing would go up any more, and nobody would be told."""
    long_ago = datetime(2024, 7, 1, 3, 0, tzinfo=MORNING.tzinfo)
    stories = [handed_over(1, start=long_ago), handed_over(2)]
    async with running_writer(url) as writer:
        for record in in_turn(stories):
            await writer.record(record)
    for story in stories:
        await CaseDesk(url, rules(WorkingTime(HOURS, OF_MANY_YEARS, "WIB"))).hand_over(story.call)
    assert await let_time_pass(url, rules(), MORNING + timedelta(minutes=5)) == 1
    old, young = [(await read_ticket(url, s.ticket_number)).ticket for s in stories]
    assert old is not None
    assert young is not None
    assert (old.level, young.level) == (Level.HELPDESK, Level.ADMIN_PPE)


OF_MANY_YEARS = Calendar(
    version="many", covers=Period(date(2020, 1, 1), date(2030, 12, 31)), holidays=(), ramadan=()
)


async def test_it_needs_one_connection_however_many_tickets_are_open(
    url: str, connection: Connection
) -> None:
    stories = [handed_over(number) for number in range(1, 6)]
    async with running_writer(url) as writer:
        for record in in_turn(stories):
            await writer.record(record)
    for story in stories:
        await CaseDesk(url, rules(WorkingTime(HOURS, calendar(), "WIB"))).hand_over(story.call)
    counted = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
    await connection.execute("SELECT pg_stat_force_next_flush()")
    before = await connection.fetchval(counted)
    assert await let_time_pass(url, rules(), MORNING + timedelta(hours=2)) == 5
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    assert await connection.fetchval(counted) - before <= 1
