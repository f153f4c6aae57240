"""Form and ticket numbers, reserved so far ahead that calls outlast a database that is away.

As many are kept as the calls of an hour need at the rate of the last minutes. Numbers are given in
their order, lowest first; what a stopped service did not use is given out by the next, so that the
year's sequence closes.
"""

import asyncio
from collections import deque
from datetime import datetime, timedelta

import structlog

from agent.domain.identifiers import CallId
from agent.domain.numbers import YearNumber, render_form_number, render_ticket_number
from agent.domain.office_time import local
from agent.runtime import clock, metrics
from agent.runtime.alarms import Alarms
from agent.runtime.errors import EffectFailed
from agent.runtime.recorder import NumberKind, Recorder

LEAST = 200
"""Kept of each kind at least: the calls of some days in a small office."""
MOST = 10_000
"""Kept of each kind at most, because an agent that takes over looks at all of them."""
WINDOW_S = 600.0
RESERVE_S = 3600.0
"""How long the database may be away before numbers run out at the rate of a window."""
AGAIN_S = 1.0
NEW_YEAR_AHEAD = timedelta(hours=12)

Key = tuple[NumberKind, int]

REMEMBERED = 1000
"""Form numbers given lately; calls without a record are found within seconds of a start."""

log = structlog.get_logger()


class Demand:
    """How many numbers were taken in this window of time, and in the one before."""

    def __init__(self) -> None:
        self._window = -1
        self._taken = self._before = 0

    def took(self, now_s: float) -> None:
        """One more was taken, at this moment of a steady clock."""
        self._turn(now_s)
        self._taken += 1

    def ahead(self, now_s: float) -> int:
        """How many should be kept."""
        self._turn(now_s)
        needed = max(self._taken, self._before) * RESERVE_S / WINDOW_S
        return min(MOST, max(LEAST, round(needed)))

    def _turn(self, now_s: float) -> None:
        window = int(now_s // WINDOW_S)
        if window != self._window:
            self._before = self._taken if window == self._window + 1 else 0
            self._window, self._taken = window, 0


class NumberPool:
    """Reserved numbers in memory; refilled before they run out."""

    def __init__(self, recorder: Recorder, office: str, zone: str) -> None:
        self._recorder = recorder
        self._office = office
        self._zone = zone
        self._free: dict[Key, list[YearNumber]] = {}
        """Highest first, so that the lowest is taken from the end."""
        self._demand: dict[NumberKind, Demand] = {"form": Demand(), "ticket": Demand()}
        self._refilling: dict[Key, asyncio.Lock] = {}
        self._failed_at: dict[Key, float] = {}
        self._tickets: dict[CallId, str] = {}
        self._given: deque[str] = deque(maxlen=REMEMBERED)
        self._alarms = Alarms()

    async def fill(self, at: datetime) -> None:
        """Reserve what is kept of each kind for the calls of this moment. Raises EffectFailed."""
        for kind in self._demand:
            await self._top_up((kind, self._year(at)))

    async def form_number(self, at: datetime) -> str:
        """The next form number of the year in which the call arrived. Raises EffectFailed."""
        number = await self._take("form", at)
        self._given.append(render_form_number(number, self._office))
        return self._given[-1]

    async def adopted_form_number(self, known: str, at: datetime) -> str:
        """The number that a call without a record still knows; the next when it is another's now.

        A database that lost the record does not know that it was given. Raises EffectFailed.
        """
        if known in self._given:
            return await self.form_number(at)
        for (kind, _year), free in self._free.items():
            for number in list(free):
                if kind == "form" and render_form_number(number, self._office) == known:
                    free.remove(number)
        self._given.append(known)
        return known

    async def ticket_number(self, call_id: CallId, at: datetime) -> str:
        """This call's ticket number; the same one when it asks again. Raises EffectFailed."""
        if call_id not in self._tickets:
            number = await self._take("ticket", at)
            self._tickets.setdefault(call_id, render_ticket_number(number))
        return self._tickets[call_id]

    def forget(self, call_id: CallId) -> None:
        """The call is over."""
        self._tickets.pop(call_id, None)

    async def keep_filled(self, every_s: float = 1.0) -> None:
        """Keep enough of each kind, the next year's before it begins; retried for ever."""
        while True:
            await asyncio.sleep(every_s)
            now = clock.now()
            for year in sorted({self._year(now), self._year(now + NEW_YEAR_AHEAD)}):
                for kind in self._demand:
                    try:
                        await self._top_up((kind, year))
                    except EffectFailed as error:
                        left = len(self._free.get((kind, year), ()))
                        reason = str(error)
                        self._alarms.sound("numbers_not_reserved", left=left, reason=reason)

    def _year(self, at: datetime) -> int:
        return local(at, self._zone).year

    async def _take(self, kind: NumberKind, at: datetime) -> YearNumber:
        key = kind, self._year(at)
        while not self._free.get(key):
            await self._refill(key)
        number = self._free[key].pop()
        self._demand[kind].took(asyncio.get_running_loop().time())
        metrics.NUMBERS.labels(kind).set(len(self._free[key]))
        return number

    async def _refill(self, key: Key) -> None:
        """Reserve for those who wait; they ask once, and not each after the other."""
        async with self._refilling.setdefault(key, asyncio.Lock()):
            if self._free.get(key):
                return
            loop = asyncio.get_running_loop()
            if loop.time() - self._failed_at.get(key, -AGAIN_S) < AGAIN_S:
                raise EffectFailed(f"no {key[0]} number could be reserved a moment ago")
            try:
                await self._top_up(key)
            except EffectFailed:
                self._failed_at[key] = loop.time()
                raise
            if not self._free.get(key):
                raise EffectFailed(f"no {key[0]} number could be reserved")

    async def _top_up(self, key: Key) -> None:
        """Reserve what is missing, when more than a quarter is. Raises EffectFailed."""
        kind, year = key
        wanted = self._demand[kind].ahead(asyncio.get_running_loop().time())
        left = len(self._free.setdefault(key, []))
        if left >= wanted * 3 // 4:
            return
        reserved = await self._recorder.reserve(kind, year, wanted - left)
        if kind == "form":
            # Of a call whose record was lost the database does not know that it has its number.
            reserved = [
                n for n in reserved if render_form_number(n, self._office) not in self._given
            ]
        self._free[key] = sorted([*self._free[key], *reserved], reverse=True)
        metrics.NUMBERS.labels(kind).set(len(self._free[key]))
