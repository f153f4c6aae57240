"""The one task that makes records durable: whatever waits at a moment becomes one transaction."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence

import asyncpg
import msgspec

from agent.database.batch import Written, batch_of
from agent.database.connect import DEADLINE_S, Connection, borrowed, open_connection
from agent.database.desk import Desk
from agent.database.errors import DatabaseProblem, DatabaseUnreachable, RecordRefused
from agent.database.queries import sql
from agent.database.rows import as_jsonb
from agent.domain.call_state import Stage
from agent.domain.identifiers import CallId
from agent.domain.numbers import YearNumber
from agent.domain.sop import Sop
from agent.runtime.errors import StandDown
from agent.runtime.recorder import (
    NumberKind,
    OperatorAccount,
    PresenceEntry,
    Record,
    UnfinishedCall,
)

LARGEST_BATCH = 500
RECONNECT_S = 0.25
RECONNECT_LONGEST_S = 0.5

# A statement refused with these will be refused for ever: the record is wrong, not the database.
_REFUSED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, UnicodeError)


class _Waiting(msgspec.Struct, frozen=True):
    """A record and the call that waits for it."""

    record: Record
    done: "asyncio.Future[None]"


class Writer:
    """Keeps records, numbers and operators in PostgreSQL; implements runtime.recorder.Recorder.

    `run` must run for as long as records are made. Two connections: one for records alone, one
    for everything else, so that nothing holds a record up. `epoch` is that under which the lease
    was taken: the database refuses whoever has an older one.
    """

    def __init__(
        self, url: str, sops: Mapping[str, Sop], holder: str | None = None, epoch: int = 0
    ) -> None:
        self._url = url
        self._sops = sops
        self._epoch = epoch
        self._desk = Desk(url, holder or uuid.uuid4().hex, epoch)
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._written: dict[CallId, Written] = {}
        self._connection: Connection | None = None
        self._failed: DatabaseUnreachable | StandDown | None = None

    @property
    def healthy(self) -> bool:
        """Whether records can be made durable now."""
        return self._connection is not None and self._failed is None

    @property
    def waiting(self) -> int:
        """How many records wait for their transaction."""
        return self._queue.qsize()

    async def run(self) -> None:
        """Write until cancelled; a lost database is sought again, sooner at first.

        Raises StandDown when another agent has become the owner.
        """
        try:
            while True:
                self._connection = await self._connect()
                self._failed = None
                await self._write_until_lost(self._connection)
        except StandDown as error:
            self._lose(error)
            raise
        finally:
            self._lose(DatabaseUnreachable("The writer of records was stopped."))

    async def aclose(self) -> None:
        """Give both connections back; call it when `run` has ended."""
        await self._desk.aclose()

    async def record(self, record: Record) -> None:
        """Return when the record is durable; one that is there already is no error.

        Raises DatabaseUnreachable after its deadline, or at once while the database is known to
        be away; RecordRefused when the database will never take this record; StandDown.
        """
        if self._failed:
            raise type(self._failed)(str(self._failed))
        waiting = _Waiting(record, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(waiting)
        try:
            async with asyncio.timeout(DEADLINE_S + 0.5):
                await waiting.done
        except TimeoutError as error:
            raise DatabaseUnreachable("The database did not take a record in time.") from error

    async def reserve(self, kind: NumberKind, year: int, count: int) -> list[YearNumber]:
        """Set `count` numbers aside, those that dead agents left unused first, ascending.

        Raises DatabaseUnreachable. Call it only when the journal is drained: a number that was
        given while the database was away is known to it only then.
        """
        return await self._desk.reserve(kind, year, count)

    async def unfinished(self) -> list[UnfinishedCall]:
        """Calls that are not archived yet, oldest first. Raises DatabaseUnreachable."""
        return await self._desk.unfinished()

    async def operators(self) -> list[OperatorAccount]:
        """Operators on duty with the numbers of their last call. Raises DatabaseUnreachable."""
        return await self._desk.operators()

    async def keep_presence(self, entries: Sequence[PresenceEntry]) -> None:
        """Keep changes of presence, all or none.

        Raises DatabaseUnreachable, RecordRefused, StandDown.
        """
        await self._desk.keep_presence(entries)

    async def _connect(self) -> Connection:
        pause = RECONNECT_S
        while True:
            try:
                return await open_connection(self._url)
            except DatabaseUnreachable as error:
                self._lose(error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, RECONNECT_LONGEST_S)

    async def _write_until_lost(self, connection: Connection) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < LARGEST_BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                await self._write(connection, batch)
            except DatabaseUnreachable as error:
                self._fail(batch, error)
                self._lose(error)
                return
            except StandDown as error:
                self._fail(batch, error)
                raise
            except asyncio.CancelledError:
                self._fail(batch, DatabaseUnreachable("The writer of records was stopped."))
                raise

    async def _write(self, connection: Connection, waiting: list[_Waiting]) -> None:
        """Write all in one transaction; when one of them is refused, each by itself."""
        try:
            await self._commit(connection, [w.record for w in waiting])
        except (*_REFUSED, RecordRefused) as error:
            if len(waiting) == 1:
                # Not the detail that PostgreSQL adds: it shows the row, with the caller's number.
                reason = str(error).partition("\n")[0]
                self._fail(waiting, RecordRefused(f"The record was refused: {reason}"))
                return
            for one in waiting:
                await self._write(connection, [one])
            return
        for one in waiting:
            if not one.done.done():
                one.done.set_result(None)

    async def _commit(self, connection: Connection, records: list[Record]) -> None:
        await self._refuse_forked(connection, [r for r in records if r.epoch < self._epoch])
        batch, holds = batch_of(records, self._sops, self._written)
        content = as_jsonb(batch)
        async with borrowed(connection):
            await connection.execute(sql("record_batch"), content, self._epoch)
        self._written.update(holds)
        for row in batch.calls:
            if row.stage is Stage.ARCHIVED:
                self._written.pop(row.call_id, None)

    async def _refuse_forked(self, connection: Connection, records: list[Record]) -> None:
        """A record out of a former owner's journal must not come between a call's later ones."""
        for epoch in {record.epoch for record in records}:
            calls = [record.call_id for record in records if record.epoch == epoch]
            async with borrowed(connection):
                if await connection.fetch(sql("calls_taken_on"), calls, epoch):
                    raise RecordRefused("A later owner has gone on with this call.")

    def _lose(self, error: DatabaseUnreachable | StandDown) -> None:
        """Nobody waits for a database that is away: those who do are told now, in order."""
        if self._connection:
            self._connection.terminate()
        self._connection = None
        if not isinstance(self._failed, StandDown):
            self._failed = error
        while not self._queue.empty():
            self._fail([self._queue.get_nowait()], self._failed)

    def _fail(self, waiting: list[_Waiting], error: DatabaseProblem | StandDown) -> None:
        for one in waiting:
            if not one.done.done():
                one.done.set_exception(type(error)(str(error)))  # each its own traceback
