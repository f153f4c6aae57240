"""A recorder that fails on demand, as a real database will not: the journal's and pool's behind."""

import asyncio
from collections.abc import Sequence

from agent.domain.identifiers import CallId
from agent.domain.numbers import YearNumber
from agent.runtime.errors import EffectFailed, RecordRefused, StandDown
from agent.runtime.recorder import (
    NumberKind,
    OperatorAccount,
    PresenceEntry,
    Record,
    UnfinishedCall,
)

SITI = OperatorAccount("op-101", "Siti", "256", "md5")


class FaultyDatabase:
    """Keeps what it is given, each record once, as long as it is not told to be away."""

    def __init__(self) -> None:
        self.kept: list[Record] = []
        self.presence: list[PresenceEntry] = []
        self.refuses_presence = False
        self.times_asked = 0
        self.times_given = 0
        self.reservations: list[tuple[NumberKind, int, int]] = []
        self.away = False
        self.broken = False
        """Our own code at this door makes a mistake."""
        self.seconds = 0.0
        """How long it takes over each record."""
        self.away_after: int | None = None
        self.refuses: set[CallId] = set()
        self.empty = False
        self.belongs_to_another = False
        self.open = asyncio.Event()
        self.open.set()
        self._next: dict[tuple[NumberKind, int], int] = {}

    async def record(self, record: Record) -> None:
        """Keep it; one that is there already is no error."""
        self.times_asked += 1
        await self._reach()
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self.away_after is not None:
            self.away = self.away_after == 0
            self.away_after -= 1
            await self._reach()
        if self.belongs_to_another:
            raise StandDown("the calls belong to another epoch")
        if record.call_id in self.refuses:
            raise RecordRefused("a column does not fit")
        self.times_given += 1
        if all((k.call_id, k.sequence) != (record.call_id, record.sequence) for k in self.kept):
            self.kept.append(record)

    async def reserve(self, kind: NumberKind, year: int, count: int) -> list[YearNumber]:
        """The next numbers of that year."""
        await self._reach()
        self.reservations.append((kind, year, count))
        if self.empty:
            return []
        first = self._next.get((kind, year), 1)
        self._next[kind, year] = first + count
        return [YearNumber(year, n) for n in range(first, first + count)]

    def continue_at(self, kind: NumberKind, year: int, number: int) -> None:
        """The next numbers that are reserved begin here."""
        self._next[kind, year] = number

    async def unfinished(self) -> list[UnfinishedCall]:
        """Calls whose last record is not archived."""
        await self._reach()
        last = {record.call_id: record for record in self.kept}
        return [UnfinishedCall(record.call, record.pending) for record in last.values()]

    async def operators(self) -> list[OperatorAccount]:
        """One operator."""
        await self._reach()
        return [SITI]

    async def keep_presence(self, entries: Sequence[PresenceEntry]) -> None:
        """Keep them in their order."""
        await self._reach()
        if self.refuses_presence:
            raise RecordRefused("a column does not fit")
        self.presence += entries

    async def _reach(self) -> None:
        await self.open.wait()
        if self.broken:
            raise RuntimeError("a mistake of ours in the database")
        if self.away:
            raise EffectFailed("the database does not answer")
