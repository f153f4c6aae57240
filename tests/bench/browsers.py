"""Browsers that follow the wallboard, in a process of their own, and one that never reads.

    python -m tests.bench.browsers ORIGIN COUNT < TOKEN

Each is one stream of server-sent events, which is all that a page that is open asks for. Prints
`open` when all have heard their first event; ends with its standard input, printing one JSON
object: how many events and bytes all of them have heard, how many streams were lost, and whether
the one that never reads was put down.
"""

import asyncio
import json
import select
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from yarl import URL

STREAM = "/api/v1/wallboard/stream"
OPEN_WITHIN_S = 30.0
LEAST_BUFFER = 4096


@dataclass
class Heard:
    """What all of them have heard."""

    events: int = 0
    bytes: int = 0
    lost: int = 0


class Browsers:
    """So many of them from enter to exit; `told` is what they heard."""

    def __init__(self, origin: str, token: str, count: int) -> None:
        self._arguments = (origin, str(count))
        self._token = token
        self.told: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            (sys.executable, "-m", "tests.bench.browsers", *self._arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{self._token}\n")
        self._process.stdin.flush()
        if self._process.stdout.readline().strip() != "open":
            self._process.kill()
            self._process.wait()
            raise OSError("The browsers did not open.")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        said, _ = self._process.communicate()
        self.told = json.loads(said)


class NeverReads:
    """A browser whose machine sleeps: its line is open and nothing of it is read."""

    def __init__(self, origin: str, token: str, stream: str = STREAM) -> None:
        url = URL(origin)
        self._socket = socket.socket()
        # Before it connects, or the window that it offers is large already.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LEAST_BUFFER)
        self._socket.connect((url.host, url.port))
        head = f"GET {stream} HTTP/1.1\r\nHost: {url.authority}\r\nAuthorization: Bearer {token}"
        self._socket.sendall(f"{head}\r\n\r\n".encode())

    @property
    def was_put_down(self) -> bool:
        """Whether its line was reset."""
        poll = select.poll()
        poll.register(self._socket, 0)
        return bool(poll.poll(0))

    def wake(self) -> None:
        """Put the line down by itself."""
        self._socket.close()


async def _follow(session: ClientSession, heard: Heard, opened: asyncio.Semaphore) -> None:
    first = True
    with suppress(ClientError):
        async with session.get(STREAM) as answer:
            answer.raise_for_status()
            async for line in answer.content:
                heard.bytes += len(line)
                if line.startswith(b"data:"):
                    heard.events += 1
                    if first:
                        first = False
                        opened.release()
    heard.lost += 1


async def _run(origin: str, count: int, token: str) -> None:
    heard, opened = Heard(), asyncio.Semaphore(0)
    sleeper = NeverReads(origin, token)
    session = ClientSession(
        origin,
        headers={"Authorization": f"Bearer {token}"},
        connector=TCPConnector(limit=0),
        timeout=ClientTimeout(total=None),
        read_bufsize=2**20,
    )
    async with session, asyncio.TaskGroup() as tasks:
        following = [tasks.create_task(_follow(session, heard, opened)) for _ in range(count)]
        async with asyncio.timeout(OPEN_WITHIN_S):
            for _ in range(count):
                await opened.acquire()
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        lost = heard.lost
        for task in following:
            task.cancel()
    print(json.dumps({**vars(heard), "lost": lost, "put_down": sleeper.was_put_down}))


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], int(sys.argv[2]), sys.stdin.readline().strip()))
