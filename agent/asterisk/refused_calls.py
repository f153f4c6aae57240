"""Calls to numbers that do not exist here: whoever makes them tries to call out at our cost.

Asterisk refuses them before there is a channel, so neither ARI nor the journal of calls tells of
them. Its log does. What was dialled is a stranger's text and is not told on.
"""

import asyncio
import contextlib
import re
from pathlib import Path

import msgspec
import structlog

from agent.runtime import metrics

EVERY_S = 60.0

_REFUSED = re.compile(
    rb"\[([\d-]+ [\d:]+)\.\d+\] NOTICE\[\d+\] res_pjsip_session\.c:"
    rb" +([\w-]+): Call \(\w+:([\w.:\[\]]+):\d+\) to extension '"
)


log = structlog.get_logger()


class RefusedCall(msgspec.Struct, frozen=True):
    """When, by the clock of Asterisk's machine; from which telephone or trunk, and its address."""

    at: str
    device: str
    address: str


def log_beside(ledger: Path) -> Path:
    """Asterisk's log (logger.conf: messages), by where it keeps its journal of calls."""
    return ledger.parent.parent / "messages"


def refused_calls(file: Path) -> list[RefusedCall]:
    """All that this log of Asterisk's tells, in order. Raises OSError."""
    return RefusedCallWatch(file).look()


class RefusedCallWatch:
    """Reads a log on and on, also when it was turned over to `.1` in between."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._older = file.with_name(file.name + ".1")
        self._inode = self._offset = 0

    async def run(self, every_s: float = EVERY_S) -> None:
        """Tell of new ones every so many seconds, until cancelled; at first of all in the log."""
        while True:
            try:
                found = await asyncio.to_thread(self.look)
            except FileNotFoundError:
                pass  # Asterisk is on another machine
            except OSError as error:
                log.warning("refused_calls_not_looked_at", reason=error.strerror)
            else:
                self._tell(found)
            await asyncio.sleep(every_s)

    def look(self) -> list[RefusedCall]:
        """Those that were not seen before, in order. Raises OSError."""
        found = []
        if self._inode:
            with contextlib.suppress(FileNotFoundError):
                found = self._read(self._older) if self._is_begun(self._older) else []
        if not self._is_begun(self._file):
            self._inode, self._offset = self._file.stat().st_ino, 0
        return found + self._read(self._file)

    def _is_begun(self, file: Path) -> bool:
        state = file.stat()
        return state.st_ino == self._inode and state.st_size >= self._offset

    def _read(self, file: Path) -> list[RefusedCall]:
        found = []
        with file.open("rb") as lines:
            lines.seek(self._offset)
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # it is being written
                self._offset += len(line)
                if told := _REFUSED.match(line):
                    found.append(RefusedCall(*(part.decode() for part in told.groups())))
        return found

    def _tell(self, found: list[RefusedCall]) -> None:
        if found:
            metrics.CALLS_REFUSED.inc(len(found))
            devices = sorted({one.device for one in found})
            log.error("calls_out_refused", calls=len(found), devices=devices, last=found[-1].at)
