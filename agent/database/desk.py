"""What an agent asks for beside records: numbers set aside, unfinished calls, operators.

Numbers belong to the agent that reserved them for as long as its session holds a lock in its
name. When that session ends, whatever it did not give away is free for the next agent.
"""

import asyncio
from collections.abc import Sequence

import asyncpg
import msgspec

from agent.database.connect import Connection, borrowed, open_connection
from agent.database.errors import RecordRefused
from agent.database.queries import sql
from agent.domain.call_state import Call
from agent.domain.effects import AnyEffect
from agent.domain.numbers import YearNumber
from agent.runtime.recorder import NumberKind, OperatorAccount, PresenceEntry, UnfinishedCall

_PENDING = msgspec.json.Decoder(tuple[AnyEffect, ...])
_STATE = msgspec.json.Decoder(Call)


class Desk:
    """One connection that carries this agent's name, used by one asker at a time."""

    def __init__(self, url: str, holder: str, epoch: int = 0) -> None:
        self._url = url
        self._holder = holder
        self._epoch = epoch
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    async def reserve(self, kind: NumberKind, year: int, count: int) -> list[YearNumber]:
        """Set `count` numbers aside, ascending. Raises DatabaseUnreachable, StandDown."""
        async with self._turn:
            connection = await self._announced()
            # By itself: an owner who stands still in a transaction must not hold up the next.
            async with borrowed(connection):
                await connection.execute(sql("refuse_former_owner"), self._epoch)
            async with borrowed(connection), connection.transaction():
                await connection.execute(sql("queue_for_numbers"), f"{kind} {year}")
                await connection.execute(sql("forget_given_numbers"), kind, year)
                place = (kind, year, self._holder)
                rows = await connection.fetch(sql("take_over_numbers"), *place, count)
                if len(rows) < count:
                    missing = count - len(rows)
                    rows += await connection.fetch(sql("reserve_new_numbers"), *place, missing)
        return sorted(YearNumber(year, row["sequence"]) for row in rows)

    async def unfinished(self) -> list[UnfinishedCall]:
        """Calls to go on with, oldest first. Raises DatabaseUnreachable, StandDown."""
        async with self._turn:
            connection = await self._announced()
            async with borrowed(connection):
                rows = await connection.fetch(sql("take_on_unfinished_calls"), self._epoch)
        return [
            UnfinishedCall(_STATE.decode(row["state"]), _PENDING.decode(row["pending"]))
            for row in rows
        ]

    async def operators(self) -> list[OperatorAccount]:
        """Operators on duty. Raises DatabaseUnreachable."""
        async with self._turn:
            connection = await self._announced()
            async with borrowed(connection):
                rows = await connection.fetch(sql("operators_on_duty"))
        return [OperatorAccount(**row) for row in rows]

    async def keep_presence(self, entries: Sequence[PresenceEntry]) -> None:
        """Add these changes in their order, all or none.

        Raises DatabaseUnreachable, RecordRefused, StandDown.
        """
        rows = [(e.operator, e.at, e.presence, e.reason, e.call_id, e.until, e.by) for e in entries]
        async with self._turn:
            connection = await self._announced()
            # By itself, as with numbers.
            async with borrowed(connection):
                await connection.execute(sql("refuse_former_owner"), self._epoch)
            try:
                async with borrowed(connection), connection.transaction():
                    await connection.executemany(sql("keep_presence"), rows)
            except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
                reason = str(error).partition("\n")[0]
                raise RecordRefused(f"The presence was refused: {reason}") from error

    async def aclose(self) -> None:
        """End the session; numbers that were not given away are free from now on."""
        if self._connection:
            self._connection.terminate()
        self._connection = None

    async def _announced(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            connection = await open_connection(self._url)
            async with borrowed(connection):
                await connection.execute(sql("announce_holder"), self._holder)
            self._connection = connection
        return self._connection
