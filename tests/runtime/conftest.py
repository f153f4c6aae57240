"""The runtime's tests record into the same real databases as the database's own."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
import structlog

from agent.database.writer import Writer
from tests.database.agents import running_writer, until_healthy
from tests.runtime.exchange import PretendExchange
from tests.runtime.faulty_database import FaultyDatabase


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """Mistakes that a test makes on purpose are told in short: coloured tracebacks are slow."""
    kept = structlog.get_config()
    told = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(processors=told)
    yield
    structlog.configure(**kept)


@pytest_asyncio.fixture
async def writer(url: str) -> AsyncIterator[Writer]:
    """The real recorder, connected."""
    async with running_writer(url) as running:
        await until_healthy(running)
        yield running


@pytest.fixture
def database() -> FaultyDatabase:
    """A recorder for tests in which nothing depends on what is durable; it knows Siti alone."""
    return FaultyDatabase()


@pytest.fixture
def exchange() -> PretendExchange:
    """Both operators' telephones can be rung."""
    return PretendExchange()
