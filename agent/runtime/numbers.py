"""Form and ticket numbers out of blocks reserved beforehand, so that no call waits for one."""

import asyncio
from collections import deque
from datetime import datetime

import structlog

from agent.domain.identifiers import CallId
from agent.domain.numbers import YearNumber, render_form_number, render_ticket_number
from agent.domain.office_time import local
from agent.runtime.errors import EffectFailed
from agent.runtime.recorder import NumberKind, Recorder

BLOCK = 20
"""Reserved at a time; what a stopped service did not use is given out by the next."""

REMEMBERED = 1000
"""Form numbers given lately; calls without a record are found within seconds of a start."""

log = structlog.get_logger()


class NumberPool:
    """Reserved numbers in memory; refilled before they run out."""

    def __init__(self, recorder: Recorder, office: str, zone: str) -> None:
        self._recorder = recorder
        self._office = office
        self._zone = zone
        self._free: dict[tuple[NumberKind, int], deque[YearNumber]] = {}
        self._refilling: dict[tuple[NumberKind, int], asyncio.Lock] = {}
        self._tickets: dict[CallId, str] = {}
        self._given: deque[str] = deque(maxlen=REMEMBERED)

    async def fill(self, at: datetime) -> None:
        """Reserve a first block of each kind. Raises EffectFailed."""
        year = local(at, self._zone).year
        await self._refill("form", year)
        await self._refill("ticket", year)

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

    async def _take(self, kind: NumberKind, at: datetime) -> YearNumber:
        key = kind, local(at, self._zone).year
        while not self._free.get(key):
            await self._refill(*key)
        return self._free[key].popleft()

    async def _refill(self, kind: NumberKind, year: int) -> None:
        key = kind, year
        async with self._refilling.setdefault(key, asyncio.Lock()):
            free = self._free.setdefault(key, deque())
            if not free:
                free.extend(await self._recorder.reserve(kind, year, BLOCK))
            if not free:
                raise EffectFailed(f"no {kind} number could be reserved")

    async def keep_filled(self, every_s: float = 1.0) -> None:
        """Top up blocks that are more than half used; failures are retried for ever."""
        while True:
            await asyncio.sleep(every_s)
            for (kind, year), free in list(self._free.items()):
                if len(free) < BLOCK // 2:
                    try:
                        free.extend(await self._recorder.reserve(kind, year, BLOCK))
                    except EffectFailed as error:
                        log.warning("numbers_not_reserved", kind=kind, reason=str(error))
