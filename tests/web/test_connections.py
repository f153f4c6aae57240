"""Who holds a line to the pages and asks nothing, or too many lines, is put down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from agent.web import connections
from agent.web.connections import Connections
from tests.runtime.waiting import DEADLINE_S

WHOLE = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
BEGUN = b"GET / HTTP/1.1\r\n"

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Port:
    """A served port, and lines to it."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.opened: list[Line] = []

    async def line(self, sent: bytes) -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._number)
        self.opened.append((reader, writer))
        writer.write(sent)
        return reader

    async def answered(self, sent: bytes) -> bytes:
        """The status line of what comes back; b"" when the line is put down."""
        async with asyncio.timeout(DEADLINE_S):
            try:
                return (await (await self.line(sent)).readline()).strip()
            except ConnectionError:
                return b""


async def put_down(reader: asyncio.StreamReader) -> bool:
    """Wait until the other side closes the line."""
    async with asyncio.timeout(DEADLINE_S):
        try:
            return not await reader.read()
        except ConnectionError:
            return True


@asynccontextmanager
async def served() -> AsyncIterator[Port]:
    async def ask(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    lines = Connections()
    application = web.Application(middlewares=[lines.read_in_time])
    application.router.add_route("*", "/", ask)
    runner = web.AppRunner(application)
    await runner.setup()
    assert runner.server
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lines.protocols(runner.server), "127.0.0.1", 0)
    port = Port(server.sockets[0].getsockname()[1])
    try:
        yield port
    finally:
        for _, writer in port.opened:
            writer.transport.abort()
        server.close()
        await runner.cleanup()


async def test_who_asks_nothing_is_put_down_and_who_asked_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "ASK_WITHIN_S", 0.2)
    async with served() as port:
        silent, asked = await port.line(BEGUN), await port.line(WHOLE)
        assert await put_down(silent)
        assert (await asked.readline()).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.3)
        port.opened[1][1].write(WHOLE)
        assert b"HTTP/1.1 200" in await asked.readuntil(b"OK\r\n")


async def test_the_oldest_silent_line_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SILENT_AT_MOST", 2)
    async with served() as port:
        first, second = await port.line(BEGUN), await port.line(BEGUN)
        assert await port.answered(WHOLE) == b"HTTP/1.1 200 OK"
        assert await put_down(first)
        assert not second.at_eof()


async def test_one_line_too_many_is_put_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 2)
    async with served() as port:
        assert await port.answered(WHOLE) == b"HTTP/1.1 200 OK"
        assert await port.answered(WHOLE) == b"HTTP/1.1 200 OK"
        assert await port.answered(WHOLE) == b""
        port.opened[0][1].transport.abort()
        async with asyncio.timeout(DEADLINE_S):
            while True:
                if await port.answered(WHOLE):
                    break
                await asyncio.sleep(0.05)
