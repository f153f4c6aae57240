"""Subscriptions to the feed: made by an administrator, told by the calls' owner."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

import asyncpg
import msgspec

from agent.database.accounts import keep_act
from agent.database.connect import Connection, borrowed, open_connection
from agent.database.errors import DatabaseProblem
from agent.database.queries import sql
from agent.domain.news import KINDS
from agent.runtime.feed import Cursor
from agent.runtime.webhooks import Subscription

MOST_SUBSCRIPTIONS = 50


class SubscriptionRefused(DatabaseProblem):
    """This subscription cannot be made; the message says why."""


class SubscriptionUnknown(DatabaseProblem):
    """There is no such subscription."""


class KeptSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as people see it: its secret was shown once, when it was made."""

    id: int
    url: str
    kinds: tuple[str, ...]
    made_by: str
    made_at: datetime
    told_at: datetime | None
    failing_since: datetime | None
    last_error: str | None
    disabled_at: datetime | None


async def add_subscription(
    connection: Connection, url: str, kinds: Sequence[str], secret: str, by: str
) -> int:
    """Tell a receiver from now on, and keep who made it so; answers its number.

    This and the changes below are within the caller's transaction.

    `url` is checked before (handover.receiver_address). Raises SubscriptionRefused.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise SubscriptionRefused(f"There is no news {kind}; there are: {', '.join(KINDS)}.")
    wanted = list(dict.fromkeys(kinds))
    made = await connection.fetchval(
        sql("add_subscription"), url, wanted, secret, by, MOST_SUBSCRIPTIONS
    )
    if made is None:
        raise SubscriptionRefused(f"There are {MOST_SUBSCRIPTIONS} subscriptions: remove one.")
    # An address may hold its receiver's key: only his name goes on record.
    detail = {"host": urlsplit(url).hostname, "kinds": wanted}
    await keep_act(connection, by, "webhook_added", str(made), detail)
    return int(made)


async def list_subscriptions(connection: Connection) -> list[KeptSubscription]:
    """All of them, the oldest first."""
    rows = await connection.fetch(sql("list_subscriptions"))
    return [msgspec.convert(dict(row), KeptSubscription) for row in rows]


async def remove_subscription(connection: Connection, id_: int, by: str) -> None:
    """Tell this receiver nothing any more. Raises SubscriptionUnknown."""
    _must_be(await connection.fetchval(sql("remove_subscription"), id_), id_)
    await keep_act(connection, by, "webhook_removed", str(id_))


async def enable_subscription(connection: Connection, id_: int, by: str) -> None:
    """Go on where it was disabled, as far as news are still kept. Raises SubscriptionUnknown."""
    _must_be(await connection.fetchval(sql("enable_subscription"), id_), id_)
    await keep_act(connection, by, "webhook_enabled", str(id_))


async def read_subscription(connection: Connection, id_: int) -> Subscription:
    """One subscription with its secret. Raises SubscriptionUnknown."""
    row = await connection.fetchrow(sql("read_subscription"), id_)
    _must_be(row, id_)
    return _subscription(row)


class SubscriptionStore:
    """Implements runtime.webhooks.SubscriptionStore on one connection.

    All raise DatabaseUnreachable; of a former owner the database raises StandDown when he marks.
    """

    def __init__(self, url: str, *, epoch: int = 0) -> None:
        self._url = url
        self._epoch = epoch
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    async def active(self) -> list[Subscription]:
        """Those who are to be told."""
        return [_subscription(row) for row in await self._fetch("active_subscriptions")]

    async def mark_told(self, subscription: int, cursor: Cursor, *, given: bool) -> None:
        """He has everything up to here."""
        place = str(cursor.xact), cursor.place
        await self._fetch("mark_subscription_told", subscription, *place, given, self._epoch)

    async def mark_failed(
        self, subscription: int, error: str, *, for_good: bool, give_up_s: float
    ) -> bool:
        """A try failed; answers whether he is told nothing any more, as when he was removed."""
        rows = await self._fetch(
            "mark_subscription_failed", subscription, error, for_good, give_up_s, self._epoch
        )
        return not rows or bool(rows[0]["disabled"])

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


def _subscription(row: asyncpg.Record) -> Subscription:
    told = Cursor(row["xact"], row["place"])
    return Subscription(row["id"], row["url"], tuple(row["kinds"]), row["secret"], told)


def _must_be(found: object, id_: int) -> None:
    if found is None:
        raise SubscriptionUnknown(f"There is no webhook {id_}: see `webhook list`.")
