"""One real Asterisk for this room's tests, with no agent beside it."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from agent.asterisk.ari_client import AriClient
from deploy.asterisk_server import AsteriskServer, find_installation, private_values
from tests.asterisk.events_heard import EventsHeard

# Set by ./deploy/test; empty when the machine's own Asterisk is the one.
ROOT = os.environ["LPSE_ASTERISK_ROOT"]


@pytest.fixture(scope="module")
def asterisk() -> Iterator[AsteriskServer]:
    """Asterisk alone."""
    # Not tmp_path: pytest closes its folders to Asterisk's own user.
    with tempfile.TemporaryDirectory(prefix="lpse-ari-") as folder:
        Path(folder).chmod(0o755)
        installation = find_installation(Path(ROOT) if ROOT else None)
        values = private_values(installation, Path(folder) / "asterisk", Path(folder))
        with AsteriskServer(installation, values) as server:
            yield server


@pytest_asyncio.fixture(scope="module")
async def client(asterisk: AsteriskServer) -> AsyncIterator[AriClient]:
    """ARI's commands, as the agent gives them."""
    values = asterisk.values
    url = f"http://{values.ari_address}:{values.ari_port}"
    async with AriClient(url, values.ari_user, values.ari_secret) as made:
        yield made


@pytest_asyncio.fixture(scope="module")
async def events(asterisk: AsteriskServer, client: AriClient) -> AsyncIterator[EventsHeard]:
    """The application's events, with a session that is ready."""
    heard = EventsHeard(client, asterisk.values.application)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(heard.session.run())
        await heard.until_ready()
        yield heard
        running.cancel()
