"""What was said of an archived form's deviations goes into the archive too, a sheet for each word.

Which sheets are missing is asked of the record, so nothing is lost when the agent dies, and what
was said before there were sheets gets its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog

from agent.domain.supplement import Supplement
from agent.runtime.errors import EffectFailed

LOOK_EVERY_S = 30.0
AGAIN_S = 60.0
"""After a failure."""

After = tuple[datetime, str, str, str, int]
"""A word, by its moment, call, kind, step and number; sheets are asked for in this order."""

_BEFORE_ALL: After = (datetime.min.replace(tzinfo=UTC), "", "", "", 0)

log = structlog.get_logger()


class SupplementStore(Protocol):
    """The record of the sheets. All raise EffectFailed."""

    async def due(self, after: After) -> Sequence[Supplement]:
        """The next sheets to be written, oldest word first."""

    async def keep(self, supplement: Supplement, put: Callable[[], Awaitable[str]]) -> bool:
        """Have it put into the archive and on record, with the hash that `put` answers."""


class SheetArchive(Protocol):
    """Where sheets are typeset and kept. All raise EffectFailed."""

    async def typeset_supplement(self, supplement: Supplement) -> bytes:
        """The sheet as PDF/A."""

    async def keep(self, path: str, content: bytes) -> str:
        """Write it unless it is there; answers the hash of what is there then."""


class SupplementJob:
    """Writes the sheets that are missing, now and whenever something more was said."""

    def __init__(self, store: SupplementStore, archive: SheetArchive) -> None:
        self._store = store
        self._archive = archive

    async def run(self, look_every_s: float = LOOK_EVERY_S, again_s: float = AGAIN_S) -> None:
        """Look again every so many seconds, until cancelled."""
        while True:
            done = await self.look()
            await asyncio.sleep(look_every_s if done else again_s)

    async def look(self) -> bool:
        """Write what is missing at this moment; answers whether nothing is any more.

        A sheet that fails keeps no other from being written.
        """
        done, after = True, _BEFORE_ALL
        try:
            while found := await self._store.due(after):
                done = all([await self._written(one) for one in found]) and done
                last = found[-1]
                after = (last.at, last.call_id, last.kind, last.step, last.sequence)
        except EffectFailed as error:
            log.warning("supplements_not_looked_at", reason=str(error)[:200])
            return False
        return done

    async def _written(self, supplement: Supplement) -> bool:
        try:
            content = await self._archive.typeset_supplement(supplement)
            kept = await self._store.keep(
                supplement, lambda: self._archive.keep(supplement.path, content)
            )
        except EffectFailed as error:
            log.error("supplement_not_written", path=supplement.path, reason=str(error)[:200])
            return False
        if kept:
            log.info("supplement_written", path=supplement.path)
        return True
