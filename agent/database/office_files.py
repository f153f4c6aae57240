"""Versions of the office's form, priority table and hours: each kept as it was when it was used."""

import hashlib
from typing import Literal

import msgspec

from agent.database.connect import connected
from agent.database.errors import OfficeFileChanged
from agent.database.queries import sql

Kind = Literal["form", "priority_table", "office_hours"]
SETTINGS: dict[Kind, str] = {
    "form": "form_file",
    "priority_table": "priority_file",
    "office_hours": "hours_file",
}


async def keep_office_file(url: str, kind: Kind, name: str, content: object) -> None:
    """Keep this version of a file; a repeat changes nothing.

    Raises OfficeFileChanged when the version is known with other content, DatabaseUnreachable.
    """
    encoded = msgspec.json.encode(content, order="sorted")
    sha256 = hashlib.sha256(encoded).hexdigest()
    async with connected(url) as connection:
        await connection.execute(sql("keep_office_file"), kind, name, encoded.decode(), sha256)
        if await connection.fetchval(sql("office_file_hash"), kind, name) != sha256:
            raise OfficeFileChanged(
                f"{SETTINGS[kind]}: the content of {name} differs from what was used before: "
                "raise the version in the file."
            )


async def office_files(url: str, kind: Kind) -> dict[str, object]:
    """Every version of a kind that was ever used, by its name. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        rows = await connection.fetch(sql("all_office_files"), kind)
    return {row["name"]: msgspec.json.decode(row["content"]) for row in rows}
