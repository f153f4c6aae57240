"""Keyed hashes of what people are found by: logs and holds tell a person and never name him.

The key lies in the office's own folder and not in the database: whoever has only the database
cannot find out a number by trying them all.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from agent.domain.personal_data import Person
from agent.runtime.errors import EffectFailed

FILE = "person.key"
BYTES = 32


class PersonKeyUnreadable(EffectFailed):
    """The key of the hashes cannot be read or made; look at the state folder's rights."""


class PersonKeys:
    """Hashes by the office's key; the file is made at the first need."""

    def __init__(self, state_folder: Path) -> None:
        self._file = state_folder / FILE

    def of(self, person: Person) -> str:
        """The same for the same person. Raises PersonKeyUnreadable."""
        return self.digest(f"{person.kind}:{person.value}")

    def digest(self, text: str) -> str:
        """A proof of a text that does not tell it. Raises PersonKeyUnreadable."""
        return hmac.new(self._key(), text.encode(), hashlib.sha256).hexdigest()

    def _key(self) -> bytes:
        try:
            if not self._file.exists():
                self._make()
            key = self._file.read_bytes()
        except OSError as error:
            raise PersonKeyUnreadable(f"{self._file.name}: {error.strerror}") from error
        if len(key) != BYTES:
            raise PersonKeyUnreadable(f"{self._file.name} is damaged: bring back its copy.")
        return key

    def _make(self) -> None:
        draft = self._file.with_name(f"{FILE}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(secrets.token_bytes(BYTES))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, self._file)  # whoever is first makes it; nobody writes over it
        except FileExistsError:
            pass
        finally:
            draft.unlink()
