"""A proxy before PostgreSQL that can lose the word that a commit was done."""

import re
import struct
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import parse_qs, urlsplit

from tests.faults.proxy import Address, Link, Proxy

WRITING = re.compile(rb"INSERT|UPDATE|DELETE|COMMIT")


class DatabaseProxy(Proxy):
    """Knows enough of PostgreSQL's protocol to tell which answer says that a commit was done."""

    def __init__(self, server: Callable[[], Address]) -> None:
        super().__init__(server)
        self.cuts = 0
        """Commits whose answer was lost so far."""
        self._about: bytes | None = None
        self._held: dict[Link, bytes] = {}

    def cut_answer_to_next_commit(self, about: bytes = b"") -> None:
        """Let the next writing commit that carries these bytes be done, and lose the answer.

        The connection is reset instead. `about` is looked for in what the client sends.
        """
        self._about = about

    def carried(
        self, link: Link, chunk: bytes, *, to_client: bool
    ) -> Iterable[tuple[float, bytes]]:
        """As it came, but for the answer that is to be lost."""
        if not to_client and self._about is not None and self._about in chunk:
            self._held.setdefault(link, b"")
        if not to_client or link not in self._held:
            return super().carried(link, chunk, to_client=to_client)
        self._held[link] += chunk
        passed = self._watched(link)
        return super().carried(link, passed, to_client=True) if passed else []

    def _watched(self, link: Link) -> bytes:
        """What may pass of an answer: all but the word that something was written, and after."""
        held, place, wrote = self._held[link], 0, None
        for kind, body, end in _messages(held):
            if kind == b"C" and wrote is None and WRITING.match(body):
                wrote = place
            elif kind == b"Z" and wrote is not None and body == b"I":  # no transaction is open
                self.cuts += 1
                self._about = None
                self._held.clear()
                link.reset()
                return b""
            elif kind == b"Z" and body == b"I":  # nothing was written: it was not this one
                del self._held[link]
                return held
            elif kind == b"Z":  # the commit is still to come
                wrote = None
            place = end
        safe = place if wrote is None else wrote
        self._held[link] = held[safe:]
        return held[:safe]


def database_address(url: str) -> Address:
    """Where the PostgreSQL of a URL listens."""
    parts = urlsplit(url)
    port = parts.port or 5432
    host = parts.hostname or parse_qs(parts.query)["host"][0]
    return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)


def database_url_through(proxy: Proxy, url: str) -> str:
    """The same database by way of the proxy, which cannot look into TLS."""
    parts = urlsplit(url)
    user, _, _ = parts.netloc.rpartition("@")
    address = f"{user}@127.0.0.1:{proxy.port}" if user else f"127.0.0.1:{proxy.port}"
    return parts._replace(netloc=address, query="sslmode=disable").geturl()


def _messages(held: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """PostgreSQL's whole messages: a letter, four bytes of length, a body; and where each ends."""
    place = 0
    while place + 5 <= len(held):
        end = place + 1 + int(struct.unpack_from("!I", held, place + 1)[0])
        if end > len(held):
            return
        yield held[place : place + 1], held[place + 5 : end], end
        place = end
