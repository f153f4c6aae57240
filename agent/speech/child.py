"""Runs an engine's program with a deadline and a limit to what it may print.

In a thread, not by asyncio's own subprocesses: those wait without end when they are cancelled
while a program starts whose child holds the output open.
"""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from agent.speech.errors import EngineFailed

OUTPUT_LIMIT = 8 * 1024 * 1024


def output_of(
    arguments: tuple[str, ...],
    text: str,
    *,
    environment: Mapping[str, str],
    limit: timedelta,
) -> bytes:
    """What the program printed when given `text` on its standard input; blocks up to `limit`.

    Raises EngineFailed when it cannot be started, ends with an error, prints more than
    OUTPUT_LIMIT bytes or is not done in time. The program and its children are gone afterwards,
    however this ends. The text (below the 64 kB that a pipe holds) goes by standard input, so
    that no list of processes shows a caller's number.
    """
    deadline = time.monotonic() + limit.total_seconds()
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,
        )
    except OSError as error:
        raise EngineFailed(f"cannot be started: {error.strerror}") from error
    try:
        output = _converse(process, text, deadline)
        status = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise EngineFailed("hangs") from None
    finally:
        _end(process)
    if status != 0:
        raise EngineFailed(f"ended with status {status}")
    return output


def _converse(process: subprocess.Popen[bytes], text: str, deadline: float) -> bytes:
    assert process.stdin is not None and process.stdout is not None
    with suppress(BrokenPipeError):  # a program that does not read is judged by its output
        process.stdin.write(text.encode())
        process.stdin.close()
    output = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            part = os.read(process.stdout.fileno(), 65536)
            if not part:
                return bytes(output)
            output += part
            if len(output) > OUTPUT_LIMIT:
                raise EngineFailed("prints without end")
    raise EngineFailed("hangs")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends whatever is left of the program, its children too, and collects it."""
    with suppress(ProcessLookupError):  # the group is gone when all went well
        os.killpg(process.pid, signal.SIGKILL)
    assert process.stdout is not None
    process.stdout.close()
    with suppress(subprocess.TimeoutExpired):  # killed, it is gone at once but for a stuck kernel
        process.wait(0.2)
