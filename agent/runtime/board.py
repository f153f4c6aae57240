"""Tells whoever watches that something changed; each then looks for himself.

Nothing is queued for a watcher: one who is slow, or never looks, misses steps between and sees the
present when he looks again. So no number of them costs a call anything.
"""

import asyncio
import contextlib
from collections.abc import Iterator

GAP_S = 0.05
"""Changes that come closer together are seen as one, but the first of them at once."""


class Watch:
    """One watcher's flag."""

    def __init__(self, gap_s: float) -> None:
        self._flag = asyncio.Event()
        self._flag.set()
        self._gap_s = gap_s
        self._looks_at = 0.0
        """By the loop's clock; not sooner."""

    def wave(self) -> None:
        """Something changed."""
        self._flag.set()

    async def changed(self, within_s: float) -> bool:
        """Wait for a change since the last look; False when none came within these seconds."""
        try:
            async with asyncio.timeout(within_s):
                await self._flag.wait()
        except TimeoutError:
            return False
        now = asyncio.get_running_loop().time
        await asyncio.sleep(self._looks_at - now())
        self._looks_at = now() + self._gap_s
        self._flag.clear()
        return True


class Board:
    """What changes: the calls and the floor of this process."""

    def __init__(self) -> None:
        self.version = 0
        self._watches: set[Watch] = set()

    def change(self) -> None:
        """A call or the floor is not what it was; never blocks."""
        self.version += 1
        for watch in self._watches:
            watch.wave()

    @contextlib.contextmanager
    def watched(self, gap_s: float = GAP_S) -> Iterator[Watch]:
        """Watch until the end of the block, once in `gap_s` at most; the first look is at once."""
        watch = Watch(gap_s)
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return len(self._watches)
