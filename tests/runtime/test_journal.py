import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.database.connect import Connection
from agent.database.writer import Writer
from agent.domain.call import decide
from agent.domain.events import CallArrived, Caller, TimerFired
from agent.domain.identifiers import CallId, ChannelId
from agent.domain.rules import CallRules
from agent.runtime import metrics
from agent.runtime.errors import EffectFailed
from agent.runtime.journal import JournaledRecorder
from agent.runtime.recorder import Record, Recorder
from tests.database.stories import escalated, in_turn
from tests.domain.story import MORNING, SOP
from tests.runtime.faulty_database import SITI, FaultyDatabase
from tests.runtime.waiting import DEADLINE_S, until


def records_of(name: str, count: int = 3) -> list[Record]:
    """The first records of a call."""
    arrived = CallArrived(
        at=MORNING,
        call_id=CallId(name),
        channel=ChannelId(f"leg of {name}"),
        caller=Caller(raw="\u2028\n\x85", shown="tanpa nomor"),
        line="1500",
        form_number="0001/FK-TLP/LPSE.BTG/2026",
        rules=CallRules(sop=SOP),
    )
    decision = decide(None, arrived)
    first = Record(CallId(name), 1, arrived, decision.call, decision.effects)
    event = TimerFired(at=MORNING, timer="welcome")
    later = [replace(first, sequence=n, event=event) for n in range(2, count + 1)]
    return [first, *later]


@pytest.fixture
def database() -> FaultyDatabase:
    return FaultyDatabase()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def lines_in(file: Path) -> list[bytes] | None:
    return [line for line in file.read_bytes().splitlines() if line] if file.exists() else None


@contextmanager
def away(database: FaultyDatabase) -> Iterator[None]:
    database.away = True
    yield
    database.away = False


async def test_a_record_goes_to_the_database_and_leaves_no_file(
    database: FaultyDatabase, file: Path
) -> None:
    journal: Recorder = JournaledRecorder(database, file)
    records = records_of("a")
    for record in records:
        await journal.record(record)
    assert database.kept == records
    assert lines_in(file) is None


async def test_a_call_goes_on_while_the_database_is_away_and_loses_nothing(
    database: FaultyDatabase, file: Path
) -> None:
    journal = JournaledRecorder(database, file)
    records = records_of("a", 6)
    await journal.record(records[0])
    with away(database):
        for record in records[1:4]:
            await journal.record(record)
    assert journal.waiting == 3
    for record in records[4:]:
        await journal.record(record)
    assert database.kept == records[:1], "what is journaled goes first"
    await journal.drain()
    assert database.kept == records
    assert journal.waiting == 0
    assert lines_in(file) is None
    late = records_of("b", 1)[0]
    await journal.record(late)
    assert database.kept[-1] == late


async def test_a_record_in_the_journal_is_on_the_disk_for_the_next_process(
    database: FaultyDatabase, file: Path
) -> None:
    records = records_of("a")
    with away(database):
        journal = JournaledRecorder(database, file)
        for record in records:
            await journal.record(record)
    heir = JournaledRecorder(database, file)
    assert heir.waiting == 3
    await heir.drain()
    assert database.kept == records


async def test_a_drain_that_is_broken_off_goes_on_there_and_keeps_every_record_once(
    database: FaultyDatabase, file: Path
) -> None:
    records = records_of("a", 5)
    with away(database):
        journal = JournaledRecorder(database, file)
        for record in records:
            await journal.record(record)
    database.away_after = 2
    with pytest.raises(EffectFailed):
        await journal.drain()
    assert database.kept == records[:2]
    assert journal.waiting == 4, "a transaction that failed may have been written all the same"
    database.away, database.away_after = False, None
    await journal.drain()
    assert database.kept == records
    assert database.times_given == 6


async def test_a_call_does_not_wait_for_a_drain(database: FaultyDatabase, file: Path) -> None:
    records = records_of("a", 5)
    with away(database):
        journal = JournaledRecorder(database, file)
        for record in records[:3]:
            await journal.record(record)
    database.open.clear()  # the database is there, and takes its time
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        drain = tasks.create_task(journal.drain())
        await asyncio.sleep(0.05)
        for record in records[3:]:
            await journal.record(record)
        assert not drain.done()
        assert journal.waiting == 5
        database.open.set()
    assert database.kept == records
    assert lines_in(file) is None


