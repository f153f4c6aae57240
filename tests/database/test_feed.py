"""The feed in a real PostgreSQL: with what it tells of, once, and never behind a reader's back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import pytest_asyncio

from agent.database.case_desk import CaseDesk
from agent.database.connect import Connection
from agent.database.feed import FeedStore, read_feed
from agent.database.queries import sql
from agent.database.recompute import recompute
from agent.database.seed import SeedPlan
from agent.database.tickets import change_ticket
from agent.domain.ticket_events import SolutionConfirmed, TicketSolved, TicketTaken
from agent.runtime import clock
from agent.runtime.feed import BEGINNING, Cursor, Told
from agent.runtime.purge import Retention, purge
from tests.database.a_person import Office
from tests.database.agents import running_writer, until_healthy
from tests.database.desk import on_record, rules
from tests.database.stories import Story, escalated, in_turn, solved
from tests.database.test_seed import fill

HOUR = timedelta(hours=1)


async def recorded(url: str, *stories: Story, writers: int = 1) -> None:
    """Record stories in turn; with several writers each brings all of it, as after a take-over."""
    for _ in range(writers):
        async with running_writer(url) as writer:
            await until_healthy(writer)
            for record in in_turn(list(stories)):
                await writer.record(record)


async def all_of(connection: Connection) -> list[Told]:
    found: list[Told] = []
    after = BEGINNING
    while True:
        page = await read_feed(connection, after, 3)
        found += page.news
        after = page.cursor
        if not page.more:
            return found


def put(connection: Connection, key: str) -> "asyncio.Future[str]":
    """News as a ticket's writer puts them."""
    return connection.execute(sql("put_news"), key, "ticket.taken", clock.now(), "{}")


@pytest_asyncio.fixture
async def other(url: str) -> AsyncIterator[Connection]:
    """A second writer's connection."""
    made = await asyncpg.connect(url)
    yield made
    await made.close()


async def test_a_call_and_its_ticket_are_told_with_their_record(
    url: str, connection: Connection
) -> None:
    story = await on_record(url, start=clock.now() - HOUR)
    await CaseDesk(url, rules()).hand_over(story.call)
    at = clock.now()
    for event in (
        TicketTaken(at=at, by="op-101"),
        TicketSolved(at=at, by="op-101", solution="Perbarui"),
        SolutionConfirmed(at=at, by="op-101"),
    ):
        await change_ticket(url, story.ticket_number, rules(), lambda _t, event=event: event)
    news = await all_of(connection)
    assert [one.event.type for one in news] == [
        "call.arrived",
        "call.answered",
        "call.decided",
        "call.ended",
        "ticket.opened",
        "ticket.taken",
        "ticket.solved",
        "ticket.confirmed",
    ]
    assert news[3].event.data["outcome"] == "escalated"
    assert (news[0].event.timestamp, news[0].event.data["call_id"]) == (
        story.call.arrived.at,
        story.call_id,
    )
    assert len({one.event.id for one in news}) == len(news)
    again = await all_of(connection)
    assert [one.event.id for one in again] == [one.event.id for one in news]


async def test_what_is_recorded_again_is_told_once(url: str, connection: Connection) -> None:
    start = clock.now() - HOUR
    stories = [escalated(1, start, greeting_s=25.0), solved(2, start)]
    await recorded(url, *stories, writers=3)
    news = await all_of(connection)
    assert len(news) == 5 + 1 + 5
    assert await connection.fetchval("SELECT count(*) FROM deviations") == 1
    await connection.execute("UPDATE consultations SET outcome = 'undecided'")
    await connection.execute("UPDATE deviations SET measured_s = 99")
    endings = [one.ending async for one in recompute(url, None, None, repair=True)]
    assert endings == ["repaired", "repaired"]
    assert [one.event.id for one in await all_of(connection)] == [one.event.id for one in news]


async def test_what_was_before_the_feed_reaches_is_no_news(
    url: str, connection: Connection
) -> None:
    await recorded(url, escalated())
    assert await connection.fetchval("SELECT count(*) FROM calls") == 1
    assert await all_of(connection) == []


async def test_made_up_consultations_are_no_news(url: str, connection: Connection) -> None:
    today = clock.now().date()
    await fill(url, SeedPlan(consultations=200, years=1, until=today, seed=1))
    newest: date = await connection.fetchval("SELECT max(arrived_at)::date FROM calls")
    assert newest > today - timedelta(days=20), "too old to show anything"
    assert await all_of(connection) == []


