"""Followers of the feed: those who keep up are served from memory, others from the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from agent.database.connect import Connection
from agent.database.feed import FeedStore
from agent.database.queries import sql
from agent.runtime import clock, feed
from agent.runtime.errors import EffectFailed
from agent.runtime.feed import (
    BEGINNING,
    Cursor,
    CursorInvalid,
    Feed,
    FeedPage,
    parse_cursor,
    render_cursor,
)


class CountingStore(FeedStore):
    """The real one, which says how often it was asked, and is away when it is told to be."""

    asked = 0
    away = False

    async def read(self, after: Cursor, limit: int) -> FeedPage:
        """As the real one."""
        self.asked += 1
        if self.away:
            raise EffectFailed("away")
        return await super().read(after, limit)


@asynccontextmanager
async def running(url: str) -> AsyncIterator[tuple[Feed, CountingStore]]:
    store = CountingStore(url)
    followed = Feed(store, look_every_s=0.02)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        job = tasks.create_task(followed.run())
        try:
            yield followed, store
        finally:
            job.cancel()
            await store.aclose()


async def put(connection: Connection, *keys: str) -> None:
    for key in keys:
        await connection.execute(
            sql("put_news"), key, "ticket.taken", clock.now(), f'{{"n":"{key}"}}'
        )


async def until_read(followed: Feed, after: Cursor, count: int) -> tuple[list[str], Cursor]:
    """Follow from a place until so many were heard."""
    heard: list[str] = []
    while len(heard) < count:
        page = await followed.read(after, 2)
        heard += [told.event.data["n"] for told in page.news]
        after = page.cursor
        if not page.more and len(heard) < count:
            await followed.wait(after)
    return heard, after


async def test_who_read_before_the_feed_first_looked_misses_nothing(
    url: str, connection: Connection
) -> None:
    store = CountingStore(url)
    followed = Feed(store, look_every_s=0.02)
    after = (await followed.read(BEGINNING)).cursor
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        waits = tasks.create_task(followed.wait(after))
        await put(connection, "a")
        job = tasks.create_task(followed.run())
        await waits
        assert (await until_read(followed, after, 1))[0] == ["a"]
        with pytest.raises(TimeoutError):  # he has heard everything
            await asyncio.wait_for(followed.wait(await followed.end()), 0.2)
        job.cancel()
    await store.aclose()


async def test_many_followers_from_their_own_places_hear_everything_in_order(
    url: str, connection: Connection
) -> None:
    await put(connection, "a", "b", "c")
    async with running(url) as (followed, _):
        [first] = (await followed.read(BEGINNING, 1)).news
        now = await followed.end()
        async with asyncio.TaskGroup() as tasks:
            whole = tasks.create_task(until_read(followed, BEGINNING, 5))
            later = tasks.create_task(until_read(followed, first.cursor, 4))
            living = [tasks.create_task(until_read(followed, now, 2)) for _ in range(30)]
            await asyncio.sleep(0.1)
            await put(connection, "d", "e")
    assert whole.result()[0] == ["a", "b", "c", "d", "e"]
    assert later.result()[0] == ["b", "c", "d", "e"]
    assert all(one.result()[0] == ["d", "e"] for one in living)


async def test_who_keeps_up_costs_the_database_nothing(url: str, connection: Connection) -> None:
    async with running(url) as (followed, store):
        await followed.wait(BEGINNING)  # for its first look: what came before is not remembered
        await put(connection, "a")
        _, after = await until_read(followed, BEGINNING, 1)
        await put(connection, "b")
        await followed.wait(after)
        store.away = True
        before = store.asked
        for _ in range(50):
            assert [told.event.data["n"] for told in (await followed.read(after)).news] == ["b"]
        with pytest.raises(EffectFailed):
            await followed.read(BEGINNING)
        store.away = False
        assert before > 0
        assert (await until_read(followed, BEGINNING, 2))[0] == ["a", "b"]


async def test_what_is_no_longer_remembered_is_read_from_the_database(
    url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "REMEMBERED", 2)
    async with running(url) as (followed, _):
        start = await followed.end()
        names = [str(number) for number in range(9)]
        await put(connection, *names)
        await until_read(followed, start, 9)
        assert (await until_read(followed, start, 9))[0] == names


async def test_a_database_that_was_away_is_gone_on_with(url: str, connection: Connection) -> None:
    async with running(url) as (followed, store):
        await put(connection, "a")
        _, after = await until_read(followed, BEGINNING, 1)
        store.away = True
        await asyncio.sleep(0.1)
        await put(connection, "b")
        store.away = False
        assert (await until_read(followed, after, 1))[0] == ["b"]


def test_a_place_comes_back_as_it_was_given() -> None:
    cursor = Cursor(2**50, 17)
    assert parse_cursor(render_cursor(cursor)) == cursor
    for text in ("", "1", "-", "x-1", "1-1 ", "1-1\n", "1" * 16 + "-1", "１-1"):
        with pytest.raises(CursorInvalid):
            parse_cursor(text)
