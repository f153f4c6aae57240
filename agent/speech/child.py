"""Runs an engine's program with a deadline and a limit to what it may print."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from agent.speech.errors import EngineFailed

OUTPUT_LIMIT = 8 * 1024 * 1024
COLLECT_LIMIT_S = 0.2


async def output_of(
    arguments: tuple[str, ...],
    text: str,
    *,
    environment: Mapping[str, str],
    limit: timedelta,
) -> bytes:
    """What the program printed when given `text` on its standard input.

    Raises EngineFailed when it cannot be started, ends with an error, prints more than
    OUTPUT_LIMIT bytes or is not done within `limit`. The program and its children are gone
    afterwards, however this ends. The text goes by standard input, so that no list of processes
    shows a caller's number.
    """
    loop = asyncio.get_running_loop()
    try:
        transport, conversation = await loop.subprocess_exec(
            _Conversation,
            *arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,
        )
    except OSError as error:
        raise EngineFailed(f"cannot be started: {error.strerror}") from error
    try:
        async with asyncio.timeout(limit.total_seconds()):
            _hand_over(transport, text)
            await conversation.over
    except TimeoutError:
        raise EngineFailed("hangs") from None
    finally:
        await _end(transport, conversation)
    if transport.get_returncode() != 0:
        raise EngineFailed(f"ended with status {transport.get_returncode()}")
    return bytes(conversation.output)


class _Conversation(asyncio.SubprocessProtocol):
    """Collects the output; over when the program has ended and nobody holds its output open."""

    def __init__(self) -> None:
        self.output = bytearray()
        loop = asyncio.get_running_loop()
        self.over: asyncio.Future[None] = loop.create_future()
        self.exited = asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.output += data
        if len(self.output) > OUTPUT_LIMIT and not self.over.done():
            self.over.set_exception(EngineFailed("prints without end"))

    def process_exited(self) -> None:
        self.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)


def _hand_over(transport: asyncio.SubprocessTransport, text: str) -> None:
    pipe = transport.get_pipe_transport(0)
    assert isinstance(pipe, asyncio.WriteTransport)
    pipe.write(text.encode())
    pipe.close()  # after what was written; a program that does not read is judged by its output


async def _end(transport: asyncio.SubprocessTransport, conversation: _Conversation) -> None:
    """Ends whatever is left of the program, its children too, and collects it."""
    if transport.get_returncode() is None or not conversation.over.done():
        with suppress(ProcessLookupError):  # the group may be gone already
            os.killpg(transport.get_pid(), signal.SIGKILL)
    transport.close()
    with suppress(TimeoutError):  # a killed process is gone at once, unless the kernel holds it
        async with asyncio.timeout(COLLECT_LIMIT_S):
            await conversation.exited.wait()
