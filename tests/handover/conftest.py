"""Real receivers for this room's tests, and an aiohttp session as the service has one."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import pytest_asyncio

from deploy.office_servers import MailServer, RequestTracker


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    """A mail server that wants a login over TLS."""
    with MailServer() as server:
        yield server


@pytest.fixture(scope="session")
def tracker() -> Iterator[RequestTracker]:
    """A Request Tracker."""
    with RequestTracker() as server:
        yield server


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """What the service's HTTP goes through."""
    async with aiohttp.ClientSession() as made:
        yield made