async def test_a_transaction_that_was_given_up_is_not_told(connection: Connection) -> None:
    transaction = connection.transaction()
    await transaction.start()
    await put(connection, "a")
    await transaction.rollback()
    assert await all_of(connection) == []


async def test_who_commits_late_is_not_missed(
    url: str, connection: Connection, other: Connection
) -> None:
    """The slow one has the lower number, and is seen after the quick one has committed."""
    slow = other.transaction()
    await slow.start()
    await put(other, "slow")
    await put(connection, "quick")
    page = await read_feed(connection, BEGINNING, 10)
    assert page.news == (), "nothing may be read that something can still come before"
    await slow.commit()
    after = await read_feed(connection, page.cursor, 10)
    assert len(after.news) == 2
    assert (await read_feed(connection, after.cursor, 10)).news == ()


async def test_a_reader_among_busy_writers_misses_nothing_and_hears_nothing_twice(
    url: str, connection: Connection
) -> None:
    """Some hold their transactions open for long; the reader goes on from place to place."""
    writers, each = 6, 25
    heard: list[str] = []
    by_number: list[int] = []
    over = asyncio.Event()

    async def write(name: int) -> None:
        hand = await asyncpg.connect(url)
        try:
            for number in range(each):
                async with hand.transaction():
                    await put(hand, f"{name}/{number}")
                    await asyncio.sleep((name * 7 + number * 3) % 11 * 0.001)
        finally:
            await hand.close()

    async def read() -> None:
        after = BEGINNING
        while True:
            last = over.is_set()
            page = await read_feed(connection, after, 4)
            heard.extend(one.event.id for one in page.news)
            assert page.cursor >= after
            after = page.cursor
            rows = await connection.fetch(
                "SELECT id FROM feed_events WHERE id > $1 ORDER BY id", max(by_number, default=0)
            )
            by_number.extend(row["id"] for row in rows)
            if last and not page.more:
                return
            await asyncio.sleep(0.001)

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(read())
        async with asyncio.TaskGroup() as writing:
            for name in range(writers):
                writing.create_task(write(name))
        over.set()
        await reading
    assert len(heard) == len(set(heard)) == writers * each
    assert len(by_number) < len(heard), "a reader by number misses some: the rule is needed here"


async def test_a_place_of_another_cluster_begins_anew(connection: Connection) -> None:
    """After a restore from a dump transactions count from a lower number again."""
    await put(connection, "a")
    [told] = (await read_feed(connection, BEGINNING, 10)).news
    far = Cursor(told.cursor.xact + 1_000_000, 7)
    assert [one.event.id for one in (await read_feed(connection, far, 10)).news] == [told.event.id]


async def test_news_out_of_a_dump_are_readable_and_the_same(
    url: str, connection: Connection
) -> None:
    await put(connection, "a")
    await put(connection, "b")
    before = await all_of(connection)
    await connection.execute(
        "UPDATE feed_events SET xact = (xact::text::bigint + 1000000)::text::xid8"
    )
    assert await all_of(connection) == []
    store = FeedStore(url)
    try:
        await store.take_over_restored()
        page = await store.read(BEGINNING, 10)
    finally:
        await store.aclose()
    assert [one.event.id for one in page.news] == [one.event.id for one in before]


async def test_the_purge_forgets_what_is_too_old(
    url: str, connection: Connection, tmp_path: Path
) -> None:
    for key in ("old", "new"):
        await put(connection, key)
    await connection.execute(
        "UPDATE feed_events SET at = at - interval '30 days 1 minute' WHERE key = 'old'"
    )
    await purge(
        Office(url, tmp_path).eraser,
        clock.now(),
        Retention(90, 10),
        "agent",
        lambda _due, _error: None,
    )
    assert await connection.fetchval("SELECT array_agg(key) FROM feed_events") == ["new"]


async def test_reading_on_uses_the_order_of_the_feed(connection: Connection) -> None:
    await connection.execute(
        "INSERT INTO feed_events (xact, key, kind, at, body)"
        " SELECT n::text::xid8, n::text, 'call.ended', now(), '{}'"
        " FROM generate_series(1, 20000) AS n"
    )
    await connection.execute("ANALYZE feed_events")
    statement = await connection.prepare(sql("read_feed"))
    plan = str(await statement.explain("19000", 0, 100))
    assert "feed_place_twice" in plan, plan
    assert "Seq Scan" not in plan, plan
