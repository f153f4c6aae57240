"""Numbered migrations, forward only, each in a transaction of its own.

A database that is newer than the program, or whose past differs from the files, is left alone.
"""

import hashlib
import re
from pathlib import Path

import msgspec

from agent.database.connect import Connection, connected
from agent.database.errors import DatabaseNewer, DatabaseOlder, MigrationChanged
from agent.settings import ROOT

FOLDER = ROOT / "sql" / "migrations"
MIGRATION_S = 2 * 3600.0
"""A migration may rewrite a table of ten million rows, and a second run waits for the first."""

_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_LOCK = 20816

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer CONSTRAINT migration_twice PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class Migration(msgspec.Struct, frozen=True):
    """One file of sql/migrations."""

    version: int
    name: str
    sha256: str
    sql: str


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """All migrations in order. Raises ValueError for a file that is not numbered in turn."""
    found = []
    for place, file in enumerate(sorted(folder.glob("*.sql")), start=1):
        named = _FILE.fullmatch(file.name)
        if not named or int(named[1]) != place:
            raise ValueError(f"{file.name} is not migration number {place:04d}")
        text = file.read_text()
        found.append(Migration(place, named[2], hashlib.sha256(text.encode()).hexdigest(), text))
    return found


async def migrate(url: str, folder: Path = FOLDER) -> list[str]:
    """Bring the database up to the program; answer the names of what was applied now.

    Raises DatabaseNewer, MigrationChanged, DatabaseUnreachable.
    """
    migrations = read_migrations(folder)
    applied = []
    async with connected(url, MIGRATION_S, MIGRATION_S) as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute(_TABLE)
        done = await _checked(connection, migrations)
        for migration in migrations[done:]:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO schema_migrations (version, name, sha256) VALUES ($1, $2, $3)",
                    migration.version,
                    migration.name,
                    migration.sha256,
                )
            applied.append(f"{migration.version:04d}_{migration.name}")
    return applied


async def require_migrated(url: str) -> None:
    """Raise unless the database is exactly what this program needs.

    Raises DatabaseOlder, DatabaseNewer, MigrationChanged, DatabaseUnreachable.
    """
    migrations = read_migrations()
    async with connected(url) as connection:
        exists = await connection.fetchval("SELECT to_regclass('schema_migrations') IS NOT NULL")
        done = await _checked(connection, migrations) if exists else 0
    if done < len(migrations):
        missing = len(migrations) - done
        raise DatabaseOlder(f"The database lacks {missing} migrations: run `lpse-agent migrate`.")


async def _checked(connection: Connection, migrations: list[Migration]) -> int:
    """How many of the migrations are applied; they are the first ones, unchanged."""
    rows = await connection.fetch("SELECT version, name, sha256 FROM schema_migrations ORDER BY 1")
    if len(rows) > len(migrations):
        newest = f"{rows[-1]['version']:04d}_{rows[-1]['name']}"
        raise DatabaseNewer(
            f"The database has migration {newest}, which this program does not know: "
            "start the newer program that made it."
        )
    for row, migration in zip(rows, migrations, strict=False):  # the rest is still to be applied
        if (row["version"], row["sha256"]) != (migration.version, migration.sha256):
            raise MigrationChanged(
                f"Migration {migration.version:04d}_{migration.name} was changed after it was "
                "applied to this database: restore the file and write the change as a new one."
            )
    return len(rows)
