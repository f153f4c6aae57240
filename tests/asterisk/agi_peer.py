"""Our FastAGI server with an answer of the test's, and peers that say whatever the test wants."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from prometheus_client import REGISTRY

from agent.asterisk.fastagi import AgiRequest, FastAgiServer

SOON_S = 10.0
"""For what comes at once; longer than the server lets any session last."""

ENVIRONMENT = b"""\
agi_network: yes
agi_network_script: fallback
agi_request: agi://127.0.0.1:4573/fallback
agi_channel: PJSIP/trunk-00000001
agi_language: id
agi_type: PJSIP
agi_uniqueid: 1795581806.1
agi_version: 22.10.1
agi_callerid: 0811234567
agi_calleridname: Bu Siti
agi_callingpres: 0
agi_dnid: 1500
agi_rdnis: unknown
agi_context: agent-away
agi_extension: 1500
agi_priority: 2
agi_enhanced: 0.0
agi_accountcode:\x20
agi_threadid: 140130961061568

"""
"""As Asterisk 22.10.1 writes it."""


class Answers:
    """An answer that keeps what it was asked; `variables` is what it says."""

    def __init__(self, **variables: str) -> None:
        self.variables = variables
        self.asked: list[AgiRequest] = []

    async def __call__(self, request: AgiRequest) -> Mapping[str, str]:
        """What the server calls."""
        self.asked.append(request)
        return self.variables


class Peer:
    """A connection to the server, with nothing said yet."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def at(cls, port: int) -> "Peer":
        """Connected."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def say(self, words: bytes) -> None:
        """Send; that the server has gone is for heard() to find out."""
        self._writer.write(words)
        try:
            await self._writer.drain()
        except ConnectionError:
            return

    async def line(self) -> bytes:
        """The next line, or what came before the end."""
        async with asyncio.timeout(SOON_S):
            return await self._reader.readline()

    async def rest(self) -> bytes:
        """Everything until the server ends the session."""
        try:
            async with asyncio.timeout(SOON_S):
                return await self._reader.read()
        except ConnectionError:
            return b""

    def close(self) -> None:
        """Leave."""
        self._writer.close()


@asynccontextmanager
async def serving(
    answer: Callable[[AgiRequest], Awaitable[Mapping[str, str]]], port: int = 0
) -> AsyncIterator[FastAgiServer]:
    """The server while this lasts, on a free port if none is named."""
    server = FastAgiServer("127.0.0.1", port, answer)
    server.listen()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(server.run())
        yield server
        running.cancel()


async def conversation(port: int, words: bytes) -> bytes:
    """Say this at once, leave our side open, and hear all until the server ends."""
    peer = await Peer.at(port)
    try:
        await peer.say(words)
        return await peer.rest()
    finally:
        peer.close()


def refused(reason: str) -> float:
    """Sessions refused for this reason so far."""
    return REGISTRY.get_sample_value("lpse_agi_refused_total", {"reason": reason}) or 0.0


def answered() -> float:
    """Sessions answered whole so far."""
    return REGISTRY.get_sample_value("lpse_agi_answered_total") or 0.0
