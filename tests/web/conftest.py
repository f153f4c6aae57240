"""Pages over a real database, at a pretend exchange."""

from collections.abc import AsyncIterator

import pytest_asyncio

from agent.database.writer import Writer
from tests.database.conftest import connection, server_url, template, url
from tests.runtime.conftest import exchange, writer
from tests.runtime.exchange import PretendExchange
from tests.web.site import Site, site

__all__ = ["connection", "exchange", "here", "server_url", "template", "url", "writer"]


@pytest_asyncio.fixture
async def here(writer: Writer, exchange: PretendExchange, url: str) -> AsyncIterator[Site]:
    """An office with its pages."""
    async with site(writer, exchange, url) as opened:
        yield opened
