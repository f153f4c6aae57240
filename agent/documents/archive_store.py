"""Where archived forms are kept: a folder of this machine, or any store that speaks S3."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from agent.runtime.errors import EffectFailed

DRAFT = ".draft"


class ArchiveFailed(EffectFailed):
    """The form could not be written to the archive or read; look at its rights, space and reach."""


class ArchiveStore(Protocol):
    """Files by their paths, written once. Every method waits: call it in a thread."""

    def keep(self, path: str, content: bytes) -> bytes:
        """Write it unless it is there, and answer what is there then. Raises ArchiveFailed."""

    def read(self, path: str) -> bytes | None:
        """What is kept there; None where nothing is. Raises ArchiveFailed."""

    def remove(self, path: str) -> None:
        """Take away what is kept there; that it is gone already is no error. Raises ArchiveFailed.

        Only for a form whose time in the archive is over (agent/runtime/purge.py).
        """

    def paths(self) -> Iterator[str]:
        """Every path, in no order; whatever is there counts. Raises ArchiveFailed."""


class FolderStore:
    """A folder on this machine; each file is on its disk before it is told of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, path: str, content: bytes) -> bytes:
        """Write it unless it is there, and answer what is there then. Raises ArchiveFailed."""
        try:
            return _write_once(self._folder / path, content)
        except OSError as error:
            raise ArchiveFailed(str(error)) from error

    def read(self, path: str) -> bytes | None:
        """What is kept there; None where nothing is, or nothing that may be read."""
        file = self._folder / path
        try:
            if not file.resolve().is_relative_to(self._folder.resolve()):
                return None  # a record that was tampered with must not lead out of the archive
            return file.read_bytes()
        except (OSError, ValueError):  # a path with a zero character is a ValueError
            return None

    def remove(self, path: str) -> None:
        """Take away what is kept there; gone already is no error. Raises ArchiveFailed."""
        try:
            if not self._folder.is_dir():
                raise ArchiveFailed(f"there is no folder {self._folder}")
            file = self._folder / path
            if not file.resolve().is_relative_to(self._folder.resolve()):
                raise ArchiveFailed("a path on record leads out of the archive")
            file.unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            raise ArchiveFailed(str(error)) from error

    def paths(self) -> Iterator[str]:
        """Every path in the folder but drafts, which are no forms yet."""
        for folder, _, names in os.walk(self._folder):
            for name in names:
                if not name.endswith(DRAFT):
                    yield str((Path(folder) / name).relative_to(self._folder))


def _write_once(file: Path, content: bytes) -> bytes:
    """What is in the archive: this content, or what an earlier try has written there."""
    if file.exists():
        return file.read_bytes()
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(DRAFT)
    draft.unlink(missing_ok=True)  # a crash may have left it, and left it read-only
    with draft.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.chmod(0o440)
    draft.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return content
