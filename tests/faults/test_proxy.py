"""The proxy does what its orders say, and nothing else."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from tests.faults.proxy import Proxy, in_a_thread

SOON_S = 5.0
A_WHILE_S = 0.2


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.read(1000):
        writer.write(line)
    writer.close()


@pytest_asyncio.fixture
async def server() -> AsyncIterator[tuple[str, int]]:
    """A server that says again what it hears."""
    listener = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with listener:
        yield listener.sockets[0].getsockname()[:2]


@pytest_asyncio.fixture
async def proxy(server: tuple[str, int]) -> AsyncIterator[Proxy]:
    made = Proxy(lambda: server)
    await made.start()
    yield made
    await made.stop()


class Client:
    """A connection that says words and hears them again."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, words: bytes) -> None:
        self.writer.write(words)
        await self.writer.drain()

    async def hear(self, count: int = 5, within_s: float = SOON_S) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(count), within_s)


@asynccontextmanager
async def client_of(proxy: Proxy) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


async def test_what_is_said_arrives_and_a_goodbye_too(proxy: Proxy) -> None:
    async with client_of(proxy) as client:
        await client.say(b"hello")
        assert await client.hear() == b"hello"
        client.writer.write_eof()
        assert await asyncio.wait_for(client.reader.read(), SOON_S) == b""
    assert proxy.accepted == 1


async def test_latency_delays_each_way(proxy: Proxy) -> None:
    async with client_of(proxy) as client:
        proxy.latency_s = A_WHILE_S
        began = time.monotonic()
        await client.say(b"hello")
        await client.hear()
        assert time.monotonic() - began >= 2 * A_WHILE_S


async def test_a_pause_holds_everything_back_and_loses_nothing(proxy: Proxy) -> None:
    async with client_of(proxy) as client:
        await client.say(b"hello")
        await client.hear()
        proxy.pause()
        await client.say(b"held back")
        with pytest.raises(TimeoutError):
            await client.hear(1, A_WHILE_S)
        proxy.resume()
        assert await client.hear(9) == b"held back"


async def test_a_black_hole_tells_nobody_and_only_new_links_live_after_it(proxy: Proxy) -> None:
    async with client_of(proxy) as old:
        await old.say(b"hello")
        await old.hear()
        proxy.swallow()
        async with client_of(proxy) as inside:
            for client in (old, inside):
                await client.say(b"lost!")
                with pytest.raises(TimeoutError):
                    await client.hear(1, A_WHILE_S)
            proxy.heal()
            for client in (old, inside):
                await client.say(b"lost!")
                with pytest.raises(TimeoutError):
                    await client.hear(1, A_WHILE_S)
            async with client_of(proxy) as new:
                await new.say(b"again")
                assert await new.hear() == b"again"


async def test_a_reset_is_no_goodbye(proxy: Proxy) -> None:
    async with client_of(proxy) as client:
        await client.say(b"hello")
        await client.hear()
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            await client.hear()


async def test_a_close_is_a_goodbye(proxy: Proxy) -> None:
    async with client_of(proxy) as client:
        await client.say(b"hello")
        await client.hear()
        proxy.close()
        assert await asyncio.wait_for(client.reader.read(), SOON_S) == b""


async def test_slices_arrive_slowly_one_by_one(proxy: Proxy) -> None:
    async with client_of(proxy) as client:
        proxy.slice_bytes, proxy.bytes_per_s = 10, 500
        began = time.monotonic()
        await client.say(b"x" * 50)
        first = await asyncio.wait_for(client.reader.read(1000), SOON_S)
        await client.hear(50 - len(first))
        assert len(first) <= 10
        assert time.monotonic() - began >= 0.1


async def test_nobody_behind_it_is_a_connection_that_is_refused() -> None:
    async def nobody(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None: ...

    listener = await asyncio.start_server(nobody, "127.0.0.1", 0)
    address = listener.sockets[0].getsockname()[:2]
    listener.close()
    proxy = Proxy(lambda: address)
    await proxy.start()
    async with client_of(proxy) as client:
        with pytest.raises(ConnectionResetError):
            await client.hear()
    await proxy.stop()


async def test_in_a_thread_it_works_and_obeys_all_the_same(server: tuple[str, int]) -> None:
    proxy = Proxy(lambda: server)
    with in_a_thread(proxy):
        async with client_of(proxy) as client:
            await client.say(b"hello")
            assert await client.hear() == b"hello"
            proxy.pause()
            await client.say(b"later")
            await asyncio.to_thread(proxy.resume)
            assert await client.hear() == b"later"
