"""How many browsers may hold a line, and how long without asking anything (F24).

The pages share their process with the calls: whoever opens lines and sends a byte now and then must
not use up its open files. Slow readers of an answer are the streams' own concern.
"""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from agent.web.problems import Refused

MOST = 1000
"""Twice the streams; the unit file allows four times as many open files."""
SILENT_AT_MOST = 200
ASK_WITHIN_S = 10.0
BODY_WITHIN_S = 10.0


class _Full(asyncio.Protocol):
    """One line too many: put down at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


class Connections:
    """The lines of one server."""

    def __init__(self) -> None:
        self._silent: dict[web.RequestHandler, None] = {}
        """Those that have not asked anything yet, oldest first."""

    def protocols(self, server: web.Server) -> Callable[[], asyncio.Protocol]:
        """What the event loop asks for at each new line."""

        def take() -> asyncio.Protocol:
            if len(server.connections) >= MOST:
                return _Full()
            if len(self._silent) >= SILENT_AT_MOST:
                # A browser asks at once, so the oldest is the least likely to be one.
                self._put_down(next(iter(self._silent)))
            protocol = server()
            self._silent[protocol] = None
            asyncio.get_running_loop().call_later(ASK_WITHIN_S, self._put_down, protocol)
            return protocol

        return take

    @web.middleware
    async def read_in_time(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """The whole request is here before anybody deals with it. Raises Refused."""
        self._silent.pop(request.protocol, None)
        if request.can_read_body:
            try:
                async with asyncio.timeout(BODY_WITHIN_S):
                    await request.read()
            except TimeoutError as error:
                raise Refused(408, "request_slow") from error
        return await handler(request)

    def _put_down(self, protocol: web.RequestHandler) -> None:
        if protocol in self._silent:
            del self._silent[protocol]
            if protocol.transport is not None:
                protocol.transport.abort()
