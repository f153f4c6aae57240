import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from agent.database.connect import Connection
from agent.database.errors import DatabaseUnreachable
from agent.database.ledger import LedgerStore
from agent.domain.identifiers import ChannelId
from agent.runtime.doors import LedgerEntry, LedgerPosition
from agent.runtime.errors import StandDown
from tests.database.agents import running_writer
from tests.database.stories import abandoned

BEGAN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NEVER = datetime.min.replace(tzinfo=UTC)
CALLER, LEG = ChannelId("1795338000.7"), ChannelId("1795338003.9")
POSITION = LedgerPosition(2**63 + 5, "ab12", 4096)


def entry(kind: str, channel: ChannelId = CALLER, after: float = 0.0, **more: str) -> LedgerEntry:
    fields = {"linked": CALLER, "device": "PJSIP/trunk-1", **more}
    at = BEGAN + timedelta(seconds=after)
    return LedgerEntry(at=at, kind=kind, channel=channel, **fields)  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[LedgerStore]:
    made = LedgerStore(url)
    yield made
    await made.aclose()


async def test_a_ledger_that_was_never_kept_begins_at_the_beginning(store: LedgerStore) -> None:
    assert await store.position() == LedgerPosition()


async def test_entries_and_how_far_they_were_read_are_kept_together(store: LedgerStore) -> None:
    entries = [entry("began"), entry("answered", LEG, 3), entry("ended", after=9)]
    await store.keep(entries, POSITION)
    assert await store.position() == POSITION
    assert await store.entries_of(CALLER) == entries


async def test_what_is_read_twice_is_kept_once(store: LedgerStore) -> None:
    await store.keep([entry("began")], LedgerPosition(1, "a", 10))
    await store.keep([entry("began"), entry("ended", after=1)], LedgerPosition(1, "a", 20))
    assert len(await store.entries_of(CALLER)) == 2
    assert await store.position() == LedgerPosition(1, "a", 20)


async def test_a_name_that_postgresql_cannot_hold_does_not_cost_the_rest(
    store: LedgerStore,
) -> None:
    await store.keep([entry("began", shown="a\x00b")], POSITION)
    assert (await store.entries_of(CALLER))[0].shown == "a\ufffdb"


async def test_a_caller_without_a_record_is_unmet_once_his_call_is_over(
    store: LedgerStore,
) -> None:
    await store.keep([entry("began"), entry("answered", LEG, 3)], POSITION)
    assert await store.unmet_callers(NEVER) == []
    await store.keep([entry("ended", LEG, 8)], POSITION)
    assert await store.unmet_callers(NEVER) == [], "an operator's leg is not the caller's"
    await store.keep([entry("ended", after=9)], POSITION)
    assert await store.unmet_callers(NEVER) == [CALLER]
    await store.settle([CALLER])
    assert await store.unmet_callers(NEVER) == []


async def test_a_caller_whose_call_died_with_the_exchange_is_unmet_too(store: LedgerStore) -> None:
    await store.keep([entry("began")], POSITION)
    assert await store.unmet_callers(BEGAN) == []
    assert await store.unmet_callers(BEGAN + timedelta(seconds=1)) == [CALLER]


async def test_a_caller_who_is_on_record_is_never_unmet(url: str, store: LedgerStore) -> None:
    story = abandoned()
    async with running_writer(url) as writer:
        for record in story.records:
            await writer.record(record)
    channel = story.call.channel
    kept = [entry("began", channel, linked=channel), entry("ended", channel, 9, linked=channel)]
    await store.keep(kept, POSITION)
    assert await store.unmet_callers(BEGAN + timedelta(days=1)) == []


async def test_old_entries_are_forgotten_and_young_ones_stay(
    store: LedgerStore, connection: Connection
) -> None:
    await store.keep([entry("began"), entry("ended", after=9)], POSITION)
    await connection.execute(
        "UPDATE exchange_ledger SET at = now() - interval '91 days' WHERE kind = 'began'"
    )
    await connection.execute("UPDATE exchange_ledger SET at = now() WHERE kind = 'ended'")
    await store.forget_old()
    assert [e.kind for e in await store.entries_of(CALLER)] == ["ended"]


async def test_a_lost_connection_is_made_anew(store: LedgerStore, connection: Connection) -> None:
    await store.position()
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with contextlib.suppress(DatabaseUnreachable):  # as soon as it sees that it was ended
        await store.position()
    assert await store.position() == LedgerPosition()


async def test_a_former_owner_keeps_nothing_more(
    url: str, store: LedgerStore, connection: Connection
) -> None:
    await connection.execute("UPDATE lease SET epoch = 2")
    former = LedgerStore(url, epoch=1)
    with pytest.raises(StandDown):
        await former.keep([entry("began")], POSITION)
    await former.aclose()
    assert await store.position() == LedgerPosition()
    assert await store.entries_of(CALLER) == []
