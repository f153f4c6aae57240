"""The proxy before ARI meddles with whole events, and with nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from tests.faults.event_proxy import BINARY, EventProxy, frame
from tests.runtime.waiting import until

SOON_S = 5.0
NEVER_S = 0.2


class Exchange:
    """A server with an event socket like ARI's; what it sends arrives, or not."""

    def __init__(self) -> None:
        self.socket: web.WebSocketResponse | None = None
        self.port = 0

    async def listen(self, request: web.Request) -> web.WebSocketResponse:
        self.socket = socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        async for _frame in socket:
            pass
        return socket

    async def ping(self, _request: web.Request) -> web.Response:
        return web.json_response({"ping": "pong"})

    async def send(self, kind: str, **fields: object) -> None:
        assert self.socket is not None
        await self.socket.send_str(json.dumps({"type": kind, **fields}))


@pytest_asyncio.fixture
async def exchange() -> AsyncIterator[Exchange]:
    made = Exchange()
    application = web.Application()
    application.router.add_get("/ari/events", made.listen)
    application.router.add_get("/ari/asterisk/ping", made.ping)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


@pytest_asyncio.fixture
async def proxy(exchange: Exchange) -> AsyncIterator[EventProxy]:
    made = EventProxy(lambda: ("127.0.0.1", exchange.port))
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def events(proxy: EventProxy) -> AsyncIterator[aiohttp.ClientWebSocketResponse[bool]]:
    """An event socket, on a connection that a command had used before, as the agent's."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{proxy.port}") as session:
        async with session.get("/ari/asterisk/ping") as answer:
            assert await answer.json() == {"ping": "pong"}
        async with session.ws_connect("/ari/events", params={"app": "x"}) as socket:
            yield socket


async def kinds(events: aiohttp.ClientWebSocketResponse[bool], count: int) -> list[str]:
    """The kinds of the next so many events."""
    async with asyncio.timeout(SOON_S):
        return [(await events.receive_json())["type"] for _ in range(count)]


async def test_untouched_events_arrive_in_order_whatever_their_size(
    exchange: Exchange, proxy: EventProxy, events: aiohttp.ClientWebSocketResponse[bool]
) -> None:
    for size in (0, 100, 200, 70_000):
        await exchange.send(f"Of{size}", filling="x" * size)
    assert await kinds(events, 4) == ["Of0", "Of100", "Of200", "Of70000"]
    assert proxy.seen == ["Of0", "Of100", "Of200", "Of70000"]
    assert proxy.listeners == 1


async def test_the_next_event_of_a_kind_is_dropped_and_only_that(
    exchange: Exchange, proxy: EventProxy, events: aiohttp.ClientWebSocketResponse[bool]
) -> None:
    proxy.drop_next("B")
    for kind in "ABAB":
        await exchange.send(kind)
    assert await kinds(events, 3) == ["A", "A", "B"]
    assert proxy.lost == ["B"]


async def test_events_are_repeated_and_change_places(
    exchange: Exchange, proxy: EventProxy, events: aiohttp.ClientWebSocketResponse[bool]
) -> None:
    proxy.meddle(repeat=1.0, late_s=0.3, seed=1)
    for kind in "ABCDEFGH":
        await exchange.send(kind)
    came = await kinds(events, 16)
    assert sorted(came) == sorted("ABCDEFGH" * 2)
    assert came != sorted(came)
    assert proxy.repeated == 8


async def test_a_share_of_events_is_dropped(
    exchange: Exchange, proxy: EventProxy, events: aiohttp.ClientWebSocketResponse[bool]
) -> None:
    proxy.meddle(drop=0.5, seed=1)
    for _ in range(100):
        await exchange.send("Meddled")
    await until(lambda: len(proxy.seen) == 100)
    proxy.calm()
    await exchange.send("Calm")
    came = []
    while (kind := (await kinds(events, 1))[0]) != "Calm":
        came.append(kind)
    assert 25 < len(came) < 75
    assert len(came) + len(proxy.lost) == 100


async def test_a_deaf_socket_is_open_but_gets_nothing(
    exchange: Exchange, proxy: EventProxy, events: aiohttp.ClientWebSocketResponse[bool]
) -> None:
    proxy.deafen()
    await exchange.send("Lost")
    await until(lambda: proxy.lost == ["Lost"])
    with pytest.raises(TimeoutError):
        await events.receive(NEVER_S)
    proxy.calm()
    await exchange.send("Heard")
    assert await kinds(events, 1) == ["Heard"]


async def test_foreign_frames_come_between_two_events(
    exchange: Exchange, proxy: EventProxy, events: aiohttp.ClientWebSocketResponse[bool]
) -> None:
    await exchange.send("Before")
    assert await kinds(events, 1) == ["Before"]
    proxy.inject(frame(b"{nonsense") + frame(b"\x00\x01", BINARY))
    await exchange.send("After")
    assert (await events.receive(SOON_S)).data == "{nonsense"
    assert (await events.receive(SOON_S)).data == b"\x00\x01"
    assert await kinds(events, 1) == ["After"]


async def test_the_event_socket_alone_is_reset(
    proxy: EventProxy, events: aiohttp.ClientWebSocketResponse[bool]
) -> None:
    proxy.reset_events()
    ended = await events.receive(SOON_S)
    assert ended.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    assert proxy.listeners == 0
