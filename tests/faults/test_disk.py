"""F11: the disk is full, under journal, archive or database; calls go on all the same."""

import asyncio
import errno
import os
import shutil
import tempfile
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.database.connect import Connection, connected
from agent.database.migrations import migrate
from agent.database.operators import add_operator
from agent.database.sops import load_sop
from agent.domain.call_state import Call, Stage
from agent.domain.effects import AnyEffect, ArchiveForm
from agent.runtime.doors import Performed
from agent.runtime.journal import JournaledRecorder
from deploy.postgres_server import PostgresServer
from tests.database.agents import running_writer, until_healthy
from tests.database.stories import escalated
from tests.databases import SOP_FILE
from tests.documents.papers import folder_archive, record_in
from tests.faults.small_disk import SmallDisk, small_disk
from tests.runtime.exchange import PretendExchange, arrival_of_call
from tests.runtime.office import office
from tests.runtime.waiting import until

JOURNAL_MB = 4
DATABASE_MB = 160
"""A new PostgreSQL takes 60 MB, and writes a log of 16 MB a piece."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path: pytest closes its folders to the server's own user."""
    with tempfile.TemporaryDirectory(prefix="lpse-disk-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@dataclass
class Kept:
    """A database of the test's own and the recorder in front of it."""

    server: PostgresServer
    url: str
    journal: JournaledRecorder

    async def is_whole(self, calls: int) -> bool:
        """Whether every event of so many archived calls is there once."""
        async with connected(self.url) as connection:
            return await _whole(connection) == [calls, calls]


async def _whole(connection: Connection) -> list[int]:
    row = await connection.fetchrow(
        "SELECT count(*) AS calls, count(*) FILTER (WHERE stage = 'archived' AND events = ("
        "SELECT count(*) FROM call_events WHERE call_events.call_id = calls.call_id"
        ") AND EXISTS (SELECT FROM consultations WHERE consultations.call_id = calls.call_id"
        ")) AS whole FROM calls"
    )
    assert row is not None
    return [row["calls"], row["whole"]]


@asynccontextmanager
async def kept(database: Path, file: Path) -> AsyncIterator[Kept]:
    """PostgreSQL in one folder, the journal in another, joined as the service joins them."""
    server = PostgresServer(database)
    url = server.start()
    try:
        await migrate(url)
        await load_sop(url, tomllib.loads(SOP_FILE.read_text()))
        await add_operator(
            url, "Siti Aminah", lambda account: (f"sha of {account}", "md5"), by="ratna"
        )
        async with running_writer(url) as writer, asyncio.TaskGroup() as tasks:
            await until_healthy(writer)
            journal = JournaledRecorder(writer, file)
            running = tasks.create_task(journal.run())
            yield Kept(server, url, journal)
            running.cancel()
    finally:
        server.stop()


@pytest.fixture
def disk(folder: Path) -> Iterator[SmallDisk]:
    with small_disk(folder / "state", JOURNAL_MB) as mounted:
        yield mounted


@pytest.fixture(autouse=True)
def own_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever DATABASE_URL says: this one is stopped, and its disk filled."""
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.mark.fault(
    "F11",
    "database away and the journal's disk full: calls go on from memory and say so; what they told"
    " is on the disk as soon as there is room, and in the database as soon as it is back",
)
async def test_calls_go_on_without_database_and_disk_and_nothing_of_them_is_lost(
    folder: Path, disk: SmallDisk
) -> None:
    exchange = PretendExchange()
    async with kept(folder / "postgres", disk.folder / "journal.jsonl") as told:
        async with office(told.journal, exchange) as agent:
            first = arrival_of_call(1)
            talk = await agent.arrives(first)
            leg = await agent.talks(talk)

            told.server.stop()
            disk.fill()
            exchange.press(leg, "*3*6")
            exchange.leave(first.channel)
            await until(lambda: not agent.dispatcher.calls)
            second = arrival_of_call(2)
            talk = await agent.arrives(second)
            leg = await agent.talks(talk)
            exchange.press(leg, "*8")
            await until(lambda: exchange.names_done().count("numbers") == 2)
            trouble = told.journal.trouble()
            assert trouble is not None
            assert os.strerror(errno.ENOSPC) in trouble
            assert agent.dispatcher.failed == set()

            disk.free()
            await until(lambda: told.journal.trouble() is None)
            assert told.journal.waiting, "the database is still away"
            exchange.leave(second.channel)
            await until(lambda: not agent.dispatcher.calls)

            told.server.start()
            await until(lambda: not told.journal.waiting)
        assert await told.is_whole(calls=2)
    assert list(disk.folder.iterdir()) == []


@pytest.mark.fault(
    "F11",
    "the journal's disk full and the agent killed: what the disk had taken whole is recorded, and"
    " nothing half-written is read",
)
async def test_what_the_disk_took_before_it_was_full_is_read_whole_by_the_next_process(
    folder: Path, disk: SmallDisk
) -> None:
    stories = [escalated(number) for number in range(1, 200)]
    file = disk.folder / "journal.jsonl"
    async with kept(folder / "postgres", file) as told:
        told.server.stop()
        for story in stories:
            for record in story.records:
                await told.journal.record(record)
        assert told.journal.trouble(), "four megabytes are full after sixty calls"
        durable = JournaledRecorder(told.journal, file).waiting
    shutil.copytree(disk.folder, folder / "found")  # as it lay there when the process died
    async with kept(folder / "postgres", folder / "found" / file.name) as told:
        await until(lambda: not told.journal.waiting)
        async with connected(told.url) as connection:
            events = await connection.fetchval("SELECT count(*) FROM call_events")
            complete, _ = await _whole(connection)
    assert events == durable
    assert complete > 40


@pytest.mark.fault(
    "F11",
    "the database's disk full: calls go on by the journal, it drains by itself once there is room,"
    " every event once",
)
async def test_a_database_without_room_is_journaled_past_and_drained_into_afterwards(
    folder: Path,
) -> None:
    with small_disk(folder / "volume", DATABASE_MB) as disk:
        (folder / "state").mkdir()
        async with kept(disk.folder / "postgres", folder / "state" / "journal.jsonl") as told:
            calls = 0
            disk.fill()
            while told.journal.waiting < 200:
                calls += 1
                for record in escalated(calls).records:
                    await told.journal.record(record)
                assert told.journal.trouble() is None
                assert calls < 3000, "the database's disk does not fill"
            disk.free()
            if not told.server.runs:
                told.server.stop()
                told.server.start()
            await until(lambda: not told.journal.waiting)
            assert await told.is_whole(calls)


@pytest.mark.fault(
    "F11",
    "the archive's disk full: the form is refused whole and tried again; no half-written form"
    " stays, and the call ends archived once there is room",
)
async def test_a_form_that_does_not_fit_is_written_later_and_never_by_halves(
    folder: Path, disk: SmallDisk
) -> None:
    archive = folder_archive(disk.folder / "archive")

    class Doors(PretendExchange):
        """The exchange, but forms go to the real archive."""

        async def perform(self, call: Call, effect: AnyEffect) -> Performed:
            if isinstance(effect, ArchiveForm):
                self.begun.append(effect)
                return await archive.write(call)
            return await super().perform(call, effect)

    exchange, arrival = Doors(), arrival_of_call()
    async with (
        kept(folder / "postgres", folder / "journal.jsonl") as told,
        office(told.journal, exchange) as agent,
    ):
        loop = await agent.arrives(arrival)
        disk.fill()
        exchange.leave(arrival.channel)
        await until(lambda: exchange.names_begun().count("ArchiveForm") == 1)
        await until(lambda: loop.call is not None and loop.call.stage is Stage.ENDED)
        await asyncio.sleep(0.1)
        assert not list(disk.folder.glob("archive/*/*.pdf"))
        disk.free()
        await until(lambda: not agent.dispatcher.calls)
        assert await told.is_whole(calls=1)
    (form,) = disk.folder.glob("archive/*/*")
    assert form.suffix == ".pdf"
    assert record_in(form.read_bytes()).endswith(b"}\n")
