"""What leaves the office by message, kept in PostgreSQL until its receiver has accepted it.

A message is put in the same transaction as what it tells of, so neither can be without the other.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import asyncpg
import msgspec

from agent.database.connect import Connection, borrowed, connected, open_connection
from agent.database.queries import sql
from agent.database.rows import as_jsonb
from agent.runtime.outbox import Claimed, OutboxMessage, Way

CLAIM_S = 60.0
"""So long a claimed message is nobody else's; after a crash it goes out again when this is over."""


Fate = Literal["waiting", "accepted", "given_up"]


class KeptMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as the record has it: what was to be told, and what became of it."""

    message: OutboxMessage
    put_at: datetime
    resent_at: datetime | None
    """When somebody last wished that it be tried again after it was given up."""
    next_try_at: datetime
    tries: int
    last_error: str | None
    accepted_at: datetime | None
    accepted_as: str | None
    gave_up_at: datetime | None

    @property
    def fate(self) -> Fate:
        """What became of it so far."""
        if self.accepted_at:
            return "accepted"
        return "given_up" if self.gave_up_at else "waiting"


async def put_messages(connection: Connection, messages: Iterable[OutboxMessage]) -> None:
    """Put messages within the caller's own transaction; a known key changes nothing.

    Raises what asyncpg raises: an unknown ticket is the caller's mistake.
    """
    await connection.execute(sql("put_messages"), as_jsonb(list(messages)))


async def messages_of_ticket(url: str, ticket_number: str) -> list[KeptMessage]:
    """All messages about a ticket, oldest first. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        return await read_messages(connection, ticket_number)


async def resend_messages(connection: Connection, ticket_number: str) -> list[str]:
    """Try again what was given up about a ticket, for a week from now; answers the keys."""
    rows = await connection.fetch(sql("resend_messages"), ticket_number)
    return sorted(row["key"] for row in rows)


async def read_messages(connection: Connection, ticket_number: str) -> list[KeptMessage]:
    """All messages about a ticket, oldest first, within the caller's own transaction."""
    rows = await connection.fetch(sql("messages_of_ticket"), ticket_number)
    return [
        KeptMessage(
            message=_message(row),
            **{field: row[field] for field in KeptMessage.__struct_fields__[1:]},
        )
        for row in rows
    ]


class OutboxStore:
    """Implements runtime.outbox.OutboxStore on one connection; all raise DatabaseUnreachable.

    Only the owner of the calls claims: of a former one the database raises StandDown.
    """

    def __init__(self, url: str, *, epoch: int = 0, claim_s: float = CLAIM_S) -> None:
        self._url = url
        self._epoch = epoch
        self._claim_s = claim_s
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    async def claim(self, way: Way) -> Claimed | None:
        """The message of this way that is due longest, ours for a minute; None when none is."""
        rows = await self._fetch("claim_message", way, self._claim_s, self._epoch)
        return Claimed(_message(rows[0]), rows[0]["put_at"], rows[0]["tries"]) if rows else None

    async def mark_accepted(self, key: str, at: datetime, accepted_as: str) -> None:
        """It was accepted, also when it was given up or claimed again meanwhile."""
        await self._fetch("mark_message_accepted", key, at, accepted_as)

    async def mark_failed(
        self, claimed: Claimed, error: str, pause_s: float, *, for_good: bool, give_up_s: float
    ) -> bool:
        """Set its next try; answers whether it is given up instead."""
        rows = await self._fetch(
            "mark_message_failed",
            claimed.message.key,
            claimed.tries,
            error,
            pause_s,
            for_good,
            give_up_s,
        )
        return bool(rows and rows[0]["given_up"])

    async def hasten(self, way: Way) -> None:
        """All that waits for its next try by this way is due now."""
        await self._fetch("hasten_messages", way)

    async def due_in(self, way: Way) -> float | None:
        """Seconds until this way has something to do, not above 0 when it has; None for nothing."""
        rows = await self._fetch("next_message_due", way)
        due_s: float | None = rows[0]["due_s"]
        return due_s

    async def not_told(self) -> list[tuple[OutboxMessage, datetime]]:
        """Accepted messages of opened tickets that their calls have not heard of, and when."""
        rows = await self._fetch("messages_not_told")
        return [(_message(row), row["accepted_at"]) for row in rows]

    async def aclose(self) -> None:
        """Give the connection back."""
        if self._connection:
            self._connection.terminate()
        self._connection = None

    async def _fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                self._connection = await open_connection(self._url)
            async with borrowed(self._connection):
                return list(await self._connection.fetch(sql(query), *arguments))


def _message(row: asyncpg.Record) -> OutboxMessage:
    return OutboxMessage(
        key=row["key"],
        way=row["way"],
        matter=row["matter"],
        call_id=row["call_id"],
        ticket_number=row["ticket_number"],
        facts=msgspec.json.decode(row["facts"], type=dict[str, str]),
    )
