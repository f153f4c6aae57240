"""The list of operators: who is added gets the next account, who is removed keeps his past."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal

import msgspec

from agent.database.accounts import keep_act
from agent.database.connect import Connection, connected
from agent.database.errors import OperatorUnknown
from agent.database.queries import sql
from agent.domain.identifiers import OperatorId
from agent.domain.presence import PresenceKind

_LOCK = 20819


class OperatorSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One operator in the list, also one who was removed."""

    account: OperatorId
    name: str
    supervises: bool
    created_at: datetime
    removed_at: datetime | None
    calls: int
    last_call_ended_at: datetime | None
    presence: PresenceKind | None
    """None for who was never there, or is removed."""
    present_since: datetime | None
    pause_reason: str | None


class PresenceTime(msgspec.Struct, frozen=True, kw_only=True):
    """How long one operator was how in a period; `reason` is that of a pause."""

    operator: OperatorId
    presence: PresenceKind | Literal["talking"]
    reason: str | None
    seconds: float


async def add_operator(
    url: str,
    name: str,
    digests_of: Callable[[OperatorId], tuple[str, str]],
    *,
    by: str,
    supervises: bool = False,
) -> OperatorId:
    """Keep a new operator under the next account, op-101 being the first, and who added him.

    One who `supervises` is offered no calls. digests_of answers the SHA-256 and MD5 digests of the
    account's password. Raises DatabaseUnreachable.
    """
    async with connected(url) as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        number = await connection.fetchval(sql("next_operator_number"))
        account = OperatorId(f"op-{number}")
        digests = digests_of(account)
        await connection.execute(sql("add_operator"), account, name, *digests, supervises)
        await keep_act(connection, by, "operator_added", account, {"supervises": supervises})
    return account


async def free_operators(url: str) -> list[OperatorId]:
    """Who is on duty, in no call and not paused, as far as is on record.

    Raises DatabaseUnreachable.
    """
    async with connected(url) as connection:
        rows = await connection.fetch(sql("free_operators"))
    return [OperatorId(row["account"]) for row in rows]


async def remove_operator(url: str, account: OperatorId, by: str) -> str:
    """Take an operator off duty, and keep who did; answers his name.

    Raises OperatorUnknown, DatabaseUnreachable.
    """
    async with connected(url) as connection, connection.transaction():
        name = await connection.fetchval(sql("remove_operator"), account)
        if name is None:
            raise OperatorUnknown(f"There is no operator {account} on duty: see `operator list`.")
        await keep_act(connection, by, "operator_removed", account)
    return str(name)


async def list_operators(url: str) -> list[OperatorSummary]:
    """All operators who ever were, by account. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        rows = await connection.fetch(sql("list_operators"))
    return [msgspec.convert(dict(row), OperatorSummary) for row in rows]


async def operator_names(connection: Connection, accounts: Iterable[str]) -> dict[str, str]:
    """What those of these accounts are called whom there is or was."""
    rows = await connection.fetch(sql("operator_names"), list(accounts))
    return {row["account"]: row["name"] for row in rows}


async def presence_of_period(url: str, first: datetime, until: datetime) -> list[PresenceTime]:
    """Seconds in [first, until) that each operator was ready, paused, in wrap-up, away or talking.

    No second counts twice: a talk counts as nothing else, and an operator counts from his first
    entry to his removal. `until` is at the latest now. Raises DatabaseUnreachable.
    """
    async with connected(url) as connection:
        rows = await connection.fetch(sql("presence_of_period"), first, until)
    return [msgspec.convert(dict(row), PresenceTime) for row in rows]
