"""The lease on the office's calls, on a connection of its own and by the database's clock."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from agent.database.connect import (
    DEADLINE_S,
    UNREACHABLE,
    Connection,
    borrowed,
    open_connection,
)
from agent.database.errors import DatabaseUnreachable
from agent.database.queries import sql
from agent.runtime.lease import LeaseSeen

WITHIN_S = 0.6
"""For a renewal, and as much to connect: whoever waits longer loses the lease meanwhile."""
PATIENTLY_S = DEADLINE_S
"""For a standby, whom a slow database must not keep out."""


class LeaseStore:
    """Implements runtime.lease.LeaseStore; `holder` says to people whose the lease is."""

    def __init__(self, url: str, holder: str) -> None:
        self._url = url
        self._holder = holder
        self._connection: Connection | None = None

    async def look(self, valid_s: float) -> LeaseSeen:
        """The lease as it is; none runs longer than `valid_s`. Raises DatabaseUnreachable."""
        async with self._connected(PATIENTLY_S) as connection:
            row = await connection.fetchrow(sql("look_at_lease"), valid_s)
        if row is None:
            raise DatabaseUnreachable("The row of the table lease is gone: insert epoch 0 again.")
        return LeaseSeen(row["epoch"], row["free"], row["left_s"])

    async def take(self, seen_epoch: int, valid_s: float) -> int | None:
        """The epoch of a new ownership of this length; None when it cannot be had (any more).

        Raises DatabaseUnreachable.
        """
        async with self._connected(PATIENTLY_S) as connection:
            taken: int | None = await connection.fetchval(
                sql("take_lease"), seen_epoch, self._holder, valid_s
            )
        return taken

    async def renew(self, epoch: int, valid_s: float) -> bool:
        """Whether the calls still belong to this epoch. Raises DatabaseUnreachable."""
        async with self._connected(WITHIN_S) as connection:
            renewed = await connection.fetchval(sql("renew_lease"), epoch, valid_s)
        return renewed is not None

    async def release(self, epoch: int) -> None:
        """Let the next owner begin at once. Raises DatabaseUnreachable."""
        async with self._connected(WITHIN_S) as connection:
            await connection.execute(sql("release_lease"), epoch)

    def close(self) -> None:
        """Give the connection back."""
        if self._connection:
            self._connection.terminate()
        self._connection = None

    @contextlib.asynccontextmanager
    async def _connected(self, within_s: float) -> AsyncIterator[Connection]:
        try:
            if self._connection is None or self._connection.is_closed():
                async with asyncio.timeout(within_s):
                    self._connection = await open_connection(self._url)
            async with borrowed(self._connection, within_s):
                yield self._connection
        except UNREACHABLE as error:
            raise DatabaseUnreachable(f"no answer about the lease ({error!r})") from error
