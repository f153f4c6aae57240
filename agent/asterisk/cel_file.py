"""Asterisk's own journal as a file: read by inode and offset, turned over when it has grown.

Asterisk opens the file anew for each line, so a renamed one gets at most the line that was being
written. A file that was renamed is read to its end before its successor.
"""

import asyncio
import contextlib
import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog
from msgspec.structs import replace

from agent.asterisk.cel_entries import LineUnreadable, parse_line
from agent.asterisk.cel_events import arrival_in, told_by
from agent.asterisk.errors import LedgerUnreadable
from agent.domain.events import AnyEvent
from agent.domain.identifiers import ChannelId
from agent.runtime import metrics
from agent.runtime.doors import Arrival, LedgerEntry, LedgerPosition

CHUNK = 1024 * 1024
"""Bytes read at a time: some 3,000 lines."""

LONGEST_FILE = 16 * 1024 * 1024
QUIET_S = 1.0
"""A renamed file that nobody wrote for so long gets no line any more."""

log = structlog.get_logger()


class CelFile:
    """Implements runtime.doors.Ledger."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._older = file.with_name(file.name + ".1")

    async def read(self, position: LedgerPosition) -> tuple[list[LedgerEntry], LedgerPosition]:
        """The next whole lines. Raises LedgerUnreadable; a file not made yet has no lines."""
        try:
            lines, position = await asyncio.to_thread(self._lines, position)
        except OSError as error:
            raise LedgerUnreadable(str(error)) from error
        return list(self._entries(lines)), position

    def told_by(self, entry: LedgerEntry) -> tuple[ChannelId, AnyEvent] | None:
        """As agent.asterisk.cel_events."""
        return told_by(entry)

    def arrival_in(self, entries: Sequence[LedgerEntry]) -> Arrival | None:
        """As agent.asterisk.cel_events."""
        return arrival_in(entries)

    async def turn_over(self, position: LedgerPosition) -> None:
        """Rename a long file that was read to its end. Raises LedgerUnreadable."""
        try:
            await asyncio.to_thread(self._turn_over, position)
        except OSError as error:
            raise LedgerUnreadable(f"it could not be turned over: {error}") from error

    def _turn_over(self, position: LedgerPosition) -> None:
        with contextlib.suppress(FileNotFoundError):
            found = self._file.stat()
            if found.st_size >= LONGEST_FILE and position.inode == found.st_ino:
                self._file.rename(self._older)

    def _lines(self, position: LedgerPosition) -> tuple[list[bytes], LedgerPosition]:
        content, position = self._next(self._file_at(position), position)
        if position.inode and not content:
            successor = self._successor(position)
            if successor:
                content, position = self._next(self._file, LedgerPosition(successor))
        end = content.rfind(b"\n") + 1
        lines = [line for line in content[:end].split(b"\n") if line]
        return lines, replace(position, offset=position.offset + end)

    def _file_at(self, position: LedgerPosition) -> Path:
        """The renamed file while it is not read to its end; otherwise the one in use."""
        with contextlib.suppress(FileNotFoundError):
            if position.inode and self._older.stat().st_ino == position.inode:
                return self._older
        return self._file

    def _successor(self, position: LedgerPosition) -> int | None:
        """The inode of the file in use, once the renamed one gets no more lines."""
        with contextlib.suppress(FileNotFoundError):
            quiet = time.time() - self._older.stat().st_mtime > QUIET_S
            found = self._file.stat().st_ino
            if quiet and found != position.inode:
                return found
        return None

    def _next(self, file: Path, position: LedgerPosition) -> tuple[bytes, LedgerPosition]:
        try:
            with file.open("rb") as opened:
                found = os.fstat(opened.fileno())
                first_line = _digest_of_line(opened.readline())
                known = (found.st_ino, first_line) == (position.inode, position.first_line)
                if not known or found.st_size < position.offset:
                    # Another file than was read, or one that was cut: kept entries are recognised.
                    position = LedgerPosition(found.st_ino, first_line)
                opened.seek(position.offset)
                return opened.read(CHUNK), position
        except FileNotFoundError:
            return b"", position

    def _entries(self, lines: list[bytes]) -> Iterator[LedgerEntry]:
        for line in lines:
            try:
                entry = parse_line(line)
            except LineUnreadable:
                metrics.EVENTS_IGNORED.labels("ledger_line_unreadable").inc()
                log.warning("ledger_line_unreadable", length=len(line))
            else:
                if entry:
                    yield entry


def _digest_of_line(line: bytes) -> str:
    return hashlib.blake2s(line, digest_size=8).hexdigest() if line.endswith(b"\n") else ""
