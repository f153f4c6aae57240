"""The wallboard's day is counted as the recap counts it."""

from datetime import datetime, timedelta

from agent.database.connect import Connection
from agent.database.recap import read_recap
from agent.database.today import Today, read_today
from agent.domain.recap import RecapCall
from agent.domain.recap_tally import RecapTally
from tests.database.agents import running_writer
from tests.database.stories import MORNING, abandoned, escalated, in_turn, solved


async def test_the_day_equals_the_recaps_tally(url: str, connection: Connection) -> None:
    stories = [
        solved(1, MORNING),
        escalated(2, MORNING + timedelta(minutes=20), greeting_s=12.5),
        abandoned(3, MORNING + timedelta(minutes=40)),
        abandoned(4, MORNING + timedelta(minutes=50)),
        solved(5, MORNING + timedelta(minutes=60)),
    ]
    async with running_writer(url) as writer:
        for record in in_turn(stories):
            await writer.record(record)
    # One of them left within five seconds, and one was answered late.
    await connection.execute(
        "UPDATE calls SET ended_at = arrived_at + interval '4 seconds' WHERE call_id = 'call-4'"
    )
    await connection.execute(
        "UPDATE calls SET answered_at = queued_at + interval '31 seconds' WHERE call_id = 'call-5'"
    )
    today = await read_today(connection, MORNING)
    tally = await tallied(url, MORNING)
    service = tally.service
    assert (today.received, today.answered, today.in_time, today.dropped_soon) == (
        service.received,
        service.answered,
        service.in_time,
        service.dropped_soon,
    )
    assert (today.received, today.answered, today.in_time, today.dropped_soon) == (5, 3, 2, 1)
    assert today.abandoned == tally.totals.outcomes["abandoned_waiting"]
    assert today.deviations == sum(tally.totals.deviations.values()) > 0
    assert today.level == 2 / 4


async def test_yesterday_is_not_today(url: str, connection: Connection) -> None:
    async with running_writer(url) as writer:
        for record in in_turn([solved(1, MORNING)]):
            await writer.record(record)
    tomorrow = MORNING + timedelta(days=1)
    assert await read_today(connection, tomorrow) == Today(
        since=tomorrow, received=0, answered=0, in_time=0, dropped_soon=0, abandoned=0, deviations=0
    )
    assert (await read_today(connection, tomorrow)).level is None


async def tallied(url: str, since: datetime) -> RecapTally:
    tally = RecapTally("WIB")

    def take(call: RecapCall) -> None:
        tally.add(call)

    await read_recap(url, since, since + timedelta(days=1), take)
    return tally
