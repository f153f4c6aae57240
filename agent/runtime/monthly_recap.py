"""The recap of every month that is over: made once, by whoever owns the calls, and put on record.

The SOP requires the recap and no step writes it. Months that ended while nobody ran are made up
for, from that of the first call on. A month that fails is tried again until it is on record.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any, Protocol

import msgspec
import structlog

from agent.domain.recap_period import RecapPeriod, months_due
from agent.runtime import clock
from agent.runtime.errors import EffectFailed

LOOK_EVERY_S = 600.0
AGAIN_S = 300.0
"""After a failure."""

log = structlog.get_logger()


class MadeRecap(msgspec.Struct, frozen=True, kw_only=True):
    """A recap that was written; `path` is its paper's place below the folder of recaps."""

    path: str
    sha256: str
    made_at: datetime
    rows: int
    totals: dict[str, Any]


class RecapStore(Protocol):
    """The record of the monthly recaps. All raise EffectFailed."""

    async def first_call_at(self) -> datetime | None:
        """When the first call on record arrived."""

    async def months(self) -> frozenset[date]:
        """The first days of the months that have a recap."""

    async def keep(self, month: date, made: MadeRecap) -> None:
        """Put a month's recap on record; one that has a record already keeps it."""


Make = Callable[[RecapPeriod], Awaitable[MadeRecap]]
"""Writes the recap of a month, over what an earlier try has left; raises EffectFailed."""


class MonthlyRecap:
    """Makes the recaps that are due, now and whenever another month is over."""

    def __init__(self, store: RecapStore, make: Make, zone: str) -> None:
        self._store = store
        self._make = make
        self._zone = zone

    async def run(self, look_every_s: float = LOOK_EVERY_S, again_s: float = AGAIN_S) -> None:
        """Look again every so many seconds, until cancelled."""
        while True:
            done = await self.look()
            await asyncio.sleep(look_every_s if done else again_s)

    async def look(self) -> bool:
        """Make what is due at this moment; answers whether nothing is due any more.

        A month that fails keeps no other from being made.
        """
        try:
            first_call_at, made = await self._store.first_call_at(), await self._store.months()
        except EffectFailed as error:
            log.warning("recaps_not_looked_at", reason=str(error)[:200])
            return False
        due = months_due(first_call_at, made, clock.now(), self._zone)
        return all([await self._made(period) for period in due])

    async def _made(self, period: RecapPeriod) -> bool:
        month = period.first.isoformat()[:7]
        try:
            made = await self._make(period)
            await self._store.keep(period.first, made)
        except EffectFailed as error:
            log.error("recap_not_made", month=month, reason=str(error)[:200])
            return False
        log.info("recap_made", month=month, rows=made.rows, path=made.path)
        return True
