"""Server-sent events: the present at once, then whatever changes; who never reads is cut off.

Whoever reads is asked for again and again: his session does not idle, and his stream ends with his
right to it.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

READ_WITHIN_S = 5.0
"""Once so much is unread that no more can be sent; who comes again goes on where he was."""
UNREAD_AT_MOST = 64 * 1024
"""Bytes, of which Linux takes twice as many; four pictures of a large floor."""
HEARTBEAT_S = 15.0
"""So long without news, a comment tells proxies and the browser that the stream lives."""
ASKED_EVERY_S = 10.0
"""Whether a reader still may; somebody whose account was removed reads on for no longer."""
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
        self,
        request: web.Request,
        messages: AsyncIterator[bytes],
        still: Callable[[], Awaitable[bool]],
    ) -> web.StreamResponse:
        """Send messages (as `message` makes them) until they end or the reader is gone.

        `still` is asked every ASKED_EVERY_S beside them, and ends them by False.
        """
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        self.open += 1
        _keep_little(request)
        try:
            await response.prepare(request)
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(_write(request, response, messages))
                while not sending.done():
                    await asyncio.wait([sending], timeout=ASKED_EVERY_S)
                    if not (sending.done() or await still()):
                        sending.cancel()
        except ConnectionError:
            _cut_off(request)
        finally:
            self.open -= 1
            if aclose := getattr(messages, "aclose", None):
                await aclose()
        return response


async def _write(
    request: web.Request, response: web.StreamResponse, messages: AsyncIterator[bytes]
) -> None:
    try:
        async for part in messages:
            async with asyncio.timeout(READ_WITHIN_S):
                await response.write(part)
    except (TimeoutError, ConnectionError):
        _cut_off(request)


def _keep_little(request: web.Request) -> None:
    """Or the kernel keeps megabytes for each who does not read, and he is found out late."""
    if request.transport is not None:
        line = request.transport.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_AT_MOST)


def _cut_off(request: web.Request) -> None:
    """At once, by a reset: an orderly end would wait in the kernel behind what is not read."""
    if request.transport is not None:
        line = request.transport.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()


def message(data: bytes, event: str, at: str | None = None) -> bytes:
    """One event; `at` is where to go on after it. `data` is JSON on one line."""
    head = f"id: {at}\n" if at else ""
    return f"{head}event: {event}\ndata: ".encode() + data + b"\n\n"


HEARTBEAT = b": \n\n"
