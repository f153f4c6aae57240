"""The wallboard: who waits, who talks, which clocks run out, and how the day goes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import msgspec
from aiohttp import web

from agent.database.errors import DatabaseUnreachable
from agent.database.today import Today, read_today
from agent.domain.office_time import local
from agent.domain.rights import Right
from agent.runtime import clock
from agent.web.live import LiveCalls, LiveFloor, live_floor
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.problems import Refused
from agent.web.streams import HEARTBEAT, message

TODAY_EVERY = timedelta(seconds=5)
GAP_S = 1.0
"""Each picture is the whole floor, and a hundred may look; its clocks run by themselves."""
TURN_S = 0.001


class Wallboard(msgspec.Struct, frozen=True, kw_only=True):
    """The floor, and the day so far; no day while the database is away."""

    floor: LiveFloor
    today: Today | None


class _Shared:
    """One picture for all who look, made at most every GAP_S."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._shown = LiveCalls(parts.sops)
        self._today: Today | None = None
        self._looked_at: datetime | None = None
        self._version = -1
        self._made_at = 0.0
        self._message = b""
        self._turn = asyncio.Lock()

    async def message(self) -> tuple[bytes, bool]:
        """The picture as an event of a stream, and whether nothing has changed since."""
        await self.look_at_today()
        now, version = asyncio.get_running_loop().time(), self._parts.board.version
        if self._version != version and now - self._made_at >= GAP_S:
            self._version, self._made_at = version, now
            self._message = message(msgspec.json.encode(self.wallboard()), "wallboard")
        return self._message, self._version == version

    async def turn(self) -> None:
        """One who looks after another, so that a call never waits for all of them."""
        async with self._turn:
            await asyncio.sleep(TURN_S)

    def wallboard(self) -> Wallboard:
        """The present."""
        parts = self._parts
        floor = live_floor(clock.now(), parts.calls, parts.floor.floor, self._shown)
        return Wallboard(floor=floor, today=self._today)

    async def look_at_today(self) -> None:
        """Read the day again when what is known of it is old."""
        now = clock.now()
        if self._looked_at and now - self._looked_at < TODAY_EVERY:
            return
        self._looked_at = now  # before it is read: others do not ask at the same time
        midnight = local(now, self._parts.settings.zone).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        try:
            async with self._parts.pool.connection() as connection:
                today = await read_today(connection, midnight)
        except DatabaseUnreachable:
            today = None
        if today != self._today:
            self._today = today
            self._parts.board.change()


def wallboard_operations(parts: Parts) -> list[Operation]:
    """Reading the wallboard, and following it."""
    shared = _Shared(parts)

    async def read(_asking: Asking, _asked: None) -> Wallboard:
        await shared.look_at_today()
        return shared.wallboard()

    async def follow(asking: Asking, _asked: None) -> web.StreamResponse:
        if parts.streams.full:
            raise Refused(503, "too_many_streams")
        return await parts.streams.send(
            asking.request, messages(), lambda: parts.guard.still(asking.request, asking.who)
        )

    async def messages() -> AsyncIterator[bytes]:
        last = b""
        with parts.board.watched(GAP_S) as watch:
            while True:
                await watch.changed(TODAY_EVERY.total_seconds())
                await shared.turn()
                picture, is_present = await shared.message()
                if not is_present:
                    watch.wave()  # it is made anew before this one looks again
                yield picture if picture is not last else HEARTBEAT
                last = picture

    return [
        Operation(
            name="readWallboard", method="GET", path="/wallboard", right=Right.LIVE,
            summary="The floor, every living call and the day so far.",
            perform=read, answered=Wallboard,
        ),
        Operation(
            name="followWallboard", method="GET", path="/wallboard/stream", right=Right.LIVE,
            summary="The same as server-sent events `wallboard`, anew with each change.",
            perform=follow, answered=bytes,
        ),
    ]  # fmt: skip


def wallboard_pages(parts: Parts) -> list[Page]:
    """The wallboard."""

    async def show(asking: Asking) -> Shown:
        listens = asking.who.may(Right.LISTEN) and asking.who.operator is not None
        reasons = parts.floor.reasons.reasons
        return Shown("wallboard.html", {"listens": listens, "reasons": reasons})

    return [Page(path="/wallboard", right=Right.LIVE, show=show, menu="menu.wallboard")]
