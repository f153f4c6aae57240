"""Server-sent events to those who read, and to those who never do."""

import asyncio
import select
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import ClientResponse, ClientSession, web

from agent.database.connect import Connection
from agent.domain.rights import Role
from agent.web import guard, streams
from agent.web.streams import Streams, message
from tests.runtime.exchange import arrival_of_call
from tests.runtime.waiting import DEADLINE_S, until
from tests.web.site import Site
from tests.web.test_site import token_for


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


async def welcome() -> bool:
    return True


async def served(
    sender: Streams, told: Told, still: Callable[[], Awaitable[bool]] = welcome
) -> tuple[web.AppRunner, int]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await sender.send(request, told.messages(), still)

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


async def test_a_reader_who_may_no_longer_is_told_no_more_however_quiet_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "ASKED_EVERY_S", 0.01)
    sender, closed = Streams(), asyncio.Event()
    asked: list[int] = []

    async def still() -> bool:
        asked.append(len(asked))
        return len(asked) < 3

    class Quiet(Told):
        async def messages(self) -> AsyncIterator[bytes]:
            try:
                yield message(b"1", "news")
                await asyncio.Event().wait()
            finally:
                closed.set()

    runner, port = await served(sender, Quiet(1, 1), still)
    async with (
        asyncio.timeout(DEADLINE_S),
        ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/") as answer,
    ):
        assert await answer.read() == message(b"1", "news")
        await closed.wait()
    assert len(asked) == 3
    await until(lambda: sender.open == 0)
    await runner.cleanup()


@pytest.fixture
def asked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers are asked for twenty times a second, and each time the database is."""
    monkeypatch.setattr(streams, "ASKED_EVERY_S", 0.05)
    monkeypatch.setattr(guard, "LOOKED_UP_EVERY_S", 0.0)


async def first_of(answer: ClientResponse) -> str:
    """The stream's next event."""
    while (line := (await answer.content.readuntil(b"\n\n")).decode()).startswith(":"):
        pass
    return line


@pytest.mark.usefixtures("asked_often")
async def test_a_page_that_is_open_with_its_stream_is_not_idle(
    here: Site, connection: Connection
) -> None:
    browser = await here.log_in("operator")
    async with asyncio.timeout(DEADLINE_S), browser.get("/api/v1/desk/stream") as answer:
        await first_of(answer)
        await connection.execute("UPDATE sessions SET seen_at = now() - interval '29 minutes'")
        idle = "SELECT seen_at < now() - interval '1 minute' FROM sessions"
        while await connection.fetchval(idle):  # noqa: ASYNC110 — the stream alone moves it
            await asyncio.sleep(0.01)
        await connection.execute("UPDATE sessions SET ends_at = now()")
        await answer.content.read()
    assert (await here.get(browser, "/desk"))[0] == 303, "after 12 hours it is over all the same"


@pytest.mark.usefixtures("asked_often")
@pytest.mark.parametrize(
    ("path", "how"),
    [("/desk", "removed"), ("/wallboard", "another role"), ("/events", "logged out")],
)
async def test_a_stream_ends_with_its_readers_session(here: Site, path: str, how: str) -> None:
    browser = await here.log_in("supervisor")
    stream = path if path == "/events" else f"{path}/stream"
    async with asyncio.timeout(DEADLINE_S), browser.get(f"/api/v1{stream}") as answer:
        assert answer.status == 200
        match how:
            case "removed":
                await here.parts.accounts.remove("supervisor", "test")
            case "another role":
                await here.parts.accounts.change_role("supervisor", Role.AUDITOR, None, "test")
            case _:
                await here.post(browser, "/logout", csrf=here.csrf(browser))
        await answer.content.read()


@pytest.mark.usefixtures("asked_often")
async def test_a_stream_ends_with_its_readers_token(here: Site) -> None:
    program = await token_for(here, "live")
    async with asyncio.timeout(DEADLINE_S), program.get("/api/v1/events") as answer:
        assert answer.status == 200
        (token,) = await here.parts.accounts.tokens()
        await here.parts.accounts.revoke_token(token.id, "test")
        await answer.content.read()


@pytest.mark.usefixtures("asked_often")
async def test_a_database_that_is_away_ends_no_stream(
    here: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = [await here.log_in("operator"), await token_for(here, "live")]
    async with asyncio.timeout(DEADLINE_S):
        desk = await readers[0].get("/api/v1/desk/stream")
        wallboard = await readers[1].get("/api/v1/wallboard/stream")
        for answer in (desk, wallboard):
            await first_of(answer)
        monkeypatch.setattr(here.parts.pool, "url", "postgresql://127.0.0.1:1/none")
        await here.parts.pool.aclose()
        await asyncio.sleep(10 * streams.ASKED_EVERY_S)
        await here.people.arrives(arrival_of_call())
        for answer in (desk, wallboard):
            while "ringing" not in await first_of(answer):
                pass
