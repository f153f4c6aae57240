"""The log of who saw or changed whose data: written before anything is shown, never changed."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from agent.database.connect import Connection, connected
from agent.database.errors import DatabaseProblem
from agent.database.queries import sql

Action = Literal["read", "search", "export", "correct", "hold", "lift", "erase"]

_TELLS_WHO = re.compile(r"@|(?:\d[ .-]?){9,}")


class PurposeInvalid(DatabaseProblem):
    """A purpose says why; it is kept for good, so it may not name the person."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Who does what with whose data, and why."""

    by: str
    action: Action
    purpose: str
    forms: tuple[str, ...] = ()
    person_key: str | None = None


class AccessSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log."""

    at: datetime
    by: str
    action: Action
    purpose: str


def purpose_of(typed: str) -> str:
    """Why, as it is kept. Raises PurposeInvalid for none, and for one with a number or address."""
    text = " ".join(typed.split())
    if not 3 <= len(text) <= 300 or not text.isprintable():
        raise PurposeInvalid("Say why in 3 to 300 printable characters.")
    if _TELLS_WHO.search(text):
        raise PurposeInvalid(
            "The purpose is kept for good: leave out telephone numbers, NIK, NPWP and e-mail "
            "addresses; name the letter or the request instead."
        )
    return text


async def keep_access(connection: Connection, access: Access) -> None:
    """Add a line within the caller's transaction."""
    await connection.execute(
        sql("log_access"),
        access.by,
        access.action,
        list(access.forms),
        access.person_key,
        access.purpose,
    )


async def log_access(url: str, access: Access) -> None:
    """Add a line; only when this has returned may anything be shown. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        await keep_access(connection, access)


async def access_of(
    url: str, forms: Sequence[str], person_key: str | None = None
) -> list[AccessSeen]:
    """Who had to do with these forms or looked for this person. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        rows = await connection.fetch(sql("access_of"), list(forms), person_key)
    return [msgspec.convert(dict(row), AccessSeen) for row in rows]
