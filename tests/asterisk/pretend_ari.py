"""A pretend ARI server, only for what a real Asterisk will not do on demand."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from agent.asterisk.ari_client import AriClient
from tests.asterisk.messages import message


class PretendAri:
    """Answers what a session asks; can be deaf, too old, or talk nonsense."""

    def __init__(self) -> None:
        self.version = "22.10.1"
        self.deaf = False
        self.skew_timestamp: str | None = None
        self.clock: Callable[[], float] = time.time
        self.opened_at: list[float] = []
        self.closed_at: list[float] = []
        self._socket: web.WebSocketResponse | None = None

    async def send(self, frame: str) -> None:
        """Send one frame over the event socket."""
        assert self._socket is not None
        await self._socket.send_str(frame)

    async def send_as_text(self, payload: bytes) -> None:
        """Send a text frame that need not be UTF-8."""
        assert self._socket is not None
        writer = self._socket._writer
        assert writer is not None
        await writer.send_frame(payload, aiohttp.WSMsgType.TEXT)

    async def drop(self) -> None:
        """Close the event socket."""
        assert self._socket is not None
        await self._socket.close()

    async def _information(self, _request: web.Request) -> web.Response:
        status = {"startup_time": "2026-11-23T01:00:00.000+0000"}
        return web.json_response({"system": {"version": self.version}, "status": status})

    async def _variable(self, _request: web.Request) -> web.Response:
        return web.json_response({"value": str(int(self.clock()))})

    async def _events(self, request: web.Request) -> web.WebSocketResponse:
        self._socket = socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.opened_at.append(time.monotonic())
        async for _frame in socket:
            pass
        self.closed_at.append(time.monotonic())
        return socket

    async def _filter(self, _request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _user_event(self, request: web.Request) -> web.Response:
        if not self.deaf:
            echo = json.loads(message("ChannelUserevent", eventname=request.match_info["name"]))
            await self.send(json.dumps({**echo, "timestamp": self.skew_timestamp or _now()}))
        return web.Response(status=204)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[AriClient]:
        """A client of this server."""
        application = web.Application()
        application.router.add_get("/ari/asterisk/info", self._information)
        application.router.add_get("/ari/asterisk/variable", self._variable)
        application.router.add_get("/ari/events", self._events)
        application.router.add_put("/ari/applications/{name}/eventFilter", self._filter)
        application.router.add_post("/ari/events/user/{name}", self._user_event)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        try:
            async with AriClient(f"http://127.0.0.1:{port}", "user", "secret") as made:
                yield made
        finally:
            await asyncio.shield(runner.cleanup())


def _now() -> str:
    milliseconds = int(time.time() * 1000) % 1000
    return time.strftime(f"%Y-%m-%dT%H:%M:%S.{milliseconds:03d}+0000", time.gmtime())
