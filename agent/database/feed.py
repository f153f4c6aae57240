"""The feed in PostgreSQL: what can be read of it at any moment can never be come before."""

import asyncio

import asyncpg
import msgspec

from agent.database.connect import Connection, borrowed, open_connection
from agent.database.queries import sql
from agent.runtime.feed import Cursor, Event, FeedPage, Told


async def read_feed(connection: Connection, after: Cursor, limit: int) -> FeedPage:
    """At most so many news after a place, in the order that all readers see.

    News of a transaction that still runs, and all younger ones, wait for its end. Raises what
    asyncpg raises.
    """
    rows = await connection.fetch(sql("read_feed"), str(after.xact), after.place, limit)
    news = tuple(_told(row) for row in rows if row["id"] is not None)
    if news and len(news) == limit:
        return FeedPage(news, news[-1].cursor, more=True)
    return FeedPage(news, Cursor(rows[0]["readable"], 0), more=False)


class FeedStore:
    """Implements runtime.feed.FeedStore on one connection; all raise DatabaseUnreachable."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    async def read(self, after: Cursor, limit: int) -> FeedPage:
        """At most so many news after a place."""
        async with self._turn:
            connection = await self._connected()
            async with borrowed(connection):
                return await read_feed(connection, after, limit)

    async def take_over_restored(self) -> None:
        """After a restore from a dump: what was told in the other cluster is readable here."""
        async with self._turn:
            connection = await self._connected()
            async with borrowed(connection):
                await connection.execute(sql("take_over_restored_news"))

    async def aclose(self) -> None:
        """Give the connection back."""
        if self._connection:
            self._connection.terminate()
        self._connection = None

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await open_connection(self._url)
        return self._connection


def _told(row: asyncpg.Record) -> Told:
    event = Event(row["name"], row["kind"], row["at"], msgspec.json.decode(row["body"]))
    return Told(event, Cursor(row["xact"], row["id"]))
