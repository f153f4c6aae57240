"""Tables without indexes, keys and triggers while millions of rows are written, and with all again.

Each row costs only itself; the indexes are built and the keys checked once, for all rows.
"""

import contextlib
from collections.abc import AsyncIterator, Sequence

from agent.database.connect import Connection
from agent.database.queries import sql


@contextlib.asynccontextmanager
async def bare(connection: Connection, tables: Sequence[str]) -> AsyncIterator[None]:
    """Within a transaction, which alone makes a failure in here leave all as it was.

    The tables are closed to others until it ends. The user must own them. What their own triggers
    do for a row, the caller does for all of them. Raises IntegrityConstraintViolationError of
    asyncpg at the end when the rows do not fit together.
    """
    constraints = await connection.fetch(sql("constraints_laid_aside"), tables)
    indexes = await connection.fetch(sql("indexes_laid_aside"), tables)
    for one in reversed(constraints):
        await connection.execute(f"ALTER TABLE {one['of_table']} DROP CONSTRAINT {one['name']}")
    for one in indexes:
        await connection.execute(f"DROP INDEX {one['name']}")
    for table in tables:
        await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    await connection.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for table in tables:
        await connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    # Keys stand before what refers to them.
    for one in constraints:
        await connection.execute(
            f"ALTER TABLE {one['of_table']} ADD CONSTRAINT {one['name']} {one['definition']}"
        )
    for one in indexes:
        await connection.execute(one["definition"])
