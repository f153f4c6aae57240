"""What an event session told, kept to be waited for."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_session import AriSession
from agent.domain.events import AnyEvent
from agent.runtime.doors import Arrival

WITHIN_S = 15.0


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again until it is so. Raises TimeoutError."""
    deadline = time.monotonic() + WITHIN_S
    while not await look():
        if time.monotonic() > deadline:
            raise TimeoutError
        await asyncio.sleep(0.1)


class EventsHeard:
    """A session of an application and everything that it told."""

    def __init__(self, client: AriClient, application: str) -> None:
        self.arrivals: list[Arrival] = []
        self.told: list[tuple[str, AnyEvent]] = []
        self.connections = 0
        self.started_at: datetime | None = None
        self.lost_at: datetime | None = None
        self.session = AriSession(
            client,
            application,
            self.arrivals.append,
            lambda subject, event: self.told.append((subject, event)),
            self._connected,
        )

    async def _connected(self, started_at: datetime, lost_at: datetime | None) -> None:
        self.connections += 1
        self.started_at, self.lost_at = started_at, lost_at

    async def until_ready(self) -> None:
        """Wait for our own echo. Raises TimeoutError."""
        await self.until(lambda: self.session.ready)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true. Raises TimeoutError."""
        deadline = time.monotonic() + WITHIN_S
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.arrivals} {self.told}"[:2000])
            await asyncio.sleep(0.02)

    async def hears(self, kind: type[AnyEvent], subject: str) -> AnyEvent:
        """The first event of this kind about a channel or playback. Raises TimeoutError."""

        def found() -> list[AnyEvent]:
            return [e for about, e in self.told if about == subject and isinstance(e, kind)]

        await self.until(lambda: bool(found()))
        return found()[0]
