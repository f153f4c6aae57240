"""Passwords: argon2id, away from the calls' loop."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import argon2

from agent.settings import DATA

SHORTEST, LONGEST = 12, 128
WAITING_AT_MOST = 12
"""Who may wait for his turn: one at a time is checked, for calls share the processor."""
STRANGERS_AT_MOST = 8
"""Of these; the other places are kept for those who were here before."""

T = TypeVar("T")

_BREACHED = frozenset(
    (Path(DATA) / "pages" / "breached_passwords.txt").read_text().casefold().split()
)
_hasher = argon2.PasswordHasher()
"""The library's defaults are the second recommended option of RFC 9106: 64 MiB, 3 passes."""
NOBODYS = _hasher.hash(secrets.token_urlsafe())
"""Compared where there is no account, so that its absence takes as long."""


class TooBusy(Exception):
    """More people log in at once than can be checked."""


class PasswordWeak(ValueError):
    """Not good enough; the message is a key of the catalogues' table `problems`."""


class Passwords:
    """Checks one password at a time in a thread of its own."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """What is kept of it. Raises TooBusy."""
        return await self._run(lambda: _hasher.hash(password), WAITING_AT_MOST)

    async def right(self, hashed: str, password: str, *, stranger: bool = False) -> bool:
        """Whether it is the one; a stranger's browser was not here before. Raises TooBusy."""

        def check() -> bool:
            try:
                return _hasher.verify(hashed, password)
            except argon2.exceptions.VerificationError:
                return False

        return await self._run(check, STRANGERS_AT_MOST if stranger else WAITING_AT_MOST)

    async def _run(self, work: Callable[[], T], places: int) -> T:
        if self._waiting >= places:
            raise TooBusy
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def hash_password(password: str) -> str:
    """What is kept of it; for the command line, which nobody waits behind."""
    return _hasher.hash(password)


def make_password() -> str:
    """A password to log in with once: 80 bits, in groups that can be read out."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    groups = ("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def refuse_weak(password: str, account: str, name: str) -> None:
    """Raises PasswordWeak (ASVS 6.2: length, known from breaches, the account's own words)."""
    folded = password.casefold()
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordWeak("password_length")
    own = [account.casefold(), *(word for word in name.casefold().split() if len(word) > 3)]
    if folded in _BREACHED or len(set(folded)) < 5 or any(word in folded for word in own):
        raise PasswordWeak("password_common")


def known_device(account: str, hashed: str, nonce: str) -> str:
    """What a browser keeps that has logged in here before; a new password makes it worthless."""
    key = hashlib.sha256(hashed.encode()).digest()
    mark = hmac.new(key, f"{account} {nonce}".encode(), "sha256").hexdigest()
    return f"{nonce}.{mark}"


def is_known_device(account: str, hashed: str, kept: str | None) -> bool:
    """Whether this browser has logged in with this account and password before."""
    nonce = (kept or "").partition(".")[0]
    return hmac.compare_digest(kept or "", known_device(account, hashed, nonce))
