"""Records while the database is away: a local file, fsynced, drained in order once it is back.

A call never waits for a database: when the recorder behind fails, the record is appended here and
counts as durable. Records are recognised by call and sequence, so draining one twice does no harm.
"""

import asyncio
import os
from pathlib import Path

import msgspec
import structlog

from agent.domain.numbers import YearNumber
from agent.runtime import metrics
from agent.runtime.errors import EffectFailed, RecordRefused
from agent.runtime.recorder import (
    NumberKind,
    OperatorAccount,
    Record,
    Recorder,
    UnfinishedCall,
)

log = structlog.get_logger()


class JournaledRecorder:
    """A recorder that never fails as long as the disk can be written."""

    def __init__(self, behind: Recorder, file: Path) -> None:
        self._behind = behind
        self._file = file
        self._decoder = msgspec.json.Decoder(Record)
        self._waiting = self._count()
        self._writing = asyncio.Lock()
        metrics.JOURNALED.set(self._waiting)

    @property
    def waiting(self) -> int:
        """Records in the file, not yet in the database."""
        return self._waiting

    def writable(self) -> bool:
        """Whether the journal could take a record now."""
        folder = self._file.parent
        return os.access(self._file if self._file.exists() else folder, os.W_OK)

    async def record(self, record: Record) -> None:
        """Durable in the database, or else in the file. Raises OSError when neither works."""
        if not self._waiting:
            try:
                await self._give(record)
            except EffectFailed as error:
                log.warning("record_journaled", call=record.call_id, reason=str(error))
            else:
                return
        async with self._writing:
            await asyncio.to_thread(_append, self._file, msgspec.json.encode(record))
            self._waiting += 1
            metrics.JOURNALED.set(self._waiting)

    async def reserve(self, kind: NumberKind, year: int, count: int) -> list[YearNumber]:
        """As behind. Raises EffectFailed."""
        return await self._behind.reserve(kind, year, count)

    async def unfinished(self) -> list[UnfinishedCall]:
        """As behind; drain before asking. Raises EffectFailed."""
        return await self._behind.unfinished()

    async def operators(self) -> list[OperatorAccount]:
        """As behind. Raises EffectFailed."""
        return await self._behind.operators()

    async def run(self, every_s: float = 1.0) -> None:
        """Drain whenever there is something, for ever."""
        while True:
            await asyncio.sleep(every_s)
            if self._waiting:
                try:
                    await self.drain()
                except (EffectFailed, OSError) as error:
                    log.warning("journal_waits", records=self._waiting, reason=str(error))

    async def drain(self) -> None:
        """Bring every record of the file into the database, in order.

        Calls go on appending meanwhile; only looking whether they did holds them up. What is left
        when the database fails again is tried anew from the first line. Raises EffectFailed, or
        OSError when the file cannot be read.
        """
        drained = 0
        while self._waiting:
            async with self._writing:
                lines = await asyncio.to_thread(_lines_after, self._file, drained)
                if not lines:
                    await asyncio.to_thread(self._file.unlink)
                    log.info("journal_drained", records=self._waiting)
                    self._waiting = 0
                    metrics.JOURNALED.set(0)
                    return
            for line in lines:
                await self._drain_line(line)
            drained += len(lines)

    async def _drain_line(self, line: bytes) -> None:
        try:
            record = self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            log.error("journal_line_torn", length=len(line))
        else:
            await self._give(record)

    async def _give(self, record: Record) -> None:
        """To the database; what it will never take is kept beside the journal for a person."""
        try:
            await self._behind.record(record)
        except RecordRefused as error:
            log.error("record_refused", call=record.call_id, reason=str(error)[:200])
            refused = self._file.with_suffix(".refused.jsonl")
            await asyncio.to_thread(_append, refused, msgspec.json.encode(record))

    def _count(self) -> int:
        return len(_lines_after(self._file, 0)) if self._file.exists() else 0


def _lines_after(path: Path, count: int) -> list[bytes]:
    return [line for line in path.read_bytes().splitlines() if line][count:]


def _append(path: Path, line: bytes) -> None:
    with path.open("ab") as file:
        file.write(b"\n" + line + b"\n")  # the first parts it from a line that a crash tore
        file.flush()
        os.fsync(file.fileno())
