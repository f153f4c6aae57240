"""Revisions of the procedure: each is kept as it was when consultations ran under it."""

import hashlib

import msgspec

from agent.database.connect import Connection, connected
from agent.database.errors import SopRevisionChanged
from agent.database.queries import sql
from agent.domain.sop import Sop, parse_sop


async def load_sop(url: str, content: object) -> Sop:
    """Keep the revision that a procedure's data file describes, and answer it.

    Raises SopInvalid, SopRevisionChanged when this revision is known with other content, and
    DatabaseUnreachable.
    """
    sop = parse_sop(content)
    encoded = _encoded(content)
    sha256 = _sha256(encoded)
    async with connected(url) as connection:
        await connection.execute(
            sql("load_sop_revision"),
            sop.name,
            sop.document,
            sop.revision,
            encoded.decode(),
            sha256,
        )
        if await connection.fetchval(sql("sop_revision_hash"), sop.name) != sha256:
            raise SopRevisionChanged(
                f"The content of {sop.name} differs from what consultations ran under: "
                "raise the revision in the procedure's file."
            )
    return sop


async def all_sops(url: str) -> dict[str, Sop]:
    """Every revision that ever ran, by its name. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        return await read_sops(connection)


async def read_sops(connection: Connection) -> dict[str, Sop]:
    """The same over a connection that is there."""
    rows = await connection.fetch(sql("all_sop_revisions"))
    return {row["name"]: parse_sop(msgspec.json.decode(row["content"])) for row in rows}


async def changed_sops(connection: Connection) -> list[str]:
    """Names of revisions whose content is no longer the one that was loaded, by its hash."""
    rows = await connection.fetch(sql("all_sop_revisions"))
    return [
        row["name"]
        for row in rows
        if _sha256(_encoded(msgspec.json.decode(row["content"])))
        != await connection.fetchval(sql("sop_revision_hash"), row["name"])
    ]


def _encoded(content: object) -> bytes:
    return msgspec.json.encode(content, order="sorted")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
