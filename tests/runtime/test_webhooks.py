"""Webhooks at work: a real database, and real receivers that are down, slow or gone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from agent.database.connect import Connection
from agent.database.feed import FeedStore
from agent.database.queries import sql
from agent.database.webhooks import (
    KeptSubscription,
    SubscriptionStore,
    add_subscription,
    list_subscriptions,
    remove_subscription,
)
from agent.handover.news import NewsPoster
from agent.handover.receiver_address import make_session
from agent.handover.webhooks import new_secret
from agent.runtime import clock
from agent.runtime.errors import StandDown
from agent.runtime.feed import Feed
from agent.runtime.webhooks import WebhookWorker
from tests.handover.receivers import NewsReceiver, receiving
from tests.runtime.waiting import until

SECRET = new_secret()
QUICK_S = 0.02


async def always() -> None:
    """The calls are ours."""


@asynccontextmanager
async def worker(
    url: str,
    may_send: Callable[[], Awaitable[None]] = always,
    deadline_s: float = 10.0,
    give_up_s: float = 7 * 86400.0,
) -> AsyncIterator[None]:
    """One owner's worker, stopped at once at the end."""
    news, store = FeedStore(url), SubscriptionStore(url)
    feed = Feed(news, look_every_s=QUICK_S)
    try:
        async with (
            asyncio.timeout(90),
            make_session() as session,
            asyncio.TaskGroup() as tasks,
        ):
            made = WebhookWorker(
                store,
                feed,
                NewsPoster(session, deadline_s),
                may_send,
                first_pause_s=QUICK_S,
                look_every_s=QUICK_S,
                give_up_s=give_up_s,
            )
            jobs = [tasks.create_task(feed.run()), tasks.create_task(made.run())]
            yield
            for job in jobs:
                job.cancel()
    finally:
        await news.aclose()
        await store.aclose()


async def subscribe(connection: Connection, receiver: NewsReceiver, *kinds: str) -> int:
    return await add_subscription(connection, receiver.url, kinds, receiver.secret, "system:root")


async def happen(connection: Connection, *kinds: str) -> None:
    """Things happen, one after the other; each is told apart by its number."""
    for kind in kinds:
        number = await connection.fetchval("SELECT count(*) FROM feed_events")
        key, body = f"news-{number}", f'{{"number": {number}}}'
        await connection.execute(sql("put_news"), key, kind, clock.now(), body)


def numbers(receiver: NewsReceiver) -> list[int]:
    return [content["data"]["number"] for _, content in receiver.came]


async def kept(connection: Connection) -> KeptSubscription:
    [one] = await list_subscriptions(connection)
    return one


async def test_receivers_are_told_what_they_asked_for_in_order(
    url: str, connection: Connection
) -> None:
    async with receiving(SECRET) as all_, receiving(new_secret()) as some, worker(url):
        await happen(connection, "call.arrived")
        await subscribe(connection, all_)
        await subscribe(connection, some, "ticket.opened", "call.ended")
        wanted = ["call.answered", "ticket.opened", "call.ended", "call.archived"]
        await happen(connection, *wanted * 3)
        await until(lambda: len(all_.came) == 12 and len(some.came) == 6)
        assert all_.kinds == wanted * 3
        assert some.kinds == ["ticket.opened", "call.ended"] * 3
        assert numbers(all_) == list(range(1, 13))
        [(name, content), *_] = all_.came
        assert set(content) == {"id", "type", "timestamp", "data"}
        assert content["id"] == name
        assert {name for name, _ in some.came} < {name for name, _ in all_.came}


async def test_an_answer_of_500_is_tried_again_and_nothing_overtakes(
    url: str, connection: Connection
) -> None:
    async with receiving(SECRET) as receiver, worker(url):
        receiver.answers = [500, 503, 400, 429, 204, 500]
        await subscribe(connection, receiver)
        await happen(connection, "call.arrived", "call.ended", "call.archived")
        await until(lambda: len(receiver.came) == 3)
        assert numbers(receiver) == [0, 1, 2]
        assert receiver.asked == 8


async def test_a_lost_answer_brings_the_same_news_again_under_the_same_id(
    url: str, connection: Connection
) -> None:
    async with receiving(SECRET) as receiver, worker(url):
        receiver.answers = [None]
        await subscribe(connection, receiver)
        await happen(connection, "call.arrived", "call.ended")
        await until(lambda: len(receiver.came) == 3)
        assert numbers(receiver) == [0, 0, 1]
        assert receiver.came[0] == receiver.came[1]


