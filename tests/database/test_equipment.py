"""Equipment that was missing: what the stored facts give, at any time and again."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from agent.database.connect import Connection
from agent.database.equipment import compute_equipment, list_equipment
from agent.domain.events import (
    CallArrived,
    HandedToExchange,
    LegHungUp,
    NobodyTookCall,
    VoicemailLeft,
)
from agent.domain.rules import CallRules
from agent.runtime.equipment_watch import EquipmentChanges
from tests.database.agents import running_writer
from tests.database.stories import CALLER, MORNING, SOP_NAME, Story, in_turn, solved

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NOW = MORNING + 3 * DAY
APRIL_BEGINS = datetime(2026, 3, 31, 17, 0, tzinfo=UTC)  # midnight WIB


@pytest_asyncio.fixture(autouse=True)
async def recaps(connection: Connection) -> AsyncIterator[None]:
    """The two columns of recaps that are asked for, whatever else the recap's room keeps there."""
    await connection.execute("DROP TABLE recaps CASCADE")
    await connection.execute("CREATE TABLE recaps (month date, made_at timestamptz)")
    yield


async def keep(url: str, *stories: Story) -> None:
    async with running_writer(url) as writer:
        for record in in_turn(list(stories)):
            await writer.record(record)


async def found(url: str, now: datetime = NOW, zone: str = "WIB") -> dict[tuple[str, str], object]:
    """What is on record after a look, without the months; a second look changes nothing."""
    await compute_equipment(url, zone, now)
    again = await compute_equipment(url, zone, now)
    assert (again.changed, again.withdrawn) == (0, 0)
    return {
        (one.kind, one.subject.partition("/")[0]): (one.began_at, one.ended_at)
        for one in await list_equipment(url, None, None)
    }


def by_the_exchange(number: int, start: datetime, minutes: float = 1) -> Story:
    """Nobody met this caller but the exchange; he leaves a message."""
    story = Story(number, start)
    arrived = CallArrived(
        at=start,
        source="CEL CHAN_START",
        by_exchange=True,
        call_id=story.call_id,
        channel=story.channel,
        caller=CALLER,
        line="helpdesk",
        form_number=story.form_number,
        rules=CallRules(sop=SOP_NAME),
    )
    story.tell(1, arrived)
    story.tell(1, NobodyTookCall(at=story.now, source="CEL", channel=story.channel))
    message = VoicemailLeft(at=story.now, source="CEL", channel=story.channel, recording="1.wav")
    story.tell(1, message)
    story.now = start + minutes * MINUTE
    story.tell(0, LegHungUp(at=story.now, source="CEL", channel=story.channel, cause=16))
    story.archive()
    return story


def handed_over(number: int, start: datetime) -> Story:
    """The service took him and died while he waited, five minutes later."""
    story = Story(number, start)
    story.arrive()
    story.now = start + 5 * MINUTE
    story.tell(1, HandedToExchange(at=story.now, source="CEL", channel=story.channel))
    story.now += MINUTE
    story.tell(0, LegHungUp(at=story.now, source="CEL", channel=story.channel, cause=16))
    story.archive()
    return story


def archived_late(number: int, start: datetime, *, minutes: float | None) -> Story:
    """His form is archived so long after the end, or never."""
    story = Story(number, start)
    story.arrive()
    story.now = start + MINUTE
    story.hang_up(story.channel)
    if minutes is not None:
        story.now = start + (1 + minutes) * MINUTE
        story.archive()
    return story


async def test_an_office_without_calls_and_one_with_sound_calls_lack_nothing(url: str) -> None:
    assert await compute_equipment(url, "WIB", NOW) == EquipmentChanges(0, 0, 0)
    await keep(url, solved(1), archived_late(2, MORNING + 10 * MINUTE, minutes=9.9))
    assert await found(url) == {}


async def test_calls_that_the_service_did_not_meet_are_one_time_without_it(url: str) -> None:
    ten = MORNING + 60 * MINUTE
    await keep(
        url,
        solved(1),
        by_the_exchange(2, ten),
        by_the_exchange(3, ten + 2 * MINUTE, minutes=4),
        solved(4, ten + 30 * MINUTE),
        by_the_exchange(5, ten + 60 * MINUTE),
    )
    assert await found(url) == {
        ("form_service", "0002"): (ten, ten + 6 * MINUTE),
        ("form_service", "0005"): (ten + 60 * MINUTE, ten + 61 * MINUTE),
    }


async def test_a_call_that_was_handed_over_lacks_the_service_from_then_on(url: str) -> None:
    await keep(url, handed_over(1, MORNING), by_the_exchange(2, MORNING + 8 * MINUTE))
    began, ended = MORNING + 5 * MINUTE, MORNING + 9 * MINUTE
    assert await found(url) == {("form_service", "0001"): (began, ended)}


