"""The proxy before PostgreSQL loses the answer to one commit, and nothing else."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.postgres_server import PostgresServer
from tests.faults.database_proxy import DatabaseProxy, database_address, database_url_through


@pytest.fixture
def database() -> Iterator[str]:
    """A PostgreSQL of this test's own, or DATABASE_URL's."""
    # Not tmp_path: pytest closes its folders to the server's own user.
    with tempfile.TemporaryDirectory(prefix="lpse-test-") as folder:
        server = PostgresServer(Path(folder))
        yield server.start()
        server.stop()


async def test_a_commit_is_done_and_its_answer_lost(database: str) -> None:
    proxy = DatabaseProxy(lambda: database_address(database))
    await proxy.start()
    eyes = await asyncpg.connect(database)
    own = await asyncpg.connect(database_url_through(proxy, database))
    await eyes.execute("CREATE TABLE notes (note text PRIMARY KEY)")
    try:
        proxy.cut_answer_to_next_commit(b"second")
        async with own.transaction():
            await own.execute("INSERT INTO notes VALUES ($1)", "first")
        assert await own.fetchval("SELECT 'second'") == "second", "nothing is written"
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await own.execute("INSERT INTO notes VALUES ($1)", "second")
        assert proxy.cuts == 1
        assert [row["note"] for row in await eyes.fetch("TABLE notes")] == ["first", "second"]
    finally:
        own.terminate()
        await eyes.execute("DROP TABLE notes")
        await eyes.close()
        await proxy.stop()
