"""A receiver of news: verifies every signature, and answers as it is told to."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


class NewsReceiver:
    """Keeps what came with a right signature; `answers` are used up one by one, then 204."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.answers: list[int | None] = []
        """None: it takes the news, and its answer is lost."""
        self.waits_s = 0.0
        self.body = b""
        self.came: list[tuple[str, dict[str, Any]]] = []
        self.asked = 0
        self.url = ""

    @property
    def kinds(self) -> list[str]:
        """What it was told, in the order in which it came."""
        return [content["type"] for _, content in self.came]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One webhook."""
        self.asked += 1
        body = await request.read()
        await asyncio.sleep(self.waits_s)
        name, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
        wanted = f"v1,{base64.b64encode(signed).decode()}"
        if request.headers["webhook-signature"] != wanted:
            return web.Response(status=401)
        status = self.answers.pop(0) if self.answers else 204
        if status is None or status < 300:
            self.came.append((name, json.loads(body)))
        if status is None:
            assert request.transport is not None
            request.transport.abort()
            status = 204
        return web.Response(status=status, headers={"Location": "/elsewhere"}, body=self.body)


@asynccontextmanager
async def receiving(secret: str, port: int = 0) -> AsyncIterator[NewsReceiver]:
    """A receiver on this machine, at a port of its own unless one is given."""
    receiver = NewsReceiver(secret)
    application = web.Application()
    application.router.add_post("/{path:.*}", receiver.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()
