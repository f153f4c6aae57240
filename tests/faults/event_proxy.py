"""A proxy before Asterisk's HTTP server that also meddles with single events of ARI's WebSocket."""

import json
import random
import struct
from collections.abc import Callable, Iterable
from typing import Any

from tests.faults.proxy import Address, Link, Proxy

OPENING = b"GET /ari/events?"
HEADER_END = b"\r\n\r\n"
TEXT, BINARY = 1, 2
WHOLE = 0x80


class EventProxy(Proxy):
    """Duplicates, delays, drops and invents events, and loses a command that was asked for."""

    def __init__(self, server: Callable[[], Address]) -> None:
        super().__init__(server)
        self._events: dict[Link, bytes | None] = {}
        """What came of each event socket and is no whole frame yet; None before its first."""
        self.seen: list[str] = []
        """Kinds of the events that Asterisk sent."""
        self.lost: list[str] = []
        """Kinds of those that never arrived."""
        self.repeated = 0
        self.lost_commands = 0
        """Commands that never arrived."""
        self.opened = 0
        """Event sockets that the client opened so far."""
        self.calm()

    def calm(self) -> None:
        """Meddle with nothing."""
        self._deaf: set[Link] = set()
        self._drop = self._repeat = self._late_s = 0.0
        self._drop_next: list[str] = []
        self._lose: bytes | None = None
        self._chance = random.Random(0)  # noqa: S311 (a fault that can be repeated)

    def meddle(
        self, *, drop: float = 0.0, repeat: float = 0.0, late_s: float = 0.0, seed: int = 0
    ) -> None:
        """Drop and repeat these shares of events, and deliver each up to so much too late.

        Two events less than `late_s` apart may so change places. The same seed meddles alike.
        """
        self._drop, self._repeat, self._late_s = drop, repeat, late_s
        self._chance = random.Random(seed)  # noqa: S311 (a fault that can be repeated)

    def drop_next(self, *kinds: str) -> None:
        """Drop the next event of each of these kinds."""
        self._drop_next += kinds

    def lose_next_command(self, words: bytes) -> None:
        """End by RST the connection on which these words come next, before they arrive."""
        self._lose = words

    def deafen(self) -> None:
        """Drop all further events of the sockets that are open now; the sockets live on."""
        self._tell(lambda: self._deaf.update(self._open_events()))

    def inject(self, frames: bytes) -> None:
        """Send bytes of our own to every event socket, between two events of Asterisk."""
        assert frames, "no bytes at all would end the link"

        def work() -> None:
            assert self._loop is not None
            for link in self._events:
                link.to_client.put(self._loop.time(), frames)

        self._tell(work)

    def reset_events(self) -> None:
        """End the event socket alone by RST; commands go on."""

        def work() -> None:
            for link in self._open_events():
                link.reset()

        self._tell(work)

    @property
    def listeners(self) -> int:
        """Event sockets that are open."""
        return len(self._open_events())

    def _open_events(self) -> list[Link]:
        for link in [link for link in self._events if link not in self._links]:
            del self._events[link]
        return list(self._events)

    def carried(
        self, link: Link, chunk: bytes, *, to_client: bool
    ) -> Iterable[tuple[float, bytes]]:
        """As it came, but for events."""
        if not to_client and self._lose and self._lose in chunk:
            self._lose = None
            self.lost_commands += 1
            link.reset()
            return []
        if not to_client and chunk.startswith(OPENING):
            self._open_events()
            self._events[link] = None
            self.opened += 1
        if not to_client or link not in self._events:
            return super().carried(link, chunk, to_client=to_client)
        return self._meddled(link, chunk)

    def _meddled(self, link: Link, chunk: bytes) -> list[tuple[float, bytes]]:
        rest, pieces = self._events[link], []
        if rest is None:  # Asterisk's answer to the handshake ends with an empty line
            head, end, chunk = chunk.partition(HEADER_END)
            pieces, rest = [(0.0, head + end)], b""
        frames, self._events[link] = _split(rest + chunk)
        for frame in frames:
            pieces += self._fate(link, frame)
        return pieces

    def _fate(self, link: Link, frame: bytes) -> list[tuple[float, bytes]]:
        event = _event(frame)
        if event is None:
            return [(0.0, frame)]
        kind = str(event.get("type"))
        self.seen.append(kind)
        if kind in self._drop_next:
            self._drop_next.remove(kind)
            dropped = True
        else:
            dropped = link in self._deaf or self._chance.random() < self._drop
        if dropped:
            self.lost.append(kind)
            return []
        copies = 1 + (self._chance.random() < self._repeat)
        self.repeated += copies - 1
        return [(self._chance.random() * self._late_s, frame) for _ in range(copies)]


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A whole WebSocket frame as a server sends it."""
    size = len(payload)
    if size < 126:
        head = bytes((WHOLE | opcode, size))
    elif size < 65536:
        head = struct.pack("!BBH", WHOLE | opcode, 126, size)
    else:
        head = struct.pack("!BBQ", WHOLE | opcode, 127, size)
    return head + payload


def _split(held: bytes) -> tuple[list[bytes], bytes]:
    """Whole frames, and what is left."""
    frames = []
    while (size := _size(held)) is not None and size <= len(held):
        frames.append(held[:size])
        held = held[size:]
    return frames, held


def _size(held: bytes) -> int | None:
    """How long the first frame is; None when even that has not come."""
    if len(held) < 2:
        return None
    short = held[1] & 0x7F
    form = {126: "!H", 127: "!Q"}.get(short)
    if form is None:
        return 2 + short
    head = 2 + struct.calcsize(form)
    if len(held) < head:
        return None
    return head + int(struct.unpack_from(form, held, 2)[0])


def _event(whole: bytes) -> dict[str, Any] | None:
    """The event in a frame; None when it is no whole text."""
    if whole[0] != WHOLE | TEXT:
        return None
    payload = whole[{126: 4, 127: 10}.get(whole[1] & 0x7F, 2) :]
    try:
        found = json.loads(payload)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
