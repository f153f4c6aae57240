"""Who did and saw what: the log of acts and the log of access read as one, newest first."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from agent.database.connect import Connection
from agent.database.queries import sql

PAGE = 50


class TrailInvalid(ValueError):
    """A cursor that no page gave."""


class TrailLine(msgspec.Struct, frozen=True, kw_only=True):
    """One act of control (`act`), or one look at somebody's data (`access`)."""

    at: datetime
    id: str
    log: Literal["act", "access"]
    by: str
    action: str
    subject: str
    """Of an access at most twenty form numbers."""
    detail: dict[str, Any]


class TrailFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines; None narrows nothing. `until` is not in it."""

    since: datetime | None = None
    until: datetime | None = None
    by: str | None = None
    action: str | None = None


class Trail(msgspec.Struct, frozen=True):
    """A page of lines, and the cursor of the page after it."""

    lines: list[TrailLine]
    following: str | None


async def read_trail(
    connection: Connection, wanted: TrailFilter, after: str | None = None, limit: int = PAGE
) -> Trail:
    """The lines after the cursor `after`. Raises TrailInvalid."""
    at, line_id = _parsed(after) if after else (None, None)
    rows = await connection.fetch(
        sql("read_trail"), wanted.since, wanted.until, wanted.by, wanted.action, at, line_id,
        limit + 1,
    )  # fmt: skip
    lines = [
        msgspec.convert({**row, "detail": msgspec.json.decode(row["detail"])}, TrailLine)
        for row in rows[:limit]
    ]
    following = f"{lines[-1].at.isoformat()}~{lines[-1].id}" if len(rows) > limit else None
    return Trail(lines, following)


def _parsed(cursor: str) -> tuple[datetime, str]:
    moment, sign, line_id = cursor.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError as error:
        raise TrailInvalid from error
    if not sign or at.tzinfo is None or not line_id or len(line_id) > 40 or "\0" in line_id:
        raise TrailInvalid
    return at, line_id
