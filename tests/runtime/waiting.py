"""Waiting in a test, never for longer than a wide deadline."""

import asyncio
from collections.abc import Callable

DEADLINE_S = 30.0


async def until(comes_true: Callable[[], bool]) -> None:
    """Wait until it comes true. Raises TimeoutError when it does not."""
    async with asyncio.timeout(DEADLINE_S):
        while not comes_true():  # noqa: ASYNC110 — what is waited for announces itself to nobody
            await asyncio.sleep(0.01)
