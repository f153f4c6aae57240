"""The office's key: hashes that stand for people in logs and holds, and secrets that are not kept.

The key lies in the office's own folder and not in the database: whoever has only the database
cannot find out a number by trying them all, nor what an authenticator shows.
"""

import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

from agent.domain.personal_data import Person
from agent.runtime.errors import EffectFailed

BYTES = 32


class PersonKeyUnreadable(EffectFailed):
    """The key of the hashes cannot be read or made; look at the state folder's rights."""


class PersonKeys:
    """Hashes by the office's key; the file is made at the first need."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def of(self, person: Person) -> str:
        """The same for the same person. Raises PersonKeyUnreadable."""
        return self.digest(f"{person.kind}:{person.value}")

    def digest(self, text: str) -> str:
        """A proof of a text that does not tell it. Raises PersonKeyUnreadable."""
        return hmac.new(self._key(), text.encode(), hashlib.sha256).hexdigest()

    def secret_of(self, use: str) -> bytes:
        """32 bytes that only who has the key knows, the same for one use and for no other.

        Raises PersonKeyUnreadable.
        """
        # Of a key of its own: no hash of a text, which the database keeps, can be one of these.
        own = hmac.new(self._key(), b"\0secrets", hashlib.sha256).digest()
        return hmac.new(own, use.encode(), hashlib.sha256).digest()

    def check(self) -> str:
        """Which key this is, for whoever must know that it is the same one."""
        return self.digest("which key")

    def _key(self) -> bytes:
        try:
            if not self._file.exists():
                self._make()
            key = self._file.read_bytes()
        except OSError as error:
            raise PersonKeyUnreadable(f"{self._file.name}: {error.strerror}") from error
        if len(key) < BYTES:
            raise PersonKeyUnreadable(f"{self._file.name} is damaged: bring back its copy.")
        return key

    def _make(self) -> None:
        handle, draft = tempfile.mkstemp(prefix=self._file.name, dir=self._file.parent)
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_bytes(BYTES))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, self._file)  # whoever is first makes it; nobody writes over it
        except FileExistsError:
            pass
        finally:
            Path(draft).unlink()
