"""Every change of presence reaches the record once and in order, whatever fails meanwhile."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from agent.domain import floor as floors
from agent.domain.floor import Floor, OperatorState
from agent.domain.identifiers import CallId, OperatorId
from agent.domain.presence import Paused, Ready, WrapUp
from agent.runtime.errors import EffectFailed
from agent.runtime.presence_record import PresenceRecord
from agent.runtime.recorder import OperatorAccount, PresenceEntry
from tests.database.stories import MORNING
from tests.runtime.faulty_database import SITI as ACCOUNT
from tests.runtime.faulty_database import FaultyDatabase

SITI = OperatorId("op-101")
LATER = MORNING + timedelta(minutes=1)
PAUSE = PresenceEntry(operator=SITI, at=MORNING, presence="paused", by=SITI, reason="rapat")


def floor_with(reachable: bool = True) -> Floor:
    return floors.update_roster(Floor(), {SITI: "Siti"}, {SITI} if reachable else set(), MORNING)


def told(database: FaultyDatabase) -> list[tuple[str, str]]:
    return [(entry.presence, entry.by) for entry in database.presence]


async def test_what_is_seen_is_told_once() -> None:
    database = FaultyDatabase()
    record = PresenceRecord(database)
    record.see(floor_with(reachable=False), MORNING)
    await record.keep_seen()
    assert database.presence == [], "who was never there has no entry"
    for floor in (floor_with(), floor_with(), floor_with(reachable=False)):
        record.see(floor, MORNING)
    await record.keep_seen()
    await record.keep_seen()
    assert told(database) == [("ready", "agent"), ("away", "agent")]


async def test_a_wrap_up_tells_its_end_itself() -> None:
    database = FaultyDatabase()
    record = PresenceRecord(database)
    floor = floors.hold(floor_with(), CallId("a"), SITI)
    record.see(floor, MORNING)
    minute = timedelta(minutes=1)
    floor = floors.release(floor, CallId("a"), SITI, MORNING, answered=True, wrap_up=minute)
    record.see(floor, MORNING)
    record.see(floors.end_wrap_ups(floor, LATER), LATER)
    await record.keep_seen()
    assert told(database) == [("ready", "agent"), ("wrap_up", "agent")]
    assert (database.presence[1].until, database.presence[1].call_id) == (LATER, "a")


async def test_what_was_seen_while_the_database_was_away_comes_before_what_is_asked_later() -> None:
    database = FaultyDatabase()
    record = PresenceRecord(database)
    database.away = True
    record.see(floor_with(), MORNING)
    with pytest.raises(EffectFailed):
        await record.keep_seen()
    database.away = False
    await record.keep(PAUSE)
    await record.keep_seen()
    assert told(database) == [("ready", "agent"), ("paused", SITI)]


async def test_after_a_failure_whose_outcome_nobody_knows_the_truth_is_told_again() -> None:
    """The acknowledgement may be what was lost: then the record has a pause that is none."""
    database = FaultyDatabase()
    record = PresenceRecord(database)
    record.see(floor_with(), MORNING)
    await record.keep_seen()
    database.away = True
    with pytest.raises(EffectFailed):
        await record.keep(PAUSE)
    database.away = False
    record.see(floor_with(), LATER)
    await record.keep_seen()
    assert told(database) == [("ready", "agent"), ("ready", "agent")]


async def test_what_happens_while_a_pause_is_written_does_not_stand_after_it() -> None:
    database = FaultyDatabase()
    record = PresenceRecord(database)
    record.see(floor_with(), MORNING)
    await record.keep_seen()
    database.open.clear()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(record.keep(PAUSE))
        await asyncio.sleep(0)
        record.see(floor_with(reachable=False), LATER)
        database.open.set()
    record.see(floors.pause(floor_with(), SITI, "rapat", MORNING), LATER)
    await record.keep_seen()
    assert [presence for presence, _ in told(database)][-1] == "paused"


async def test_what_the_database_will_never_take_holds_nothing_else_up() -> None:
    database = FaultyDatabase()
    record = PresenceRecord(database)
    database.refuses_presence = True
    with pytest.raises(EffectFailed, match="does not fit"):
        await record.keep(PAUSE)
    record.see(floor_with(), MORNING)
    await record.keep_seen()
    database.refuses_presence = False
    await record.keep(PAUSE)
    assert told(database) == [("paused", SITI)]


def state() -> OperatorState:
    return floor_with().operators[SITI]


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (ACCOUNT, (Ready(MORNING), MORNING)),
        (replace(ACCOUNT, presence="away", presence_at=LATER), (Ready(MORNING), MORNING)),
        (replace(ACCOUNT, presence="ready", presence_at=LATER), (Ready(LATER), LATER)),
        (
            replace(ACCOUNT, presence="paused", presence_at=LATER, pause_reason="rapat"),
            (Paused("rapat", LATER), MORNING),
        ),
        (
            replace(
                ACCOUNT,
                presence="wrap_up",
                presence_at=MORNING,
                wrap_up_until=LATER,
                wrap_up_call_id=CallId("a"),
                last_call_ended_at=LATER,
            ),
            (WrapUp(MORNING, LATER, CallId("a")), LATER),
        ),
    ],
)
def test_an_operator_is_restored_as_the_record_tells(
    account: OperatorAccount, expected: object
) -> None:
    restored = PresenceRecord(FaultyDatabase()).restored(state(), account)
    assert (restored.presence, restored.idle_since) == expected
