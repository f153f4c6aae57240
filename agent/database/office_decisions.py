"""Which version of the office's hours, priority table, form and rules counts: the newest decision.

Decided by an administrator, or by a file that brings a version which never was. A version that
was in force before does not come back because a file still has it.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from agent.database.connect import Connection, connected
from agent.database.errors import OfficeDecisionStale
from agent.database.office_files import KINDS, Kind, keep_in, named_files
from agent.database.pool import Pool
from agent.database.queries import sql


class OfficeDecision(msgspec.Struct, frozen=True, kw_only=True):
    """That a version counts from a moment on; without a person it came by its file."""

    kind: Kind
    name: str
    decided_at: datetime
    decided_by: str | None
    reason: str | None


class NewDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to count; `based_on` is the version that he has changed."""

    kind: Kind
    name: str
    content: object
    based_on: str
    by: str
    reason: str


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What counts now, and every version that was ever kept, by kind and name."""

    in_force: dict[Kind, OfficeDecision]
    files: dict[Kind, dict[str, object]]


async def decide_by_files(url: str, files: Mapping[Kind, tuple[str, object]]) -> None:
    """At the start: keep the files' versions; one that never was counts from now on.

    Raises OfficeFileChanged, DatabaseUnreachable.
    """
    async with connected(url) as connection, connection.transaction():
        await connection.execute(sql("decide_in_turn"))
        decided = {row["kind"] for row in await connection.fetch(sql("office_decisions_in_force"))}
        for kind, (name, content) in files.items():
            is_new = await keep_in(connection, kind, name, content)
            if is_new or kind not in decided:
                await connection.execute(sql("add_office_decision"), kind, name, None, None)


async def decide(pool: Pool, new: NewDecision) -> None:
    """Keep a version and let it count, on record, all or nothing.

    Raises OfficeDecisionStale when something else counts than what it is based on,
    OfficeFileChanged when there is such a version already, DatabaseUnreachable.
    """
    async with pool.transaction() as connection:
        await connection.execute(sql("decide_in_turn"))
        now = await in_force(connection)
        if new.kind not in now or now[new.kind].name != new.based_on:
            raise OfficeDecisionStale(f"{new.kind}: {new.based_on} does not count any more.")
        await keep_in(connection, new.kind, new.name, new.content)
        await connection.execute(sql("add_office_decision"), new.kind, new.name, new.by, new.reason)
        detail = {"version": new.name, "before": new.based_on, "reason": new.reason}
        told = msgspec.json.encode(detail).decode()
        await connection.execute(sql("audit"), new.by, "office_decided", new.kind, told)


async def in_force(connection: Connection) -> dict[Kind, OfficeDecision]:
    """The newest decision of each kind."""
    rows = await connection.fetch(sql("office_decisions_in_force"))
    return {row["kind"]: msgspec.convert(dict(row), OfficeDecision) for row in rows}


async def decided_version(url: str, kind: Kind) -> object | None:
    """The content of the version that counts; None before anything is decided of its kind.

    Raises DatabaseUnreachable.
    """
    async with connected(url) as connection:
        decision = (await in_force(connection)).get(kind)
        return (await named_files(connection, kind))[decision.name] if decision else None


async def names_in_force(url: str) -> dict[Kind, str]:
    """Which versions count. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        return {kind: one.name for kind, one in (await in_force(connection)).items()}


async def all_decisions(connection: Connection) -> list[OfficeDecision]:
    """Every decision, the oldest first."""
    rows = await connection.fetch(sql("all_office_decisions"))
    return [msgspec.convert(dict(row), OfficeDecision) for row in rows]


async def read_decided(url: str) -> Decided:
    """What counts, with all versions, as of one moment. Raises DatabaseUnreachable."""
    async with (
        connected(url) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        return Decided(
            in_force=await in_force(connection),
            files={kind: await named_files(connection, kind) for kind in KINDS},
        )