async def test_records_of_many_calls_at_once_keep_each_calls_order(
    database: FaultyDatabase, file: Path
) -> None:
    journal = JournaledRecorder(database, file)
    calls = {name: records_of(name, 8) for name in "abcdef"}

    async def live(records: list[Record]) -> None:
        for record in records:
            await journal.record(record)
            await asyncio.sleep(0)

    async def disturb() -> None:
        for _time in range(10):
            database.away = not database.away
            await asyncio.sleep(0.002)
            if not database.away:
                await journal.drain()

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(disturb())
        for records in calls.values():
            tasks.create_task(live(records))
    database.away = False
    await journal.drain()
    for name, records in calls.items():
        assert [k for k in database.kept if k.call_id == name] == records
    assert len(database.kept) == 48


@pytest.mark.parametrize("torn", [b'{"call_id":"a","sequ', b"\x00" * 100, b"\xff", b"[]"])
async def test_a_line_that_a_crash_tore_costs_no_other_record(
    database: FaultyDatabase, file: Path, torn: bytes
) -> None:
    records = records_of("a")
    with away(database):
        await JournaledRecorder(database, file).record(records[0])
        with file.open("ab") as handle:
            handle.write(torn)
        journal = JournaledRecorder(database, file)
        assert journal.waiting == 2
        await journal.record(records[1])
    await journal.drain()
    assert database.kept == records[:2]


async def test_a_record_that_is_refused_for_ever_is_set_aside_and_holds_nobody_up(
    database: FaultyDatabase, file: Path
) -> None:
    database.refuses.add(CallId("bad"))
    journal = JournaledRecorder(database, file)
    bad, good = records_of("bad", 2), records_of("good", 2)
    await journal.record(bad[0])
    with away(database):
        await journal.record(bad[1])
        await journal.record(good[0])
    await journal.drain()
    await journal.record(good[1])
    assert database.kept == good
    aside = lines_in(file.with_suffix(".refused.jsonl"))
    assert aside is not None
    assert [b'"call_id":"bad"' in line for line in aside] == [True, True]


async def test_the_journal_drains_itself_when_the_database_is_back(
    database: FaultyDatabase, file: Path
) -> None:
    records = records_of("a")
    journal = JournaledRecorder(database, file)
    with away(database):
        for record in records:
            await journal.record(record)
        draining = asyncio.get_running_loop().create_task(journal.run(every_s=0.01))
        await asyncio.sleep(0.05)
        assert journal.waiting == 3
    await until(lambda: not journal.waiting)
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    assert database.kept == records


async def test_a_journal_that_cannot_be_read_does_not_end_the_service(
    database: FaultyDatabase, file: Path
) -> None:
    record = records_of("a", 1)[0]
    journal = JournaledRecorder(database, file)
    with away(database):
        await journal.record(record)
    moved = file.with_suffix(".moved")
    await asyncio.to_thread(file.rename, moved)
    draining = asyncio.get_running_loop().create_task(journal.run(every_s=0.01))
    await asyncio.sleep(0.05)
    assert not draining.done()
    await asyncio.to_thread(moved.rename, file)
    await until(lambda: not journal.waiting)
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    assert database.kept == [record]


async def test_a_record_that_neither_database_nor_disk_takes_is_held_and_its_call_goes_on(
    database: FaultyDatabase, tmp_path: Path
) -> None:
    folder = tmp_path / "no such folder yet"
    journal = JournaledRecorder(database, folder / "journal.jsonl")
    records = records_of("a", 4)
    assert not journal.writable()
    with away(database):
        for record in records[:2]:
            await journal.record(record)
        assert journal.waiting == 2
        assert metrics.NOT_DURABLE._value.get() == 2
        trouble = journal.trouble()
        assert trouble is not None
        assert "2 records are in memory alone" in trouble
    await journal.drain()
    await journal.record(records[2])
    await journal.record(records[3])
    assert database.kept == records
    assert metrics.NOT_DURABLE._value.get() == 0
    assert journal.trouble() is None


