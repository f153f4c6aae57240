"""Writers at work for the tests, as the service runs them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent.database.sops import all_sops
from agent.database.writer import Writer

WIDE_MARGIN_S = 6.0


@asynccontextmanager
async def running_writer(
    url: str, holder: str | None = None, epoch: int = 0
) -> AsyncIterator[Writer]:
    """One agent's writer, stopped at the end as the service stops it."""
    writer = Writer(url, await all_sops(url), holder, epoch)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(writer.run())
        try:
            yield writer
        finally:
            running.cancel()
    await writer.aclose()


async def until_healthy(writer: Writer) -> None:
    """Wait until the writer has reached its database."""
    async with asyncio.timeout(WIDE_MARGIN_S):
        while not writer.healthy:  # noqa: ASYNC110 the service asks, nobody is told
            await asyncio.sleep(0.01)
