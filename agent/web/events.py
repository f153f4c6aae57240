"""What happens to calls and tickets, for programs: a stream that is gone on with, and pages."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from agent.domain.news import KINDS
from agent.domain.rights import Right
from agent.runtime.errors import EffectFailed
from agent.runtime.feed import BEGINNING, Cursor, Event, Feed, parse_cursor, render_cursor
from agent.web.operations import Asking, Operation
from agent.web.parts import Parts
from agent.web.problems import Refused
from agent.web.streams import HEARTBEAT_S, Streams, message

MOST_STREAMS = 100
PAGE = 100

Place = Annotated[str, Meta(pattern="^[0-9a-f]{1,15}-[0-9a-f]{1,15}$")]
Kinds = Annotated[str, Meta(pattern=r"^[a-z_.,]{1,500}$")]
"""Several are parted by commas."""


class Followed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which place on (without it: from now on), and what; no kinds are all."""

    after: Place | None = None
    kinds: Kinds | None = None


class PageWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """After which place (without it: from the oldest), what, and how many are looked at."""

    after: Place | None = None
    kinds: Kinds | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = PAGE


class EventsPage(msgspec.Struct, frozen=True):
    """Some events and the place to go on after; `more` when others are there already."""

    events: list[Event]
    cursor: str
    more: bool


def event_operations(parts: Parts) -> list[Operation]:
    """Following events, and reading them page by page."""
    streams = Streams(MOST_STREAMS)

    async def follow(asking: Asking, asked: Followed) -> web.StreamResponse:
        kinds = _kinds(asked.kinds)
        place = asking.request.headers.get("Last-Event-ID") or asked.after
        after = parse_cursor(place) if place else await parts.feed.end()
        if streams.full:
            raise Refused(503, "too_many_streams")
        messages = _messages(parts.feed, after, kinds)
        return await streams.send(
            asking.request, messages, lambda: parts.guard.still(asking.request, asking.who)
        )

    async def read(_asking: Asking, asked: PageWanted) -> EventsPage:
        kinds = _kinds(asked.kinds)
        after = parse_cursor(asked.after) if asked.after else BEGINNING
        page = await parts.feed.read(after, asked.limit)
        events = [t.event for t in page.news if not kinds or t.event.type in kinds]
        return EventsPage(events, render_cursor(page.cursor), page.more)

    return [
        Operation(
            name="followEvents", method="GET", path="/events", right=Right.LIVE, asked=Followed,
            summary="Facts of calls and tickets as server-sent events, named by their kind. "
            "`Last-Event-ID` or `after` goes on after a place; kept for 30 days.",
            perform=follow, answered=bytes,
        ),
        Operation(
            name="readEvents", method="GET", path="/events/page", right=Right.LIVE,
            asked=PageWanted, summary="The same page by page, from the oldest that is kept.",
            perform=read, answered=EventsPage,
        ),
    ]  # fmt: skip


async def _messages(feed: Feed, after: Cursor, kinds: frozenset[str]) -> AsyncIterator[bytes]:
    """What happens; between, a comment with the place up to which there was nothing else."""
    while True:
        try:
            page = await feed.read(after)
        except EffectFailed:
            return  # the reader comes again and is told so
        for told in page.news:
            if not kinds or told.event.type in kinds:
                body = msgspec.json.encode(told.event)
                yield message(body, told.event.type, at=render_cursor(told.cursor))
        after = page.cursor
        yield f": \nid: {render_cursor(after)}\n\n".encode()
        if not page.more:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await feed.wait(after)
            except TimeoutError:
                pass


def _kinds(text: str | None) -> frozenset[str]:
    """Raises Refused for a kind that there is not: its reader would wait for ever."""
    kinds = frozenset(text.split(",")) if text else frozenset[str]()
    if not kinds <= set(KINDS):
        raise Refused(400, "kind_unknown", known=KINDS)
    return kinds
