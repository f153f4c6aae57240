"""A proxy between a client and a server that does to their connections what networks do.

It runs in the test's own loop (start, stop) or beside it (in_a_thread), and is told what to do from
any thread. What passes through it is bytes; its children know a protocol.
"""

import asyncio
import concurrent.futures
import contextlib
import heapq
import itertools
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

Address = tuple[str, int] | str
"""A host and port, or the path of a unix socket."""

CHUNK = 64 * 1024
STARTED_WITHIN_S = 10.0
TOLD_WITHIN_S = 5.0
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time at all: closing sends RST and forgets what was not sent."""


class Way:
    """One direction of a link: pieces that are due later than they came."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self._pieces: list[tuple[float, int, bytes]] = []
        self._order = itertools.count()
        self._came = asyncio.Event()

    def put(self, due: float, piece: bytes) -> None:
        """Deliver a piece at a moment of the loop's clock; no bytes at all end the way."""
        heapq.heappush(self._pieces, (due, next(self._order), piece))
        self._came.set()

    async def next(self) -> bytes:
        """The piece that is due first, once it is due."""
        loop = asyncio.get_running_loop()
        while not self._pieces or self._pieces[0][0] > loop.time():
            self._came.clear()
            wait = self._pieces[0][0] - loop.time() if self._pieces else None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._came.wait(), wait)
        return heapq.heappop(self._pieces)[2]


