"""The lease by a real PostgreSQL: one owner at a time, and the database refuses the one before."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from msgspec.structs import replace

from agent.database.connect import Connection
from agent.database.errors import DatabaseUnreachable, RecordRefused
from agent.database.lease import WITHIN_S, LeaseStore
from agent.database.sops import all_sops
from agent.database.writer import Writer
from agent.runtime.errors import StandDown
from agent.runtime.recorder import Record
from tests.database.agents import WIDE_MARGIN_S, running_writer, until_healthy
from tests.database.stories import Story, abandoned, solved
from tests.database.test_writer_faults import HANG_AT_THE_STEPS

VALID_S = 1.5
OVER = "UPDATE lease SET expires_at = now() - interval '1 s'"


@asynccontextmanager
async def stores(url: str, *holders: str) -> AsyncIterator[list[LeaseStore]]:
    """As many agents as names, each with a connection of its own."""
    made = [LeaseStore(url, holder) for holder in holders]
    try:
        yield made
    finally:
        for store in made:
            store.close()


async def test_a_lease_is_taken_once_and_its_epoch_is_one_higher(
    url: str, connection: Connection
) -> None:
    async with stores(url, "siti", "budi") as [first, second]:
        seen = await first.look(VALID_S)
        assert (seen.epoch, seen.free) == (0, True)
        taken = await asyncio.gather(first.take(0, VALID_S), second.take(0, VALID_S))
        assert sorted(taken, key=str) == [1, None]
        seen = await second.look(VALID_S)
        assert (seen.epoch, seen.free) == (1, False)
        assert 0.5 < seen.left_s <= VALID_S
        assert await second.take(1, VALID_S) is None, "it is not over"
    assert await connection.fetchval("SELECT holder FROM lease") in ("siti", "budi")


async def test_a_lease_that_is_over_is_renewed_late_or_taken_but_not_both(
    url: str, connection: Connection
) -> None:
    async with stores(url, "siti", "budi") as [first, second]:
        assert await first.take(0, VALID_S) == 1
        await connection.execute(OVER)
        assert (await second.look(VALID_S)).left_s < 0
        assert await first.renew(1, VALID_S), "nobody has taken over"
        assert await second.take(1, VALID_S) is None, "it was renewed"
        await connection.execute(OVER)
        assert await second.take(1, VALID_S) == 2
        assert not await first.renew(1, VALID_S)
        assert await second.renew(2, VALID_S)


async def test_what_was_seen_before_another_took_over_is_worth_nothing(
    url: str, connection: Connection
) -> None:
    async with stores(url, "siti", "budi", "ratna") as [first, second, third]:
        assert await first.take(0, VALID_S) == 1
        await connection.execute(OVER)
        seen = await third.look(VALID_S)
        assert await second.take(1, VALID_S) == 2
        await connection.execute(OVER)
        assert await third.take(seen.epoch, VALID_S) is None


async def test_a_released_lease_is_free_at_once_and_only_its_owner_can_release_it(
    url: str,
) -> None:
    async with stores(url, "siti", "budi") as [first, second]:
        assert await first.take(0, VALID_S) == 1
        await second.release(0)
        assert not (await second.look(VALID_S)).free
        await first.release(1)
        assert (await second.look(VALID_S)).free
        assert await second.take(1, VALID_S) == 2


async def test_a_clock_that_jumped_back_leaves_no_lease_for_hours(
    url: str, connection: Connection
) -> None:
    async with stores(url, "siti", "budi") as [first, second]:
        assert await first.take(0, VALID_S) == 1
        await connection.execute("UPDATE lease SET expires_at = now() + interval '1 h'")
        assert (await second.look(VALID_S)).left_s <= 0
        assert await second.take(1, VALID_S) == 2


async def test_there_is_one_lease(connection: Connection) -> None:
    with pytest.raises(asyncpg.UniqueViolationError, match="second_lease"):
        await connection.execute("INSERT INTO lease (epoch) VALUES (7)")
    with pytest.raises(asyncpg.CheckViolationError, match="lease_beside_the_only_one"):
        await connection.execute("INSERT INTO lease (epoch, the_only_one) VALUES (7, false)")


async def test_a_database_that_does_not_answer_is_given_up_within_a_second() -> None:
    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        silent.append(writer)

    silent: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with stores(f"postgresql://lpse@127.0.0.1:{port}/postgres", "siti") as [store]:
        began = time.monotonic()
        with pytest.raises(DatabaseUnreachable):
            await store.renew(1, VALID_S)
        assert WITHIN_S * 0.9 < time.monotonic() - began < WIDE_MARGIN_S
    for stream in silent:
        stream.transport.abort()
    server.close()


async def test_a_connection_that_was_cut_is_made_anew(url: str, connection: Connection) -> None:
    async with stores(url, "siti") as [store]:
        assert await store.take(0, VALID_S) == 1
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with contextlib.suppress(DatabaseUnreachable):  # unless the loss was noticed before
            await store.renew(1, VALID_S)
        assert await store.renew(1, VALID_S)


async def fails_with(writer: Writer, record: Record) -> Exception | None:
    """What keeps a record from being durable."""
    try:
        await writer.record(record)
    except (StandDown, RecordRefused, DatabaseUnreachable) as error:
        return error
    return None


async def test_whoever_is_owner_no_more_can_neither_record_nor_reserve_nor_take_calls_on(
    url: str, connection: Connection
) -> None:
    mine, late = solved(1), [solved(number) for number in range(2, 5)]
    former = Writer(url, await all_sops(url), epoch=1)
    async with stores(url, "siti", "budi") as [first, second]:
        assert await first.take(0, VALID_S) == 1
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(_ends_with(former))
            await until_healthy(former)
            await former.record(_of_epoch(mine, 1).records[0])
            await connection.execute(OVER)
            assert await second.take(1, VALID_S) == 2
            refused = await asyncio.gather(
                *(fails_with(former, story.records[0]) for story in late)
            )
            assert {type(error) for error in refused} == {StandDown}
            assert isinstance(await running, StandDown), "and its service learns of it"
            assert isinstance(await fails_with(former, late[0].records[0]), StandDown), (
                "not once, for ever"
            )
            for attempt in (former.unfinished(), former.reserve("form", 2026, 1)):
                with pytest.raises(StandDown, match="belong to epoch 2, not to 1"):
                    await attempt
            await former.aclose()
    assert await connection.fetchval("SELECT count(*) FROM call_events") == 1
    assert await connection.fetchval("SELECT epoch FROM call_events") == 1
    assert await connection.fetchval("SELECT count(*) FROM number_reservations") == 0


async def _ends_with(writer: Writer) -> Exception | None:
    try:
        await writer.run()
    except StandDown as error:
        return error
    return None


def _of_epoch(story: Story, epoch: int) -> Story:
    story.records = [replace(record, epoch=epoch) for record in story.records]
    return story


async def test_a_take_over_waits_for_a_record_in_flight_and_a_renewal_does_not(
    url: str, connection: Connection
) -> None:
    """Else the next owner would read a call without what is written of it in this moment."""
    await connection.execute(HANG_AT_THE_STEPS)
    [first_record, *_] = _of_epoch(solved(1), 1).records
    async with stores(url, "siti", "budi") as [first, second]:
        assert await first.take(0, VALID_S) == 1
        async with running_writer(url, epoch=1) as writer, asyncio.TaskGroup() as tasks:
            await until_healthy(writer)
            await connection.execute("SELECT pg_advisory_lock(1)")
            recording = tasks.create_task(fails_with(writer, first_record))
            async with asyncio.timeout(WIDE_MARGIN_S):
                while not await connection.fetchval(  # noqa: ASYNC110 a real server tells nobody
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    " AND datname = current_database()"
                ):
                    await asyncio.sleep(0.005)
            assert await first.renew(1, VALID_S)
            await connection.execute(OVER)
            taking = tasks.create_task(second.take(1, VALID_S))
            await asyncio.sleep(0.3)
            assert not taking.done()
            await connection.execute("SELECT pg_advisory_unlock(1)")
            assert await recording is None
            assert await taking == 2


async def test_a_late_record_of_a_former_owner_counts_unless_somebody_went_on_with_the_call(
    url: str, connection: Connection
) -> None:
    """What a journal kept of epoch 1 is drained by the owner of epoch 2, before and after."""
    ended, open_call, unmet = (
        _of_epoch(story, 1) for story in (abandoned(1), solved(2), abandoned(3))
    )
    known, late = open_call.records[:5], open_call.records[5:]
    async with stores(url, "siti") as [store]:
        await store.take(0, VALID_S)
        await store.release(1)
        assert await store.take(1, VALID_S) == 2
        async with running_writer(url, epoch=2) as writer:
            for record in (*ended.records, *known):
                await writer.record(record)
            [taken_on] = await writer.unfinished()
            assert taken_on.call == known[-1].call
            refused = [await fails_with(writer, record) for record in late]
            assert all(isinstance(error, RecordRefused) for error in refused)
            for record in unmet.records:
                await writer.record(record)
            await writer.record(replace(late[0], epoch=2))
    epochs = await connection.fetch("SELECT call_id, epoch FROM calls ORDER BY call_id")
    assert [tuple(row) for row in epochs] == [("call-1", 1), ("call-2", 2), ("call-3", 1)]
    events = await connection.fetch(
        "SELECT epoch, count(*) FROM call_events WHERE call_id = 'call-2' GROUP BY 1 ORDER BY 1"
    )
    assert [tuple(row) for row in events] == [(1, 5), (2, 1)]
