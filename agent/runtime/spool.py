"""Lines on the disk, or in memory for as long as the disk does not take them.

Whoever gives a line waits for the disk as long as it is worth waiting, and learns whether the line
is durable. Lines that came together are written together. What the disk refused, and all that came
after it, is held in memory in its order and written as soon as the disk works again; a disk that
does not answer is not waited for twice.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from agent.domain.identifiers import CallId
from agent.runtime.alarms import Alarms
from agent.runtime.spool_file import SpoolFile

DISK_PATIENCE_S = 1.0
"""A healthy disk makes a line durable in a millisecond, a busy one in some hundred."""
DISK_AGAIN_S = 1.0
LARGEST_WRITE = 500
"""Lines written at once, so that a full disk refuses a megabyte and not all that is held."""

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Held:
    """A line that is not on the disk, and whether its call went on without."""

    call_id: CallId
    line: bytes
    safe: bool = False
    given_up: bool = False


class Spool:
    """Lines in their order, oldest first: those on the disk, then those in memory."""

    def __init__(self, file: Path, alarms: Alarms) -> None:
        self._file = SpoolFile(file)
        self._alarms = alarms
        self._thread = ThreadPoolExecutor(1, "spool")
        self._held: deque[_Held] = deque()
        self._held_bytes = 0
        self._given_up = 0
        self._taken: list[_Held] = []
        self._writing: asyncio.Future[None] | None = None
        self._refusal: str | None = None
        self._again_at = 0.0

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return self._file.lines + len(self._held)

    @property
    def size(self) -> int:
        """Their bytes."""
        return self._file.size + self._held_bytes

    @property
    def not_durable(self) -> int:
        """Lines in memory whose givers do not wait for the disk any more."""
        return self._given_up

    @property
    def refusal(self) -> str | None:
        """Why the disk took the last lines not; None when it did."""
        return self._refusal

    def writable(self) -> bool:
        """Whether the disk could take a line now."""
        return self._refusal is None and self._file.writable()

    async def keep(self, call_id: CallId, line: bytes) -> bool:
        """Return True when the line is durable, False when it is only in memory. Never fails."""
        held = _Held(call_id, line)
        self._held.append(held)
        self._held_bytes += len(line)
        try:
            async with asyncio.timeout(DISK_PATIENCE_S):
                while not held.safe and (writing := self._write()):
                    await asyncio.wait([writing])
        except TimeoutError:
            self._refused("the disk does not answer")
        if not held.safe:
            held.given_up = True
            self._given_up += 1
        return held.safe

    async def retry(self) -> None:
        """Write what is held, if the disk works again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DISK_PATIENCE_S):
                while self._held and (writing := self._write()):
                    await asyncio.wait([writing])

    async def take(self, most: int) -> Sequence[bytes]:
        """At most so many of the oldest lines; they stay until `forget`. Raises OSError."""
        self._taken = []
        try:
            if not self._file.anything_apart:
                await self._on_disk(self._file.set_apart)
            if lines := await asyncio.to_thread(self._file.read, most):
                return lines
        except OSError:
            if not self._held:
                raise  # else what is in memory need not wait for what cannot be read
        self._taken = [held for held in islice(self._held, most) if not held.safe]
        return [held.line for held in self._taken]

    async def forget(self) -> None:
        """What was taken last is wanted no more. Raises OSError."""
        if self._taken:
            self._settle(self._taken)
        else:
            await asyncio.to_thread(self._file.forget)

    async def keep_latest(self) -> int:
        """Keep of each call its last line; how many were dropped. Raises OSError."""
        latest = {held.call_id: held for held in self._held}
        superseded = [held for held in self._held if held is not latest[held.call_id]]
        self._settle(superseded)
        await self._on_disk(self._file.set_apart)
        return len(superseded) + await asyncio.to_thread(self._file.keep_latest)

    async def _on_disk(self, work: Callable[[], T]) -> T:
        """Between two writes, in their thread. Raises OSError."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(DISK_PATIENCE_S):
                return await loop.run_in_executor(self._thread, work)
        except TimeoutError as error:
            raise OSError("the disk does not answer") from error

    def _write(self) -> "asyncio.Future[None] | None":
        """What is being written, or begins to be; None as long as it is not worth waiting for."""
        loop = asyncio.get_running_loop()
        if self._refusal and (self._writing or loop.time() < self._again_at):
            return None
        if self._writing is None:
            chunk = list(islice(self._held, LARGEST_WRITE))
            lines = [held.line for held in chunk]
            self._writing = loop.run_in_executor(self._thread, self._file.append, lines)
            self._writing.add_done_callback(partial(self._written, chunk))
        return self._writing

    def _written(self, chunk: list[_Held], done: "asyncio.Future[None]") -> None:
        self._writing = None
        error = done.exception()
        if error:
            self._refused(getattr(error, "strerror", None) or str(error))
        else:
            self._refusal = None
            self._settle(chunk)

    def _refused(self, reason: str) -> None:
        self._refusal = reason
        self._again_at = asyncio.get_running_loop().time() + DISK_AGAIN_S
        self._alarms.sound("journal_not_written", reason=reason, in_memory=len(self._held))

    def _settle(self, safe: Sequence[_Held]) -> None:
        for held in safe:
            if not held.safe:
                held.safe = True
                self._held_bytes -= len(held.line)
                self._given_up -= held.given_up
        while self._held and self._held[0].safe:
            self._held.popleft()
