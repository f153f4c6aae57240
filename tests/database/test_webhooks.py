"""Subscriptions in a real database: each begins now, goes on at its own place, and is let go."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from agent.database.connect import Connection
from agent.database.feed import read_feed
from agent.database.queries import sql
from agent.database.webhooks import (
    MOST_SUBSCRIPTIONS,
    SubscriptionRefused,
    SubscriptionStore,
    SubscriptionUnknown,
    add_subscription,
    enable_subscription,
    list_subscriptions,
    read_subscription,
    remove_subscription,
)
from agent.runtime import clock
from agent.runtime.errors import StandDown
from agent.runtime.feed import Cursor

URL = "https://app.example.go.id/hook"
WEEK_S = 7 * 86400.0


async def add(connection: Connection, *kinds: str) -> int:
    return await add_subscription(connection, URL, kinds, "whsec_x", "system:root")


async def put(connection: Connection, key: str) -> None:
    await connection.execute(sql("put_news"), key, "ticket.taken", clock.now(), "{}")


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[SubscriptionStore]:
    """As the first owner has it."""
    made = SubscriptionStore(url, epoch=0)
    yield made
    await made.aclose()


async def test_a_new_one_is_told_what_nobody_could_have_read_before(
    url: str, connection: Connection, store: SubscriptionStore
) -> None:
    await put(connection, "before")
    other = await asyncpg.connect(url)
    late = other.transaction()
    await late.start()
    await put(other, "begun before, there after")
    await add(connection, "ticket.taken", "ticket.taken", "call.ended")
    await late.commit()
    await other.close()
    await put(connection, "after")
    [one] = await store.active()
    assert one.kinds == ("ticket.taken", "call.ended")
    assert len((await read_feed(connection, one.told, 10)).news) == 2


async def test_kinds_that_there_are_not_and_too_many_are_refused(connection: Connection) -> None:
    with pytest.raises(SubscriptionRefused, match=r"no news call\.rung"):
        await add(connection, "call.rung")
    for _ in range(MOST_SUBSCRIPTIONS):
        await add(connection)
    with pytest.raises(SubscriptionRefused, match="remove one"):
        await add(connection)


async def test_it_goes_on_where_it_was_told(
    connection: Connection, store: SubscriptionStore
) -> None:
    id_ = await add(connection)
    await store.mark_failed(id_, "away", for_good=False, give_up_s=WEEK_S)
    await store.mark_told(id_, Cursor(2**40, 7), given=False)
    [kept] = await list_subscriptions(connection)
    assert (kept.told_at, kept.last_error) == (None, "away")
    assert kept.failing_since is not None
    await store.mark_told(id_, Cursor(2**40, 8), given=True)
    [kept] = await list_subscriptions(connection)
    assert (kept.failing_since, kept.last_error) == (None, None)
    assert kept.told_at is not None
    [one] = await store.active()
    assert one.told == Cursor(2**40, 8)


async def test_a_week_of_failures_disables_it_until_somebody_wants_it_again(
    connection: Connection, store: SubscriptionStore
) -> None:
    id_ = await add(connection)
    assert not await store.mark_failed(id_, "away", for_good=False, give_up_s=WEEK_S)
    shift = "UPDATE webhook_subscriptions SET failing_since = now() - interval '6 days 23 hours'"
    await connection.execute(shift)
    assert not await store.mark_failed(id_, "away", for_good=False, give_up_s=WEEK_S)
    await connection.execute(shift.replace("6 days", "7 days"))
    assert await store.mark_failed(id_, "away", for_good=False, give_up_s=WEEK_S)
    assert await store.active() == []
    await enable_subscription(connection, id_, "ratna")
    [one] = await store.active()
    assert one == await read_subscription(connection, id_)


async def test_who_is_gone_is_disabled_at_once_and_who_was_removed_is_no_more(
    connection: Connection, store: SubscriptionStore
) -> None:
    first, second = await add(connection), await add(connection)
    assert await store.mark_failed(first, "410", for_good=True, give_up_s=WEEK_S)
    await remove_subscription(connection, second, "ratna")
    assert await store.mark_failed(second, "away", for_good=False, give_up_s=WEEK_S)
    await store.mark_told(second, Cursor(1, 1), given=True)
    assert [one.id for one in await list_subscriptions(connection)] == [first]
    for refused in (
        remove_subscription(connection, second, "ratna"),
        enable_subscription(connection, second, "ratna"),
        read_subscription(connection, second),
    ):
        with pytest.raises(SubscriptionUnknown, match="webhook list"):
            await refused


async def test_a_former_owner_moves_nobody(
    connection: Connection, store: SubscriptionStore
) -> None:
    id_ = await add(connection)
    await connection.execute("UPDATE lease SET epoch = 1")
    with pytest.raises(StandDown):
        await store.mark_told(id_, Cursor(1, 1), given=True)
    with pytest.raises(StandDown):
        await store.mark_failed(id_, "away", for_good=False, give_up_s=WEEK_S)
