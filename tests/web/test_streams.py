"""Server-sent events to those who read, and to those who never do."""

import select
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web

from agent.web import streams
from agent.web.streams import Streams, message
from tests.runtime.waiting import until


class Told:
    """A stream of large messages, and whether it was closed."""

    def __init__(self, size: int, count: int) -> None:
        self.size = size
        self.count = count
        self.made = 0
        self.closed = False

    async def messages(self) -> AsyncIterator[bytes]:
        try:
            for _ in range(self.count):
                self.made += 1
                yield message(b"1" * self.size, "news")
        finally:
            self.closed = True


async def served(sender: Streams, told: Told) -> tuple[web.AppRunner, int]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await sender.send(request, told.messages())

    application = web.Application()
    application.router.add_get("/", handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]


def test_an_event_has_its_name_and_where_to_go_on() -> None:
    assert message(b"{}", "desk") == b"event: desk\ndata: {}\n\n"
    assert message(b"{}", "feed", at="17") == b"id: 17\nevent: feed\ndata: {}\n\n"


async def test_who_reads_has_all_and_is_counted_no_more() -> None:
    sender, told = Streams(), Told(10, 3)
    runner, port = await served(sender, told)
    async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as answer:
        assert answer.content_type == "text/event-stream"
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert await answer.read() == message(b"1" * 10, "news") * 3
    await until(lambda: sender.open == 0)
    assert told.closed
    await runner.cleanup()


async def test_a_reader_who_never_reads_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "READ_WITHIN_S", 0.3)
    sender, told = Streams(), Told(10_000, 10_000)
    runner, port = await served(sender, told)
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: told.closed)
        assert sender.open == 0
        ended = select.poll()
        ended.register(line, 0)
        await until(lambda: bool(ended.poll(0)))  # a reset, although he has read nothing
    assert told.made * told.size < 8e6, "the kernel does not keep it all for him either"
    await runner.cleanup()


def test_no_more_than_so_many_listen() -> None:
    sender = Streams(most=2)
    assert not sender.full
    sender.open = 2
    assert sender.full
