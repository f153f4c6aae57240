"""The writer when its database is killed, locked, silent or cut off: bounded, whole, and back."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

import pytest

from agent.database.connect import Connection
from agent.database.errors import DatabaseUnreachable
from agent.database.writer import Writer
from agent.runtime.recorder import Record
from tests.database.agents import WIDE_MARGIN_S, running_writer, until_healthy
from tests.database.stories import Story, escalated, solved

TABLES = ("calls", "call_events", "consultations", "consultation_steps", "deviations", "tickets")

HANG_AT_THE_STEPS = """
CREATE FUNCTION hang() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1);
    RETURN NEW;
END
$$;
CREATE TRIGGER hang BEFORE INSERT ON consultation_steps
    FOR EACH ROW EXECUTE FUNCTION hang();
"""


async def record_all(writer: Writer, story: Story) -> None:
    for record in story.records:
        await writer.record(record)


async def test_a_connection_killed_in_the_middle_leaves_nothing_half_written(
    url: str, connection: Connection
) -> None:
    """The batch hangs among its rows; the session dies there; not one of them remains."""
    story = escalated()
    await connection.execute(HANG_AT_THE_STEPS)
    async with running_writer(url) as writer, asyncio.TaskGroup() as tasks:
        await until_healthy(writer)
        await connection.execute("SELECT pg_advisory_lock(1)")
        waiting = tasks.create_task(failure_of(writer, story.records[-1]))
        await kill_the_waiting(connection)
        assert isinstance(await waiting, DatabaseUnreachable)
        await connection.execute("SELECT pg_advisory_unlock(1)")
        assert await rows_in_all_tables(connection) == 0
        await until_healthy(writer)
        await record_all(writer, story)
    assert await connection.fetchval("SELECT count(*) FROM call_events") == len(story.records)


async def rows_in_all_tables(connection: Connection) -> int:
    counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)  # noqa: S608 our own names
    return int(await connection.fetchval(f"SELECT {counts}"))


async def failure_of(writer: Writer, record: Record) -> Exception | None:
    try:
        await writer.record(record)
    except DatabaseUnreachable as error:
        return error
    return None


async def kill_the_waiting(connection: Connection) -> None:
    async with asyncio.timeout(WIDE_MARGIN_S):
        while not await connection.fetchval(  # noqa: ASYNC110 a real server tells nobody
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            await asyncio.sleep(0.005)


async def test_a_locked_table_makes_record_give_up_in_time_and_work_again_later(
    url: str, connection: Connection
) -> None:
    story = solved()
    async with running_writer(url) as writer:
        await until_healthy(writer)
        async with connection.transaction():
            await connection.execute("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
            began = time.monotonic()
            with pytest.raises(DatabaseUnreachable):
                await writer.record(story.records[0])
            assert time.monotonic() - began < WIDE_MARGIN_S
        await until_healthy(writer)
        await record_all(writer, story)
    assert await connection.fetchval("SELECT count(*) FROM call_events") == len(story.records)


async def test_a_database_that_does_not_answer_is_given_up_in_time() -> None:
    """A server that accepts and says nothing: a partition, or a process that was stopped."""

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        silent.append(writer)

    silent: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    writer = Writer(f"postgresql://lpse@127.0.0.1:{port}/postgres", {})
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(writer.run())
        began = time.monotonic()
        with pytest.raises(DatabaseUnreachable):
            await writer.record(solved().records[0])
        with pytest.raises(DatabaseUnreachable):
            await writer.operators()
        assert time.monotonic() - began < 2 * WIDE_MARGIN_S
        assert not writer.healthy
        began = time.monotonic()
        with pytest.raises(DatabaseUnreachable):  # known to be away: not waited for again
            await writer.record(solved().records[0])
        assert time.monotonic() - began < 0.5
        running.cancel()
    for stream in silent:
        stream.transport.abort()
    server.close()


async def test_records_still_waiting_are_told_when_the_writer_stops(url: str) -> None:
    writer = Writer(url, {})
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(failure_of(writer, solved().records[0]))
        await asyncio.sleep(0)
        running = tasks.create_task(writer.run())
        await asyncio.sleep(0)
        running.cancel()
    assert isinstance(waiting.result(), DatabaseUnreachable)


class Wire:
    """A way to the real server that can be cut so that nobody notices: no byte, no close."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = urlsplit(url)
        self._path = folder / ".s.PGSQL.5432"
        self._whole = asyncio.Event()
        self._whole.set()
        self._ends = asyncio.Event()
        self._ends.set()
        user = f"{self._url.netloc.rpartition('@')[0]}@" if "@" in self._url.netloc else ""
        self.url = f"postgresql://{user}{self._url.path}?host={folder}"

    async def run(self, ready: asyncio.Event) -> None:
        """Carry bytes until cancelled."""
        async with await asyncio.start_unix_server(self._join, self._path):
            ready.set()
            await asyncio.Event().wait()

    def cut(self) -> None:
        """From now on nothing passes."""
        self._whole.clear()

    def hold_open(self) -> None:
        """From now on an end that one side makes is kept from the other."""
        self._ends.clear()

    def mend(self) -> None:
        """What was held back passes, and all that follows."""
        self._whole.set()

    async def _join(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        folder = parse_qs(self._url.query).get("host")
        if folder:
            far, forth = await asyncio.open_unix_connection(f"{folder[0]}/.s.PGSQL.5432")
        else:
            far, forth = await asyncio.open_connection(
                self._url.hostname or "127.0.0.1", self._url.port or 5432
            )
        with suppress(ConnectionError):
            await asyncio.gather(self._carry(near, forth), self._carry(far, back))

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            await self._whole.wait()
            target.write(data)
            await target.drain()
        await self._ends.wait()
        target.close()


async def test_a_cut_wire_is_noticed_in_time_and_a_mended_one_is_used_again(
    url: str, connection: Connection
) -> None:
    story = solved()
    with TemporaryDirectory(prefix="lpse-wire-") as folder:
        wire, ready = Wire(url, Path(folder)), asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            carrying = tasks.create_task(wire.run(ready))
            await ready.wait()
            async with running_writer(wire.url) as writer:
                await until_healthy(writer)
                await writer.record(story.records[0])
                wire.cut()
                began = time.monotonic()
                told = await asyncio.gather(
                    *(failure_of(writer, record) for record in story.records[1:5])
                )
                assert all(isinstance(answer, DatabaseUnreachable) for answer in told)
                with pytest.raises(DatabaseUnreachable):
                    await writer.reserve("form", 2026, 1)
                assert time.monotonic() - began < 2 * WIDE_MARGIN_S
                assert not writer.healthy
                wire.mend()
                await until_healthy(writer)
                await record_all(writer, story)
                assert await writer.reserve("form", 2026, 1)
            carrying.cancel()
    assert await connection.fetchval("SELECT count(*) FROM call_events") == len(story.records)


async def test_a_servers_farewell_without_the_wires_end_costs_the_writer_nothing(
    url: str, connection: Connection
) -> None:
    """asyncpg calls what comes between the two an internal error of its own."""
    story = solved()
    with TemporaryDirectory(prefix="lpse-wire-") as folder:
        wire, ready = Wire(url, Path(folder)), asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            carrying = tasks.create_task(wire.run(ready))
            await ready.wait()
            async with running_writer(wire.url) as writer:
                await until_healthy(writer)
                wire.hold_open()
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                await asyncio.sleep(0.2)
                assert isinstance(await failure_of(writer, story.records[0]), DatabaseUnreachable)
                await until_healthy(writer)
                await record_all(writer, story)
            carrying.cancel()
    assert await connection.fetchval("SELECT count(*) FROM call_events") == len(story.records)
