"""The feed of public news, for whoever follows it: in order, gone on with at any place, shared.

One question a second is asked for all followers; the last news are kept here, so that those who
keep up cost the database nothing. Whoever is further behind reads from the database.
"""

import asyncio
import re
from collections import deque
from datetime import datetime
from itertools import dropwhile, islice
from typing import Any, Protocol

import msgspec

from agent.runtime.alarms import Alarms
from agent.runtime.errors import EffectFailed

LOOK_EVERY_S = 1.0
AT_A_TIME = 200
REMEMBERED = 1000

_CURSOR = re.compile(r"([0-9a-f]{1,15})-([0-9a-f]{1,15})")


class CursorInvalid(ValueError):
    """A place in the feed is told as it was given: it has no other meaning."""


class Cursor(msgspec.Struct, frozen=True, order=True):
    """A place in the feed: everything up to it is read."""

    xact: int
    place: int


BEGINNING = Cursor(0, 0)
"""Before the oldest news that is kept."""


def parse_cursor(text: str) -> Cursor:
    """A place as a reader brings it back. Raises CursorInvalid."""
    found = _CURSOR.fullmatch(text)
    if not found:
        raise CursorInvalid(str(CursorInvalid.__doc__))
    return Cursor(int(found[1], 16), int(found[2], 16))


def render_cursor(cursor: Cursor) -> str:
    """A place as it is given to readers, who make nothing of it."""
    return f"{cursor.xact:x}-{cursor.place:x}"


class Event(msgspec.Struct, frozen=True):
    """One fact as every program gets it; a repeat has the same id, for ever."""

    id: str
    type: str
    timestamp: datetime
    data: dict[str, Any]


class Told(msgspec.Struct, frozen=True):
    """An event and its place in the feed."""

    event: Event
    cursor: Cursor


class FeedPage(msgspec.Struct, frozen=True):
    """Some news and the place after them; `more` when others wait there already."""

    news: tuple[Told, ...]
    cursor: Cursor
    more: bool


class FeedStore(Protocol):
    """Who keeps the feed."""

    async def read(self, after: Cursor, limit: int) -> FeedPage:
        """At most so many news after a place. Raises EffectFailed."""

    async def take_over_restored(self) -> None:
        """Make news readable that came out of another cluster's dump. Raises EffectFailed."""


class Feed:
    """Read by any number of followers; `run` must run for as long as they wait for news."""

    def __init__(self, store: FeedStore, look_every_s: float = LOOK_EVERY_S) -> None:
        self._store = store
        self._look_every_s = look_every_s
        self._alarms = Alarms()
        self._remembered: deque[Told] = deque()
        self._from: Cursor | None = None
        """Everything from here to the end is remembered."""
        self._end = BEGINNING
        self._moved = asyncio.Event()

    async def run(self) -> None:
        """Look for news until cancelled; a database that is away is asked again."""
        while True:
            more = False
            try:
                if self._from is None:
                    await self._store.take_over_restored()
                    self._end = self._from = await self.end()
                    self._tell()
                more = self._remember(await self._store.read(self._end, AT_A_TIME))
            except EffectFailed as error:
                self._alarms.sound("feed_not_read", reason=str(error)[:200])
            await asyncio.sleep(0 if more else self._look_every_s)

    async def end(self) -> Cursor:
        """The place after all news that can be read now. Raises EffectFailed."""
        return (await self._store.read(BEGINNING, 0)).cursor

    async def read(self, after: Cursor, limit: int = AT_A_TIME) -> FeedPage:
        """At most so many news after a place. Raises EffectFailed when the database is needed."""
        if self._from is None or not self._from <= after <= self._end:
            return await self._store.read(after, limit)
        newer = dropwhile(lambda told: told.cursor <= after, self._remembered)
        found = tuple(islice(newer, limit + 1))
        if len(found) <= limit:
            return FeedPage(found, self._end, more=False)
        return FeedPage(found[:limit], found[limit - 1].cursor, more=True)

    async def wait(self, after: Cursor) -> None:
        """Return when there may be news after this place, which a page without more has given."""
        while not self._may_have_news(after):
            await self._moved.wait()

    def _may_have_news(self, after: Cursor) -> bool:
        if self._from is None:
            return False
        if after < self._from:  # what came between his look and our first one is not remembered
            return True
        return bool(self._remembered) and self._remembered[-1].cursor > after

    def _remember(self, page: FeedPage) -> bool:
        if page.cursor < self._end:  # another cluster counts anew: nothing here is in order now
            self._remembered.clear()
            self._from = page.cursor
        else:
            self._remembered.extend(page.news)
        self._end = page.cursor
        while len(self._remembered) > REMEMBERED:
            self._from = self._remembered.popleft().cursor
        if page.news:
            self._tell()
        return page.more

    def _tell(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
