"""The exchange's own ledger, read beside its events: it tells what nobody of us was there to hear.

Living calls are told at once what a new entry says; they learn from it only what they missed. The
entries are kept in the database together with how far the file was read, and a caller whose call
is over without a record gets one out of them. The file itself is durable, so nothing is lost while
the database, the agent or both are away.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from agent.domain.consultation import RECONCILED
from agent.domain.events import LegHungUp
from agent.domain.identifiers import ChannelId
from agent.runtime import metrics
from agent.runtime.dispatcher import Dispatcher
from agent.runtime.doors import Ledger, LedgerEntry, LedgerKeeper, LedgerPosition
from agent.runtime.errors import EffectFailed
from agent.runtime.recorder import UnfinishedCall

LOST_WITH_THE_EXCHANGE = f"{RECONCILED}: the exchange died"
FORGET_EVERY_S = 3600.0

log = structlog.get_logger()


class LedgerReader:
    """Reads the ledger, tells living calls, keeps it, and gives unmet callers a record."""

    def __init__(
        self,
        ledger: Ledger,
        keeper: LedgerKeeper,
        dispatcher: Dispatcher,
        journal_is_empty: Callable[[], bool],
    ) -> None:
        self._ledger = ledger
        self._keeper = keeper
        self._dispatcher = dispatcher
        self._journal_is_empty = journal_is_empty
        self._told = LedgerPosition()
        self._kept = LedgerPosition()
        self._exchange_started_at = datetime.min.replace(tzinfo=UTC)

    async def begin(self, unfinished: Sequence[UnfinishedCall]) -> None:
        """Start where the ledger was kept, and tell resumed calls what was kept of them.

        Call it when they were resumed, before anything else is told. Raises EffectFailed.
        """
        self._told = self._kept = await self._keeper.position()
        for resumed in unfinished:
            self._tell(await self._keeper.entries_of(resumed.call.channel))
        await self.tell_new()

    def exchange_started(self, at: datetime) -> None:
        """Callers from before this moment who have no end in the ledger never will have one."""
        self._exchange_started_at = at

    async def run(self, every_s: float = 0.5) -> None:
        """Read for ever; what cannot be read or kept now is tried again."""
        since_forgetting = FORGET_EVERY_S
        while True:
            try:
                await self.tell_new()
                await self.keep_new()
                await self.record_unmet()
                await self._ledger.turn_over(self._kept)
                if since_forgetting >= FORGET_EVERY_S:
                    await self._keeper.forget_old()
                    since_forgetting = 0.0
            except EffectFailed as error:
                log.warning("ledger_waits", reason=str(error)[:200])
            since_forgetting += every_s
            await asyncio.sleep(every_s)

    async def tell_new(self) -> None:
        """Tell living calls what came since the last look. Raises EffectFailed."""
        while True:
            entries, position = await self._ledger.read(self._told)
            if position == self._told:
                return
            self._tell(entries)
            self._told = position

    async def keep_new(self) -> None:
        """Keep what came since the last keeping. Raises EffectFailed."""
        while True:
            entries, position = await self._ledger.read(self._kept)
            if position == self._kept:
                return
            await self._keeper.keep(entries, position)
            self._kept = position

    async def record_unmet(self) -> None:
        """Give callers whom no agent met a record. Raises EffectFailed.

        Only with an empty journal: what lies there is a record that the database cannot know of.
        """
        if not self._journal_is_empty():
            return
        for caller in await self._keeper.unmet_callers(self._exchange_started_at):
            if not self._dispatcher.knows(caller):
                await self._record(caller)

    async def _record(self, caller: ChannelId) -> None:
        entries = await self._keeper.entries_of(caller)
        arrival = self._ledger.arrival_in(entries)
        if arrival is None:
            await self._keeper.settle([caller])
            return
        metrics.EVENTS_IGNORED.labels("arrival_missed").inc()
        log.warning("call_recorded_from_the_ledger", call=arrival.call_id)
        self._dispatcher.arrived(arrival)
        self._tell(entries)
        if not any(entry.kind == "ended" and entry.channel == caller for entry in entries):
            lost = LegHungUp(at=entries[-1].at, source=LOST_WITH_THE_EXCHANGE, channel=caller)
            self._dispatcher.tell(caller, lost)

    def _tell(self, entries: Sequence[LedgerEntry]) -> None:
        for entry in entries:
            told = self._ledger.told_by(entry)
            if told and self._dispatcher.knows(told[0]):
                self._dispatcher.tell(*told)
