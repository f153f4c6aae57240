"""Server-sent events: the present at once, then whatever changes; who never reads is cut off."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

READ_WITHIN_S = 30.0
HEARTBEAT_S = 15.0
"""So long without news, a comment tells proxies and the browser that the stream lives."""
MOST = 500


class Streams:
    """How many browsers and programs listen now."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.open = 0

    @property
    def full(self) -> bool:
        """Whether no more are taken."""
        return self.open >= self._most

    async def send(
        self, request: web.Request, messages: AsyncIterator[bytes]
    ) -> web.StreamResponse:
        """Send messages (as `message` makes them) until they end or the reader is gone."""
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        self.open += 1
        try:
            await response.prepare(request)
            async for part in messages:
                async with asyncio.timeout(READ_WITHIN_S):
                    await response.write(part)
        except (TimeoutError, ConnectionError):
            if request.transport is not None:
                request.transport.abort()  # what was not read is not waited for
        finally:
            self.open -= 1
            if aclose := getattr(messages, "aclose", None):
                await aclose()
        return response


def message(data: bytes, event: str, at: str | None = None) -> bytes:
    """One event; `at` is where to go on after it. `data` is JSON on one line."""
    head = f"id: {at}\n" if at else ""
    return f"{head}event: {event}\ndata: ".encode() + data + b"\n\n"


HEARTBEAT = b": \n\n"
