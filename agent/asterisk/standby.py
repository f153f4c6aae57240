"""A standby's ear: it listens under a name of its own, and holds callers whom nobody else heard.

The dialplan tries the owner's application, then the standby's. Whoever owns the calls next, or
hears again, fetches the callers from there. When nobody does (no database, so no next owner), they
are sent on to the dialplan's fallback: nobody waits in silence.

Calls that live stay in the owner's application, which the next owner opens in his turn. To move
them would lose an operator's leg that only rings: it is in no application yet (409), and answered
it would enter the dead owner's and be hung up.
"""

import asyncio

import structlog

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_exchange import AriExchange
from agent.asterisk.ari_session import AriSession
from agent.runtime.doors import Arrival
from agent.runtime.errors import EffectFailed, StandDown

HOLD_S = 4.0
"""Longer than a take-over, and than an owner needs to hear again and look."""

log = structlog.get_logger()


class Standby:
    """What a process hears until the owner's events come to it."""

    def __init__(
        self,
        client: AriClient,
        application: str,
        standby_application: str,
        hold_s: float = HOLD_S,
    ) -> None:
        self._exchange = AriExchange(client, application, standby_application)
        self._session = AriSession(
            client, standby_application, self._arrived, lambda _about, _event: None, _nothing
        )
        self._hold_s = hold_s
        self._held: asyncio.Queue[tuple[float, Arrival]] = asyncio.Queue()
        self._holds_on = False

    @property
    def ready(self) -> bool:
        """Whether Asterisk returns our echo."""
        return self._session.ready

    async def run(self) -> None:
        """Listen until cancelled, or until a second standby listens in our place."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send_on())
                tasks.create_task(self._session.run())
        except* StandDown:
            log.warning("standby_replaced")

    def hold_on(self) -> None:
        """The calls are ours: callers are fetched from here, and nobody is sent on any more."""
        self._holds_on = True

    def _arrived(self, arrival: Arrival) -> None:
        log.info("caller_held_by_standby", channel=arrival.channel)
        due = asyncio.get_running_loop().time() + self._hold_s
        self._held.put_nowait((due, arrival))

    async def _send_on(self) -> None:
        while True:
            due, arrival = await self._held.get()
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            try:
                if not self._holds_on and arrival.channel in await self._exchange.caught():
                    log.error("caller_sent_to_fallback", channel=arrival.channel)
                    await self._exchange.send_to_fallback(arrival)
            except EffectFailed as error:
                log.warning("caller_not_sent_on", channel=arrival.channel, reason=str(error))


async def _nothing(*_moments: object) -> None:
    """Nobody waits for this connection."""
