"""The journal on the disk: lines that are appended, fsynced, and taken away from the front.

Lines go into one file. What is to be drained is first set apart under a numbered name, so that
what is appended meanwhile waits for nothing and what is drained takes no more room. Every line is a
whole record: one that a crash tore costs no other, and any of them can be left out.

Only one thread may append and set apart, and only one at a time may do the rest.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agent.domain.identifiers import CallId

LEAST_FREE_BYTES = 1 << 20


class _Place(msgspec.Struct):
    """Whose record a line is."""

    call_id: CallId


_PLACE = msgspec.json.Decoder(_Place)


@dataclass
class _Size:
    """What is in a file: its lines, and their bytes."""

    lines: int = 0
    size: int = 0

    def add(self, lines: Sequence[bytes], sign: int = 1) -> None:
        self.lines += sign * len(lines)
        self.size += sign * sum(map(len, lines))


class SpoolFile:
    """The lines of `file` and of the files that were set apart from it, oldest first."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._growing = _size_of(file)
        numbered = file.parent.glob(f"{file.stem}.[0-9]*{file.suffix}")
        self._apart = {old: _size_of(old) for old in sorted(numbered)}
        self._offset = self._next_offset = 0
        self._read: list[bytes] = []

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return self._growing.lines + sum(size.lines for size in tuple(self._apart.values()))

    @property
    def size(self) -> int:
        """Their bytes."""
        return self._growing.size + sum(size.size for size in tuple(self._apart.values()))

    @property
    def anything_apart(self) -> bool:
        """Whether there is something to read."""
        return bool(self._apart)

    def writable(self) -> bool:
        """Whether a line could be appended now."""
        folder = self._file.parent
        try:
            space = os.statvfs(folder)
        except OSError:
            return False
        there = self._file if self._file.exists() else folder
        free = space.f_bavail * space.f_frsize
        return free >= LEAST_FREE_BYTES and os.access(there, os.W_OK)

    def append(self, lines: Sequence[bytes]) -> None:
        """Make lines durable, all or none of them. Raises OSError."""
        new = not self._growing.lines
        # The first line end parts them from a line that a crash tore.
        content = b"\n" + b"\n".join(lines) + b"\n"
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            end = os.fstat(descriptor).st_size
            try:
                _write(descriptor, content)
                os.fsync(descriptor)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(descriptor, end)
                raise
        finally:
            os.close(descriptor)
        if new:
            _sync_folder(self._file.parent)
        self._growing.add(lines)

    def set_apart(self) -> None:
        """What was appended until now can be read. Raises OSError."""
        if not self._growing.lines:
            return
        last = max(self._apart, default=None)
        number = int(last.suffixes[-2][1:]) + 1 if last else 1
        apart = self._file.with_suffix(f".{number:06d}{self._file.suffix}")
        self._file.rename(apart)
        _sync_folder(self._file.parent)
        self._apart[apart], self._growing = self._growing, _Size()

    def read(self, most: int) -> list[bytes]:
        """So many of the oldest lines that were set apart. Raises OSError."""
        self._read = []
        while self._apart and not self._read:
            oldest = min(self._apart)
            self._next_offset = self._offset
            with oldest.open("rb") as file:
                file.seek(self._offset)
                for part in file:
                    self._next_offset += len(part)
                    if line := part.rstrip(b"\n"):
                        self._read.append(line)
                    if len(self._read) == most:
                        break
            if not self._read:
                self._drop(oldest)
        return self._read

    def forget(self) -> None:
        """What was read last is wanted no more. Raises OSError."""
        if not self._read:
            return
        oldest = min(self._apart)
        self._apart[oldest].add(self._read, sign=-1)
        self._offset, self._read = self._next_offset, []
        if self._offset >= oldest.stat().st_size:
            self._drop(oldest)

    def keep_latest(self) -> int:
        """Of what was set apart keep each call's last line; how many were dropped. Raises OSError.

        Every line holds the whole call as it was then, so the last one says how it is now.
        """
        before = self.lines - self._growing.lines
        if not self._apart:
            return 0
        latest = {call_id: place for place, call_id in enumerate(map(_call_of, self._unread()))}
        latest.pop(None, None)
        kept = set(latest.values())
        *superseded, target = sorted(self._apart)
        written = target.with_suffix(".part")
        try:
            with written.open("wb") as file:
                lines = enumerate(self._unread())
                file.writelines(line + b"\n" for place, line in lines if place in kept)
                file.flush()
                os.fsync(file.fileno())
            written.rename(target)
        except OSError:
            written.unlink(missing_ok=True)
            raise
        for old in superseded:
            old.unlink()
        _sync_folder(target.parent)
        self._apart, self._offset, self._read = {target: _size_of(target)}, 0, []
        return before - self._apart[target].lines

    def _unread(self) -> Iterator[bytes]:
        for old in sorted(self._apart):
            yield from _lines(old, self._offset if old == min(self._apart) else 0)

    def _drop(self, file: Path) -> None:
        file.unlink()
        del self._apart[file]
        self._offset = 0


def _size_of(file: Path) -> _Size:
    lengths = [len(line) for line in _lines(file)] if file.exists() else []
    return _Size(len(lengths), sum(lengths))


def _lines(file: Path, offset: int = 0) -> Iterator[bytes]:
    with file.open("rb") as content:
        content.seek(offset)
        yield from (line for line in (part.rstrip(b"\n") for part in content) if line)


def _call_of(line: bytes) -> CallId | None:
    try:
        return _PLACE.decode(line).call_id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # torn


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def _sync_folder(folder: Path) -> None:
    """Make a file's new name durable, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
