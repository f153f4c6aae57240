"""A few connections kept open for the pages, with the same deadlines and errors as all others.

Calls have connections of their own: however many browsers ask, no call waits for one of them.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from agent.database.connect import DEADLINE_S, Connection, borrowed, open_connection
from agent.database.errors import DatabaseUnreachable

MOST = 4
WAITS_S = 2.0
"""For a connection that others have; then the pages say that the database is too busy."""


class Pool:
    """Connections that are opened when they are needed and kept while they work."""

    def __init__(self, url: str, most: int = MOST) -> None:
        self.url = url
        self._idle: list[Connection] = []
        self._free = asyncio.Semaphore(most)

    @contextlib.asynccontextmanager
    async def connection(self, deadline_s: float = DEADLINE_S) -> AsyncIterator[Connection]:
        """Use one for one short piece of work. Raises DatabaseUnreachable."""
        try:
            async with asyncio.timeout(WAITS_S):
                await self._free.acquire()
        except TimeoutError as error:
            raise DatabaseUnreachable("The database has too much to do for the pages.") from error
        connection: Connection | None = None
        try:
            connection = await self._open()
            async with borrowed(connection, deadline_s):
                yield connection
            self._idle.append(connection)
        except BaseException:
            # What failed may have been the statement's own fault alone; that is not known here.
            if connection is not None:
                connection.terminate()
            raise
        finally:
            self._free.release()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """All of this piece of work or nothing. Raises DatabaseUnreachable."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def _open(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return await open_connection(self.url)

    async def aclose(self) -> None:
        """Close what is idle; whoever still works closes his own."""
        for connection in self._idle:
            connection.terminate()
        self._idle.clear()
