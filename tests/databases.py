"""A real PostgreSQL for the session, and for every test a database of its own out of a template."""

import tempfile
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from agent.database.connect import Connection, connected
from agent.database.migrations import migrate
from agent.database.queries import sql
from agent.database.sops import load_sop
from agent.settings import DATA
from deploy.postgres_server import PostgresServer

SOP_FILE = DATA / "sop" / "SOP-LPSE.BTG-017.toml"


def named(url: str, database: str) -> str:
    """The same server's other database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server; DATABASE_URL's where it is given."""
    # Not tmp_path: pytest closes its folders to the server's own user.
    with tempfile.TemporaryDirectory(prefix="lpse-test-") as folder:
        server = PostgresServer(Path(folder))
        yield server.start()
        server.stop()


@asynccontextmanager
async def database(server_url: str, template: str) -> AsyncIterator[str]:
    """A new database that is dropped again, whoever still holds it."""
    name = f"lpse_test_{uuid4().hex}"
    server = await asyncpg.connect(server_url)
    try:
        await server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield named(server_url, name)
        finally:
            await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await server.close()


@pytest_asyncio.fixture(scope="session")
async def template(server_url: str) -> AsyncIterator[str]:
    """The name of a migrated database with the procedure and two operators, to be cloned."""
    async with database(server_url, "template0") as url:
        await migrate(url)
        await load_sop(url, tomllib.loads(SOP_FILE.read_text()))
        # Past the log of acts, which begins empty for every test.
        async with connected(url) as connection:
            for account, name in (("op-101", "Siti Aminah"), ("op-102", "Budi Santoso")):
                await connection.execute(
                    sql("add_operator"), account, name, f"sha of {account}", "md5", False
                )
        yield urlsplit(url).path[1:]


@pytest_asyncio.fixture
async def empty_url(server_url: str) -> AsyncIterator[str]:
    """A database with nothing in it."""
    async with database(server_url, "template0") as url:
        yield url


@pytest_asyncio.fixture
async def url(server_url: str, template: str) -> AsyncIterator[str]:
    """A migrated database of this test's own."""
    async with database(server_url, template) as made:
        yield made


@pytest_asyncio.fixture
async def connection(url: str) -> AsyncIterator[Connection]:
    """The test's own eyes on its database."""
    eyes = await asyncpg.connect(url)
    yield eyes
    await eyes.close()
