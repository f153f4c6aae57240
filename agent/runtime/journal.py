"""Records while the database is away or slow: a local journal, drained in order once it is back.

A call never waits for a database. What the database did not take within a moment is appended here
and counts as durable, and so is all that follows until the drain finds the database quick again,
and of each call until its own records are drained. Records are recognised by call and sequence, so
giving one twice does no harm: neither after a commit whose answer was lost nor after a drain that
was broken off.

A record is never refused. What the disk does not take either is held in memory, and said so. The
journal is bounded: over half of its room details are left out, and over all of it only the last
record of each call is kept, which holds the whole call.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from agent.domain.identifiers import CallId
from agent.domain.numbers import YearNumber
from agent.runtime import metrics
from agent.runtime.alarms import Alarms
from agent.runtime.errors import EffectFailed, RecordRefused, StandDown
from agent.runtime.recorder import (
    NumberKind,
    OperatorAccount,
    PresenceEntry,
    Record,
    Recorder,
    UnfinishedCall,
)
from agent.runtime.spool import Spool

PATIENCE_S = 0.03
"""How long a call waits for the database; a healthy one takes a record in 4 ms, at worst in 15."""

LARGEST_BATCH = 200
"""Records of one transaction at most, so that the loop is never held up for long by a drain.

After a failure the next transaction begins with one record.
"""

MOST_RECORDS = 100_000
MOST_BYTES = 64 << 20
"""What is held at most, on the disk and in memory together: memory must do when the disk is full.

A record holds its whole call, 2.4 kB: the 31 records of an escalated call are 75 kB. So the bytes
are the tighter bound: 27,000 records or 850 whole calls, before only each call's last is kept.
"""

log = structlog.get_logger()


class JournaledRecorder:
    """A recorder that never fails and is never waited for longer than a moment."""

    def __init__(
        self,
        behind: Recorder,
        file: Path,
        most_records: int = MOST_RECORDS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._behind = behind
        self._alarms = Alarms()
        self._spool = Spool(file, self._alarms)
        self._set_aside = Spool(file.with_suffix(".refused.jsonl"), self._alarms)
        self._most_records = most_records
        self._most_bytes = most_bytes
        self._tight = 1.0
        self._quick = not self._spool.lines
        self._journaled: dict[CallId, int] = {}
        """The last record of each call that is not drained, so that its next does not overtake."""
        self._batch = 1
        self._decoder = msgspec.json.Decoder(Record)
        self._draining = asyncio.Lock()
        self._measure()

    @property
    def waiting(self) -> int:
        """Records that are not yet in the database."""
        return self._spool.lines

    @property
    def fullness(self) -> float:
        """How much of the journal's room is used; more than 1 when even last records are more."""
        return max(self.waiting / self._most_records, self._spool.size / self._most_bytes)

    def writable(self) -> bool:
        """Whether the journal could take a record now."""
        return self._spool.writable()

    def trouble(self) -> str | None:
        """Why records are not durable, if some are not."""
        count = self._spool.not_durable
        return f"{count} records are in memory alone: {self._spool.refusal}" if count else None

    async def record(self, record: Record) -> None:
        """Durable in the database, or else in the journal, or else held in memory.

        Raises StandDown, and fails for nothing else.
        """
        if self._quick and record.call_id not in self._journaled:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await self._give(record)
            except (EffectFailed, TimeoutError) as error:
                self._quick = False
                reason = str(error) or "the database is slow"
                log.warning("records_journaled", call=record.call_id, reason=reason)
            else:
                return
        if record.detail and self.fullness > 0.5:
            metrics.SHED.labels("detail").inc()
            self._alarms.sound("details_shed", records=self.waiting)
            return
        self._journaled[record.call_id] = record.sequence
        await self._spool.keep(record.call_id, msgspec.json.encode(record))
        self._measure()

    async def reserve(self, kind: NumberKind, year: int, count: int) -> list[YearNumber]:
        """As behind. Raises EffectFailed."""
        return await self._behind.reserve(kind, year, count)

    async def unfinished(self) -> list[UnfinishedCall]:
        """As behind; drain before asking. Raises EffectFailed."""
        return await self._behind.unfinished()

    async def operators(self) -> list[OperatorAccount]:
        """As behind. Raises EffectFailed."""
        return await self._behind.operators()

    async def keep_presence(self, entries: Sequence[PresenceEntry]) -> None:
        """As behind: no call needs it, so it is not journaled.

        Raises EffectFailed, RecordRefused, StandDown.
        """
        await self._behind.keep_presence(entries)

    async def run(self, every_s: float = 0.1) -> None:
        """Drain whenever there is something, for ever; the disk is tried again, too."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await self._spool.retry()
                await self._set_aside.retry()
                await self.drain()
            except (EffectFailed, OSError) as error:
                self._alarms.sound("journal_waits", records=self.waiting, reason=str(error))
            self._measure()

    async def drain(self) -> None:
        """Bring every record of the journal into the database, in order.

        Calls go on recording meanwhile and wait for nothing of it. Raises EffectFailed, StandDown,
        or OSError when the journal cannot be read; the next drain goes on where this one failed.
        """
        async with self._draining:
            drained = 0
            while self.waiting:
                await self._make_room()
                lines = await self._spool.take(self._batch)
                await self._give_all(lines)
                await self._spool.forget()
                drained += len(lines)
                self._measure()
            if drained:
                log.info("journal_drained", records=drained)

    async def _make_room(self) -> None:
        """Over its bound the journal keeps each call's last record, and loses none of those."""
        if self.fullness <= self._tight:
            return
        dropped = await self._spool.keep_latest()
        # If the last records alone are too many, it is not tried again with each that comes.
        self._tight = max(1.0, self.fullness * 1.25)
        metrics.SHED.labels("superseded").inc(dropped)
        self._alarms.sound("records_superseded", dropped=dropped, records=self.waiting)

    async def _give_all(self, lines: Sequence[bytes]) -> None:
        """Give these at once, for one transaction, and learn how quick the database is."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            records = self._read(lines)
            async with asyncio.TaskGroup() as tasks:
                given = [tasks.create_task(self._failure(record)) for record in records]
            for failure in filter(None, (task.result() for task in given)):
                raise failure
        except EffectFailed:
            self._batch = 1
            raise
        self._batch = min(self._batch * 4, LARGEST_BATCH)
        self._quick = loop.time() - began < PATIENCE_S
        for record in records:
            if self._journaled.get(record.call_id, 0) <= record.sequence:
                self._journaled.pop(record.call_id, None)

    def _read(self, lines: Sequence[bytes]) -> list[Record]:
        records = []
        for line in lines:
            try:
                records.append(self._decoder.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError):
                log.error("journal_line_torn", length=len(line))
        return records

    async def _failure(self, record: Record) -> EffectFailed | StandDown | None:
        """Give one of many; its failure must not cut the others off."""
        try:
            await self._give(record)
        except (EffectFailed, StandDown) as error:
            return error
        return None

    async def _give(self, record: Record) -> None:
        """To the database; what it will never take is kept beside the journal for a person."""
        try:
            await self._behind.record(record)
        except RecordRefused as error:
            log.error("record_refused", call=record.call_id, reason=str(error)[:200])
            await self._set_aside.keep(record.call_id, msgspec.json.encode(record))

    def _measure(self) -> None:
        metrics.JOURNALED.set(self.waiting)
        metrics.NOT_DURABLE.set(self._spool.not_durable)
