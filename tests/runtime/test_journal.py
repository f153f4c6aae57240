import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.domain.call import decide
from agent.domain.events import CallArrived, Caller, TimerFired
from agent.domain.identifiers import CallId, ChannelId
from agent.domain.rules import CallRules
from agent.runtime.errors import EffectFailed
from agent.runtime.journal import JournaledRecorder
from agent.runtime.recorder import Record, Recorder
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


async def test_a_drain_that_is_broken_off_begins_anew_and_keeps_every_record_once(
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
    assert journal.waiting == 5
    database.away, database.away_after = False, None
    await journal.drain()
    assert database.kept == records
    assert database.times_given == 7


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


async def test_when_neither_database_nor_disk_takes_a_record_the_call_is_told(
    database: FaultyDatabase, tmp_path: Path
) -> None:
    journal = JournaledRecorder(database, tmp_path / "no such folder" / "journal.jsonl")
    assert not journal.writable()
    with away(database), pytest.raises(OSError, match="no such folder"):
        await journal.record(records_of("a", 1)[0])
    assert journal.waiting == 0


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