async def test_one_who_is_down_or_slow_holds_up_nobody_and_gets_all_when_he_is_back(
    url: str, connection: Connection
) -> None:
    async with receiving(SECRET) as gone:
        pass
    port = int(gone.url.rpartition(":")[2].partition("/")[0])
    async with (
        receiving(new_secret()) as slow,
        receiving(new_secret()) as well,
        worker(url, deadline_s=0.5),
    ):
        slow.waits_s = 60.0
        for receiver in (gone, slow, well):
            await subscribe(connection, receiver)
        await happen(connection, *["call.ended"] * 20)
        await until(lambda: len(well.came) == 20)
        assert slow.came == gone.came == []
        await until(lambda: slow.asked >= 2)
        failing = await connection.fetchval(
            "SELECT count(*) FROM webhook_subscriptions WHERE failing_since IS NOT NULL"
        )
        assert failing == 2
        slow.waits_s = 0.0
        async with receiving(SECRET, port) as back:
            await until(lambda: len(back.came) == 20 and len(slow.came) == 20)
            assert numbers(back) == numbers(slow) == list(range(20))


async def test_what_was_told_is_not_told_again_by_the_next_owner(
    url: str, connection: Connection
) -> None:
    async with receiving(SECRET) as receiver:
        await subscribe(connection, receiver)
        async with worker(url):
            await happen(connection, "call.arrived", "call.ended")
            await until(lambda: len(receiver.came) == 2)
            await until_told(connection, 2)
        await happen(connection, "call.archived")
        async with worker(url):
            await until(lambda: len(receiver.came) >= 3)
            await asyncio.sleep(5 * QUICK_S)
        assert numbers(receiver) == [0, 1, 2]


async def until_told(connection: Connection, place: int) -> None:
    """Wait until what a receiver has is on record."""
    while await connection.fetchval("SELECT told_id FROM webhook_subscriptions") < place:  # noqa: ASYNC110 nobody tells
        await asyncio.sleep(0.01)


async def test_who_says_that_he_is_gone_is_told_nothing_more(
    url: str, connection: Connection
) -> None:
    with capture_logs() as logs:
        async with receiving(SECRET) as receiver, worker(url):
            receiver.answers = [204, 410]
            await subscribe(connection, receiver)
            await happen(connection, "call.arrived", "call.ended", "call.archived")
            while (await kept(connection)).disabled_at is None:  # noqa: ASYNC110 nobody tells
                await asyncio.sleep(0.01)
            await asyncio.sleep(5 * QUICK_S)
            assert (numbers(receiver), receiver.asked) == ([0], 2)
    [line] = [line for line in logs if line["event"] == "webhook_disabled"]
    assert line["log_level"] == "error"
    assert "410" in line["reason"]


async def test_after_its_time_of_failures_it_is_disabled_with_an_alarm(
    url: str, connection: Connection
) -> None:
    with capture_logs() as logs:
        async with receiving(SECRET) as receiver, worker(url, give_up_s=0.1):
            receiver.answers = [500] * 1000
            await subscribe(connection, receiver)
            await happen(connection, "call.arrived")
            while (await kept(connection)).disabled_at is None:  # noqa: ASYNC110 nobody tells
                await asyncio.sleep(0.01)
    assert any(line["event"] == "webhook_disabled" for line in logs)
    assert any(line["event"] == "webhook_not_accepted" for line in logs)


async def test_one_who_is_removed_is_left_alone(url: str, connection: Connection) -> None:
    async with receiving(SECRET) as receiver, receiving(new_secret()) as other, worker(url):
        id_ = await subscribe(connection, receiver)
        await subscribe(connection, other)
        receiver.answers = [500] * 1000
        await happen(connection, "call.arrived")
        await until(lambda: receiver.asked > 1)
        await remove_subscription(connection, id_, "ratna")
        await asyncio.sleep(10 * QUICK_S)
        asked = receiver.asked
        await happen(connection, "call.ended")
        await until(lambda: len(other.came) == 2)
        assert receiver.asked <= asked + 1


async def test_a_database_that_is_lost_meanwhile_is_found_again(
    url: str, connection: Connection
) -> None:
    async with receiving(SECRET) as receiver, worker(url):
        await subscribe(connection, receiver)
        await happen(connection, "call.arrived")
        await until(lambda: len(receiver.came) == 1)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await happen(connection, "call.ended")
        await until(lambda: 1 in numbers(receiver))


async def test_who_has_lost_the_calls_tells_nobody(url: str, connection: Connection) -> None:
    async def lost() -> None:
        raise StandDown("another owner")

    async with receiving(SECRET) as receiver:
        await subscribe(connection, receiver)
        await happen(connection, "call.arrived")
        with pytest.raises(ExceptionGroup) as raised:
            async with worker(url, lost):
                await asyncio.sleep(20)
        assert raised.group_contains(StandDown)
        assert receiver.asked == 0


async def test_a_mistake_of_ours_costs_no_other_receiver(url: str, connection: Connection) -> None:
    async with receiving(SECRET) as receiver, worker(url):
        await add_subscription(connection, receiver.url, (), "no secret", "system:root")
        await subscribe(connection, receiver)
        await happen(connection, "call.arrived", "call.ended")
        await until(lambda: len(receiver.came) == 2)
