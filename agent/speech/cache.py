"""Rendered sounds on disk under the hash of what decides their content, bounded in bytes."""

import os
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from agent.speech.sound import length_of_file

ABOUT_TO_PLAY_S = 60.0
"""Asterisk opens a file a moment after it was given the name; until then it must stay."""


def key_of(*parts: str) -> str:
    """The name under which content of these parts is kept."""
    return sha256("\0".join(parts).encode()).hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file that is either there in full or not at all. Raises OSError."""
    with NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        fresh = Path(file.name)
        try:
            file.write(data)
            file.flush()
            fresh.chmod(0o644)  # Asterisk reads it as another user
            fresh.replace(path)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise


class AudioCache:
    """The least recently used sound goes first; a torn file counts as missing."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._sizes: dict[Path, int] = {}

    def open(self) -> None:
        """Takes over what an earlier process left, oldest first. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for torn in self._folder.glob("*.tmp"):
            if not self._is_recent(torn):  # a fresh one may be another process's, not yet done
                torn.unlink(missing_ok=True)
        states = [(file, file.stat()) for file in self._folder.glob("*.wav")]
        states.sort(key=lambda pair: pair[1].st_mtime_ns)
        self._sizes = {file: state.st_size for file, state in states}
        self._drop_oldest()

    @property
    def size(self) -> int:
        """Bytes kept now."""
        return sum(self._sizes.values())

    def find(self, key: str) -> Path | None:
        """The file of this key, now the most recently used; None when there is none."""
        path = self._path(key)
        if path not in self._sizes:
            return None
        if length_of_file(path) is None:
            del self._sizes[path]
            return None
        with suppress(OSError):  # gone since: the caller's read tells
            os.utime(path)
        self._sizes[path] = self._sizes.pop(path)
        return path

    def keep(self, key: str, wav: bytes) -> Path:
        """Writes the sound and drops old ones beyond the limit. Raises OSError."""
        path = self._path(key)
        write_whole(path, wav)
        self._sizes.pop(path, None)
        self._sizes[path] = len(wav)
        self._drop_oldest()
        return path

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.wav"

    def _drop_oldest(self) -> None:
        size = self.size
        for path in list(self._sizes):
            if size <= self._limit or self._is_recent(path):
                return
            size -= self._sizes.pop(path)
            path.unlink(missing_ok=True)

    def _is_recent(self, path: Path) -> bool:
        try:
            return time.time() - path.stat().st_mtime < ABOUT_TO_PLAY_S
        except OSError:
            return False