async def test_what_was_held_goes_to_the_disk_as_soon_as_it_works_again_and_keeps_its_order(
    database: FaultyDatabase, tmp_path: Path
) -> None:
    folder = tmp_path / "no such folder yet"
    journal = JournaledRecorder(database, folder / "journal.jsonl")
    records = records_of("a", 40)
    with away(database):
        running = asyncio.get_running_loop().create_task(journal.run(every_s=0.01))
        for record in records[:30]:
            await journal.record(record)
        await asyncio.to_thread(folder.mkdir)
        await until(lambda: journal.trouble() is None)
        for record in records[30:]:
            await journal.record(record)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert metrics.NOT_DURABLE._value.get() == 0
    heir = JournaledRecorder(database, folder / "journal.jsonl")
    await heir.drain()
    assert database.kept == records


async def test_a_journal_in_a_folder_of_ours_is_writable(
    database: FaultyDatabase, file: Path
) -> None:
    journal = JournaledRecorder(database, file)
    assert journal.writable()
    with away(database):
        await journal.record(records_of("a", 1)[0])
    assert journal.writable()


async def test_what_the_journal_cannot_know_is_asked_of_the_database(
    database: FaultyDatabase, file: Path
) -> None:
    journal = JournaledRecorder(database, file)
    record = records_of("a", 1)[0]
    await journal.record(record)
    assert await journal.operators() == [SITI]
    assert [u.call for u in await journal.unfinished()] == [record.call]
    assert len(await journal.reserve("form", 2026, 5)) == 5
    with away(database):
        for question in (journal.operators, journal.unfinished):
            with pytest.raises(EffectFailed):
                await question()
        with pytest.raises(EffectFailed):
            await journal.reserve("form", 2026, 5)


