"""Versions of what the office decides: each kept as it was when it was used."""

import hashlib
from typing import Literal

import msgspec

from agent.database.connect import Connection, connected
from agent.database.errors import OfficeFileChanged
from agent.database.queries import sql

Kind = Literal["form", "priority_table", "office_hours", "office_rules"]
SETTINGS: dict[Kind, str] = {
    "form": "form_file",
    "priority_table": "priority_file",
    "office_hours": "hours_file",
    "office_rules": "LPSE_SETTINGS",
}
"""What names the file of each kind; the rules stand in the settings themselves."""
KINDS: tuple[Kind, ...] = ("priority_table", "office_hours", "office_rules", "form")


async def keep_office_file(url: str, kind: Kind, name: str, content: object) -> None:
    """Keep this version of a file; a repeat changes nothing.

    Raises OfficeFileChanged when the version is known with other content, DatabaseUnreachable.
    """
    async with connected(url) as connection:
        await keep_in(connection, kind, name, content)


async def keep_in(connection: Connection, kind: Kind, name: str, content: object) -> bool:
    """The same over a connection that is there; whether the version was not kept before."""
    encoded = msgspec.json.encode(content, order="sorted")
    sha256 = hashlib.sha256(encoded).hexdigest()
    kept = await connection.execute(sql("keep_office_file"), kind, name, encoded.decode(), sha256)
    if await connection.fetchval(sql("office_file_hash"), kind, name) != sha256:
        raise OfficeFileChanged(
            f"{SETTINGS[kind]}: the content of {name} differs from what was used before: "
            "raise the version in the file."
        )
    return str(kept) == "INSERT 0 1"


async def office_files(url: str, kind: Kind) -> dict[str, object]:
    """Every version of a kind that was ever used, by its name. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        return await named_files(connection, kind)


async def named_files(connection: Connection, kind: Kind) -> dict[str, object]:
    """The same over a connection that is there."""
    rows = await connection.fetch(sql("all_office_files"), kind)
    return {row["name"]: msgspec.json.decode(row["content"]) for row in rows}