class Link:
    """A client's connection and the one to the server that belongs to it."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.to_client = Way(client)
        self.to_server = Way(server)
        self.over = asyncio.Event()
        self.dead = False
        """It was open in a black hole: bytes are missing, so it can never be of use again."""

    def reset(self) -> None:
        """End both connections at once, as a crashed or impatient machine does."""
        for way in (self.to_client, self.to_server):
            reset(way.writer)
        self.over.set()

    def close(self) -> None:
        """End both connections in order."""
        self.over.set()


class Proxy:
    """Listens on 127.0.0.1:`port` and forwards to whatever `server` names at that moment."""

    def __init__(self, server: Callable[[], Address]) -> None:
        self._server = server
        self.port = 0
        self.accepted = 0
        """Connections that clients made so far."""
        self.latency_s = 0.0
        """Added to every piece, each way."""
        self.bytes_per_s: float | None = None
        self.slice_bytes: int | None = None
        """Deliver no more than this in one piece."""
        self._links: set[Link] = set()
        self._swallowing = False
        self._passing = asyncio.Event()
        self._passing.set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listener: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen, in the running loop."""
        self._loop = asyncio.get_running_loop()
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more and end every link."""
        assert self._listener is not None
        self._listener.close()
        for link in self._links:
            link.reset()
        async with asyncio.timeout(TOLD_WITHIN_S):
            while self._links:  # noqa: ASYNC110 (each leaves by itself)
                await asyncio.sleep(0.01)

    # What a test may ask for, from any thread.

    def pause(self) -> None:
        """Hold everything back, both ways: a broken cable, which TCP survives."""
        self._tell(self._passing.clear)

    def resume(self) -> None:
        """Deliver what was held back, and all that comes."""
        self._tell(self._passing.set)

    def swallow(self) -> None:
        """A black hole: nothing passes, nobody is told, and open links stay dead for ever."""

        def work() -> None:
            self._swallowing = True
            for link in self._links:
                link.dead = True

        self._tell(work)

    def heal(self) -> None:
        """New links work again after swallow()."""
        self._swallowing = False

    def reset(self) -> None:
        """End every link by RST."""
        self._each(Link.reset)

    def close(self) -> None:
        """End every link in order, by FIN."""
        self._each(Link.close)

    @property
    def open_links(self) -> int:
        """Links that are not over, dead ones included."""
        return len(self._links)

    def carried(
        self, link: Link, chunk: bytes, *, to_client: bool
    ) -> Iterable[tuple[float, bytes]]:
        """What becomes of a chunk: pieces, and how many seconds late; in the proxy's loop."""
        size = self.slice_bytes or len(chunk)
        return [(0.0, chunk[first : first + size]) for first in range(0, len(chunk), size)]

    def _each(self, work: Callable[[Link], None]) -> None:
        def run() -> None:
            for link in self._links:
                work(link)

        self._tell(run)

    def _tell(self, work: Callable[[], None]) -> None:
        """Do it in the proxy's loop; return when it is done."""
        assert self._loop is not None, "the proxy is not running"
        with contextlib.suppress(RuntimeError):
            if asyncio.get_running_loop() is self._loop:
                work()
                return
        done: concurrent.futures.Future[None] = concurrent.futures.Future()

        def run() -> None:
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        done.result(TOLD_WITHIN_S)

    async def _serve(self, client: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self._swallowing:
            link = Link(writer, writer)
            link.dead = True
            await self._live(link, client, client)
            return
        try:
            server, to_server = await _connected(self._server())
        except OSError:
            reset(writer)  # nobody is there
            return
        await self._live(Link(writer, to_server), client, server)

    async def _live(
        self, link: Link, client: asyncio.StreamReader, server: asyncio.StreamReader
    ) -> None:
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as tasks:
                carriers = [
                    tasks.create_task(self._take(link, client, link.to_server, to_client=False)),
                    tasks.create_task(self._give(link, link.to_server)),
                ]
                if server is not client:
                    carriers += [
                        tasks.create_task(self._take(link, server, link.to_client, to_client=True)),
                        tasks.create_task(self._give(link, link.to_client)),
                    ]
                await link.over.wait()
                for carrier in carriers:
                    carrier.cancel()
        finally:
            self._links.discard(link)
            link.to_client.writer.close()
            link.to_server.writer.close()

    async def _take(
        self, link: Link, reader: asyncio.StreamReader, way: Way, *, to_client: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        while chunk := await _read(reader):
            if link.dead:
                continue
            for late_s, piece in self.carried(link, chunk, to_client=to_client):
                way.put(loop.time() + self.latency_s + late_s, piece)
        # A goodbye passes as late as everything else, and not at all through a black hole.
        if not link.dead:
            way.put(loop.time() + self.latency_s, b"")

    async def _give(self, link: Link, way: Way) -> None:
        while piece := await way.next():
            await self._passing.wait()
            if link.dead:
                continue
            if self.bytes_per_s:
                await asyncio.sleep(len(piece) / self.bytes_per_s)
            way.writer.write(piece)
            with contextlib.suppress(ConnectionError):
                await way.writer.drain()
        await self._passing.wait()
        if not link.dead:
            link.over.set()


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection by RST where its kind of socket has such a thing."""
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    writer.transport.abort()


async def _connected(address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(address, str):
        return await asyncio.open_unix_connection(address)
    return await asyncio.open_connection(*address)


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Some bytes; none when the connection is over, however it ended."""
    try:
        return await reader.read(CHUNK)
    except ConnectionError:
        return b""


@contextmanager
def in_a_thread(*proxies: Proxy) -> Iterator[None]:
    """Run proxies in a thread and loop of their own, so that a test may block its own."""
    started: concurrent.futures.Future[asyncio.Event] = concurrent.futures.Future()

    async def run() -> None:
        end = asyncio.Event()
        try:
            for proxy in proxies:
                await proxy.start()
        except BaseException as error:
            started.set_exception(error)
            return
        started.set_result(end)
        await end.wait()
        for proxy in proxies:
            await proxy.stop()

    loops: list[asyncio.AbstractEventLoop] = []

    def own() -> None:
        with asyncio.Runner() as runner:
            loops.append(runner.get_loop())
            runner.run(run())

    thread = threading.Thread(target=own, name="proxies")
    thread.start()
    end = started.result(STARTED_WITHIN_S)
    try:
        yield
    finally:
        loops[0].call_soon_threadsafe(end.set)
        thread.join(STARTED_WITHIN_S)
