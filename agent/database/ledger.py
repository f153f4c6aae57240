"""The exchange's ledger in the database: entries and how far its file was read, always together."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from agent.database.connect import Connection, borrowed, open_connection
from agent.database.queries import sql
from agent.database.rows import as_jsonb
from agent.domain.identifiers import ChannelId
from agent.runtime.doors import LedgerEntry, LedgerPosition

_ENTRY = msgspec.json.Decoder(LedgerEntry)


class LedgerStore:
    """Implements runtime.doors.LedgerKeeper on one connection; all raise DatabaseUnreachable.

    What is kept is kept by the owner of this epoch; of a former one it raises StandDown.
    """

    def __init__(self, url: str, *, epoch: int = 0) -> None:
        self._url = url
        self._epoch = epoch
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    async def position(self) -> LedgerPosition:
        """How far the ledger was kept; the very beginning when nothing was."""
        rows = await self._fetch("ledger_position")
        if not rows:
            return LedgerPosition()
        return LedgerPosition(int(rows[0]["inode"]), rows[0]["first_line"], rows[0]["file_offset"])

    async def keep(self, entries: Sequence[LedgerEntry], position: LedgerPosition) -> None:
        """One transaction; what is there already is no error."""
        place = position.inode, position.first_line, position.offset
        await self._fetch("keep_ledger", as_jsonb(entries), *place, self._epoch)

    async def entries_of(self, caller: ChannelId) -> list[LedgerEntry]:
        """Everything kept of this caller's call, in order."""
        rows = await self._fetch("ledger_entries_of", caller)
        return [_ENTRY.decode(row["entry"]) for row in rows]

    async def unmet_callers(self, exchange_started_at: datetime) -> list[ChannelId]:
        """Callers without a record, oldest first, a hundred at most."""
        await self._fetch("settle_recorded_callers")
        rows = await self._fetch("unmet_callers", exchange_started_at)
        return [ChannelId(row["channel"]) for row in rows]

    async def settle(self, callers: Sequence[ChannelId]) -> None:
        """Look at these no more."""
        await self._fetch("settle_callers", list(callers))

    async def forget_old(self) -> None:
        """Entries that no record can need any more; they hold callers' numbers."""
        await self._fetch("forget_old_ledger")

    async def aclose(self) -> None:
        """Give the connection back."""
        if self._connection:
            self._connection.terminate()
        self._connection = None

    async def _fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                self._connection = await open_connection(self._url)
            async with borrowed(self._connection):
                return list(await self._connection.fetch(sql(query), *arguments))