async def test_what_is_learnt_later_parts_a_time_without_the_service(url: str) -> None:
    await keep(url, by_the_exchange(1, MORNING), by_the_exchange(3, MORNING + 60 * MINUTE))
    assert set(await found(url)) == {("form_service", "0001")}
    await keep(url, solved(2, MORNING + 30 * MINUTE))
    assert set(await found(url)) == {("form_service", "0001"), ("form_service", "0003")}


async def test_forms_that_are_not_archived_in_time_are_missing_until_they_are(url: str) -> None:
    never = archived_late(2, MORNING + 10 * MINUTE, minutes=None)
    await keep(url, archived_late(1, MORNING, minutes=30), never)
    day = ("archive", "2026-03-02")
    assert await found(url, MORNING + 10 * MINUTE) == {}
    began = MORNING + 11 * MINUTE
    assert await found(url, MORNING + 20 * MINUTE) == {day: (began, MORNING + 31 * MINUTE)}
    assert await found(url) == {day: (began, None)}
    # Far later, when that day is no longer looked at for its own sake:
    much_later = NOW + 90 * DAY
    assert (await found(url, much_later))[day] == (began, None)
    never.now = much_later
    never.archive()
    await keep(url, never)
    assert (await found(url, much_later + DAY))[day] == (began, much_later)


async def test_a_day_that_is_over_stays_on_record_when_it_is_not_looked_at_any_more(
    url: str,
) -> None:
    await keep(url, archived_late(1, MORNING, minutes=30))
    before = await found(url)
    assert before
    later = await found(url, NOW + 90 * DAY)
    assert {place: later[place] for place in before} == before


async def test_a_fact_that_is_learnt_later_takes_a_deviation_back(url: str) -> None:
    story = archived_late(1, MORNING, minutes=5)
    waiting = story.records.pop()
    await keep(url, story)
    assert await found(url)
    async with running_writer(url) as writer:
        await writer.record(waiting)
    assert await compute_equipment(url, "WIB", NOW) == EquipmentChanges(0, 0, 1)


@pytest.mark.parametrize(
    ("made", "found_end"),
    [
        ("", None),
        ("2026-04-01 08:00+07", "in time"),
        ("2026-04-09 08:00+07", datetime(2026, 4, 9, 1, 0, tzinfo=UTC)),
    ],
)
async def test_a_closed_month_without_its_recap_lacks_it(
    url: str, connection: Connection, made: str, found_end: object
) -> None:
    await keep(url, solved(1), solved(2, APRIL_BEGINS + 60 * DAY))
    if made:
        await connection.execute(f"INSERT INTO recaps VALUES ('2026-03-01', '{made}')")  # noqa: S608
        # Made again: the first one counts.
        await connection.execute("INSERT INTO recaps VALUES ('2026-03-01', '2026-05-01')")
    assert await found(url, APRIL_BEGINS + DAY - MINUTE) == {}
    later = await found(url, APRIL_BEGINS + 50 * DAY)
    expected = {("recap", "2026-03"): (APRIL_BEGINS + DAY, found_end)}
    assert later == ({} if found_end == "in time" else expected)


async def test_a_month_is_the_offices(url: str) -> None:
    await keep(url, solved(1, APRIL_BEGINS - MINUTE))  # 23:59 WIB, 01:59 WIT
    assert set(await found(url, APRIL_BEGINS + 5 * DAY)) == {("recap", "2026-03")}
    assert await found(url, APRIL_BEGINS + 5 * DAY, "WIT") == {}


async def test_a_time_asked_for_has_what_lasted_into_it(url: str) -> None:
    await keep(url, archived_late(1, MORNING, minutes=30), by_the_exchange(2, MORNING + DAY))
    await compute_equipment(url, "WIB", NOW)

    async def kinds(since: datetime | None, until: datetime | None) -> list[str]:
        return [one.kind for one in await list_equipment(url, since, until)]

    assert await kinds(None, None) == ["form_service", "archive"]
    assert await kinds(MORNING + 20 * MINUTE, MORNING + 60 * MINUTE) == ["archive"]
    assert await kinds(MORNING + 60 * MINUTE, None) == ["form_service"]
    assert await kinds(NOW, None) == []
    [newest] = await list_equipment(url, None, None, limit=1)
    assert newest.kind == "form_service"


async def test_what_is_missing_still_is_listed_by_itself(url: str) -> None:
    never = archived_late(1, MORNING, minutes=None)
    await keep(url, never, archived_late(2, MORNING + DAY, minutes=30))
    await compute_equipment(url, "WIB", NOW)
    [one] = await list_equipment(url, None, None, still_missing=True)
    assert (one.subject, one.ended_at) == ("2026-03-02", None)
    assert one.proof["form_numbers"] == [never.form_number]
    assert len(await list_equipment(url, None, None)) == 2
