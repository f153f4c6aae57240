"""The wallboard: who waits, who talks, which clocks run out, and how the day goes."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import msgspec
from aiohttp import web

from agent.database.errors import DatabaseUnreachable
from agent.database.today import Today, read_today
from agent.domain.office_time import local
from agent.domain.rights import Right
from agent.runtime import clock
from agent.web.live import LiveFloor, live_floor
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.problems import Refused
from agent.web.streams import HEARTBEAT, message

TODAY_EVERY = timedelta(seconds=5)


class Wallboard(msgspec.Struct, frozen=True, kw_only=True):
    """The floor, and the day so far; no day while the database is away."""

    floor: LiveFloor
    today: Today | None


class _Shared:
    """One picture for all who look, made once for each change."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._today: Today | None = None
        self._looked_at: datetime | None = None
        self._made: tuple[int, bytes] = (-1, b"")

    async def body(self) -> bytes:
        """The wallboard as JSON."""
        await self._look_at_today()
        version = self._parts.board.version
        if self._made[0] != version:
            self._made = version, msgspec.json.encode(self.wallboard())
        return self._made[1]

    def wallboard(self) -> Wallboard:
        """The present."""
        parts = self._parts
        floor = live_floor(clock.now(), parts.calls, parts.floor.floor, parts.sops)
        return Wallboard(floor=floor, today=self._today)

    async def _look_at_today(self) -> None:
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
        await shared.body()
        return shared.wallboard()

    async def follow(asking: Asking, _asked: None) -> web.StreamResponse:
        if parts.streams.full:
            raise Refused(503, "too_many_streams")
        return await parts.streams.send(asking.request, messages())

    async def messages() -> AsyncIterator[bytes]:
        last = b""
        with parts.board.watched() as watch:
            while True:
                changed = await watch.changed(TODAY_EVERY.total_seconds())
                body = await shared.body()
                if changed or body != last:
                    last = body
                    yield message(body, "wallboard")
                else:
                    yield HEARTBEAT

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
