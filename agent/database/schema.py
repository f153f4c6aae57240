"""The whole schema as SQL, read back from a migrated database, for people to read in one piece.

`python -m agent.database.schema URL` writes it to sql/schema.sql; URL is any PostgreSQL in which
a database may be made for a moment.
"""

import asyncio
import sys
import uuid
from urllib.parse import urlsplit, urlunsplit

from agent.database.connect import Connection, connected
from agent.database.migrations import migrate
from agent.database.queries import sql
from agent.settings import ROOT

FILE = ROOT / "sql" / "schema.sql"
HEAD = "-- Generated from sql/migrations by `python -m agent.database.schema`; do not edit.\n"


async def render_schema(connection: Connection) -> str:
    """The schema of this database; the same text for the same schema."""
    rows = await connection.fetch(sql("describe_schema"))
    return HEAD + "".join(f"\n{row['definition']}\n" for row in rows)


async def schema_of_migrations(url: str) -> str:
    """What the migrations make of an empty database, tried beside the one that url names."""
    name = f"lpse_schema_{uuid.uuid4().hex}"
    fresh = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    async with connected(url, 30, 30) as server:
        await server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            await migrate(fresh)
            async with connected(fresh) as connection:
                return await render_schema(connection)
        finally:
            await server.execute(f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    FILE.write_text(asyncio.run(schema_of_migrations(sys.argv[1])))