async def test_a_slow_database_delays_the_first_records_only_and_is_used_again_when_it_is_quick(
    database: FaultyDatabase, file: Path
) -> None:
    journal = JournaledRecorder(database, file)
    calls = {name: records_of(name, 20) for name in "abcdefgh"}
    waits: list[float] = []

    async def live(records: list[Record]) -> None:
        for record in records:
            began = time.monotonic()
            await journal.record(record)
            waits.append(time.monotonic() - began)
            await asyncio.sleep(0.01)

    database.seconds = 1.0
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(journal.run(every_s=0.01))
        living = [tasks.create_task(live(records)) for records in calls.values()]
        await asyncio.wait(living)
        assert sorted(waits)[len(waits) * 9 // 10] < 0.5, "the database's second is not waited for"
        assert journal.waiting
        database.seconds = 0.0
        await until(lambda: not journal.waiting)
        # The journal is left a moment after it is empty; from then on records need it no more.
        late = [records_of("late-0", 1)[0]]
        await journal.record(late[-1])
        while database.kept[-1] != late[-1]:
            late += records_of(f"late-{len(late)}", 1)
            await journal.record(late[-1])
        await until(lambda: not journal.waiting)
        running.cancel()
    for name, records in calls.items():
        assert [k for k in database.kept if k.call_id == name] == records
    assert len(database.kept) == 8 * 20 + len(late)


async def test_over_half_of_its_room_the_journal_leaves_details_out_and_nothing_else(
    database: FaultyDatabase, file: Path
) -> None:
    journal = JournaledRecorder(database, file, most_records=20)
    records = [replace(r, detail=r.sequence % 2 == 0) for r in records_of("a", 19)]
    shed = metrics.SHED.labels("detail")._value.get()
    with away(database):
        for record in records:
            await journal.record(record)
        assert journal.waiting == 15
    assert metrics.SHED.labels("detail")._value.get() == shed + 4
    await journal.drain()
    assert [k.sequence for k in database.kept] == [*range(1, 12), 13, 15, 17, 19]
    detail = replace(records_of("b", 2)[1], detail=True)
    await journal.record(detail)
    assert database.kept[-1] == detail, "with room enough nothing is left out"


async def test_over_all_of_its_room_the_journal_keeps_each_calls_last_record(
    database: FaultyDatabase, tmp_path: Path
) -> None:
    """On the disk and in memory; a call's last record holds the whole call."""
    folder = tmp_path / "disk"
    folder.mkdir()
    journal = JournaledRecorder(database, folder / "journal.jsonl", most_records=20)
    calls = {name: records_of(name, 5) for name in "abcdefg"}
    superseded = metrics.SHED.labels("superseded")._value.get()
    with away(database):
        for name in "abcd":
            for record in calls[name]:
                await journal.record(record)
        with pytest.raises(EffectFailed):
            await journal.drain()
        assert journal.waiting == 20, "all that there is room for is kept"
        for name in "efg":
            for record in calls[name]:
                await journal.record(record)
        with pytest.raises(EffectFailed):
            await journal.drain()
        assert journal.waiting == 7
        assert metrics.SHED.labels("superseded")._value.get() == superseded + 28
    heir = JournaledRecorder(database, folder / "journal.jsonl")
    await heir.drain()
    assert database.kept == [records[-1] for records in calls.values()]


async def test_more_calls_than_there_is_room_for_are_kept_all_the_same(
    database: FaultyDatabase, file: Path
) -> None:
    journal = JournaledRecorder(database, file, most_records=10)
    records = [records_of(f"call {n}", 2)[-1] for n in range(40)]
    with away(database):
        running = asyncio.get_running_loop().create_task(journal.run(every_s=0.001))
        for record in records:
            await journal.record(record)
        await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    await journal.drain()
    assert database.kept == records


async def test_a_long_outage_is_drained_in_few_transactions_and_each_event_once(
    writer: Writer, connection: Connection, file: Path, database: FaultyDatabase
) -> None:
    stories = [escalated(number) for number in range(1, 31)]
    with away(database):
        before = JournaledRecorder(database, file)
        for record in in_turn(stories):
            await before.record(record)
    journal = JournaledRecorder(writer, file)
    await journal.drain()
    counted = await connection.fetchrow(
        "SELECT count(*), count(DISTINCT xmin::text) AS transactions FROM call_events"
    )
    assert counted["count"] == sum(len(story.records) for story in stories)
    assert counted["transactions"] <= 12
    assert await connection.fetchval("SELECT count(*) FROM calls WHERE stage = 'archived'") == 30
    assert await connection.fetchval("SELECT count(*) FROM tickets") == 30


async def test_a_process_that_dies_in_the_middle_of_a_drain_leaves_every_event_once(
    writer: Writer, connection: Connection, file: Path, database: FaultyDatabase
) -> None:
    """What it had drained is drained again by the next, and is there once."""
    stories = [escalated(number) for number in range(1, 9)]
    with away(database):
        before = JournaledRecorder(database, file)
        for record in in_turn(stories):
            await before.record(record)
    dies = JournaledRecorder(writer, file)
    drain = asyncio.get_running_loop().create_task(dies.drain())
    async with asyncio.timeout(DEADLINE_S):
        while await connection.fetchval("SELECT count(*) FROM call_events") == 0:
            pass
    drain.cancel()
    await asyncio.gather(drain, return_exceptions=True)
    heir = JournaledRecorder(writer, file)
    await heir.drain()
    events = await connection.fetch("SELECT call_id, sequence FROM call_events")
    assert len(events) == sum(len(story.records) for story in stories)
    assert heir.waiting == 0


async def test_a_locked_table_is_not_waited_for(
    writer: Writer, connection: Connection, file: Path
) -> None:
    """The call's steps go on at once; afterwards everything is in the database, in order."""
    story = escalated()
    journal = JournaledRecorder(writer, file)
    await journal.record(story.records[0])
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(journal.run(every_s=0.01))
        async with connection.transaction():
            await connection.execute("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
            began = time.monotonic()
            for record in story.records[1:]:
                await journal.record(record)
            assert time.monotonic() - began < 1.0, "the server gives up a statement after 1.5 s"
        await until(lambda: not journal.waiting)
        running.cancel()
    assert await connection.fetchval("SELECT stage FROM calls") == "archived"
    assert await connection.fetchval("SELECT count(*) FROM call_events") == len(story.records)


async def test_a_new_call_does_not_try_a_database_that_the_drain_has_just_found_slow(
    database: FaultyDatabase, file: Path
) -> None:
    journal = JournaledRecorder(database, file)
    first, second, third = (records_of(name, 1)[0] for name in "abc")
    database.seconds = 0.2
    await journal.record(first)
    await journal.drain()
    asked = database.times_asked
    await journal.record(second)
    assert (journal.waiting, database.times_asked) == (1, asked)
    database.seconds = 0.0
    await journal.drain()
    await journal.record(third)
    assert database.kept == [first, second, third]
    assert journal.waiting == 0
