"""The event WebSocket: opened, proved alive by an echo of our own, reopened when it is deaf.

A session can be connected and yet never get an event (reopened in the moment the old one dies), so
only the echo of a user event that we sent counts as ready, and two missed echoes close it.
"""

import asyncio
import itertools
import math
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

import aiohttp
import structlog

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_events import TimeInvalid, parse_event, parse_time
from agent.asterisk.ari_messages import (
    USED_KINDS,
    AnyMessage,
    ApplicationReplaced,
    ChannelUserevent,
    MessageMalformed,
    MessageUnknown,
    parse_message,
)
from agent.asterisk.clock_skew import SKEW_ALARM_S
from agent.asterisk.errors import AsteriskRefused, AsteriskUnreachable
from agent.asterisk.version import check_version
from agent.domain.events import AnyEvent
from agent.runtime import clock, metrics
from agent.runtime.doors import Arrival
from agent.runtime.errors import StandDown

PROBE_EVERY_S = 2.0
PROBE_DEADLINE_S = 0.9
"""For an echo as a whole; with a second try at once a deaf session is left within 4 s."""
QUICK_ECHO_S = 0.1
"""Only an echo that came so soon tells what time it is now."""
MISSES_ALLOWED = 2
OPENED_WITHIN_S = 1.5
"""For the first word of an Asterisk that may be cut off: what is tried in vain must end soon."""
CLOSED_WITHIN_S = 0.5
"""For the goodbye of a session that is left, which a deaf one never says."""
REOPEN_AFTER_S = 0.5
"""Never sooner than 250 ms after a loss, or the new session may stay deaf for ever."""
STUCK_AFTER_S = 60.0
"""Twice what all deadlines on the way from one try to the next can take."""
MESSAGE_LIMIT = 4 * 1024 * 1024

log = structlog.get_logger()


class _Deaf(Exception):
    """The session is connected but our echo does not come back."""


async def _at_once() -> None:
    """Nobody has to be asked."""


class AriSession:
    """One application's events, given to `arrived` and `tell` as they come.

    `may_open` is awaited before each connection. `connected` is awaited after it with the moment at
    which this Asterisk began, and that at which the connection before was lost. `heard` gets the
    names of user events that are no echo of ours, `replaced` is called in the moment in which
    another program takes our application's place.
    """

    def __init__(
        self,
        client: AriClient,
        application: str,
        arrived: Callable[[Arrival], None],
        tell: Callable[[str, AnyEvent], None],
        connected: Callable[[datetime, datetime | None], Awaitable[None]],
        *,
        may_open: Callable[[], Awaitable[None]] = _at_once,
        heard: Callable[[str], None] = lambda _name: None,
        replaced: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._application = application
        self._arrived = arrived
        self._tell = tell
        self._connected = connected
        self._may_open = may_open
        self._heard = heard
        self._replaced = replaced
        self._echoes: dict[str, asyncio.Event] = {}
        self._nonce = secrets.token_hex(4)
        self._probes = itertools.count()
        self._lost_at: datetime | None = None
        self._tried_at = math.inf
        self.ready = False

    @property
    def stuck(self) -> bool:
        """Whether it has not even tried for long: then we are to blame and not Asterisk."""
        return time.monotonic() - self._tried_at > STUCK_AFTER_S

    async def run(self) -> None:
        """Stay connected for ever. Raises StandDown, AsteriskUnfit."""
        try:
            await self._stay_connected()
        finally:
            clock.follow_nobody()

    async def _stay_connected(self) -> None:
        while True:
            self._tried_at = time.monotonic()
            try:
                await self._one_session()
            except* StandDown as group:
                raise StandDown(str(group.exceptions[0])) from None
            except* (
                _Deaf,
                AsteriskRefused,
                AsteriskUnreachable,
                aiohttp.ClientError,
                TimeoutError,
            ) as group:
                log.warning("events_lost", reason=str(group.exceptions[0])[:200])
                self._lost_at = self._lost_at or clock.now()
            self.ready = False
            await asyncio.sleep(REOPEN_AFTER_S)

    async def _one_session(self) -> None:
        async with asyncio.timeout(OPENED_WITHIN_S):
            information = await self._client.get("asterisk", "info")
        check_version(str(information["system"]["version"]))
        self._tried_at = math.inf  # whether it may, others decide, and as long as they need
        await self._may_open()
        self._tried_at = time.monotonic()
        url = f"{self._client.url}/events"
        query = {"app": self._application, "subscribeAll": "false"}
        async with (
            self._client.session.ws_connect(
                url,
                params=query,
                max_msg_size=MESSAGE_LIMIT,
                autoping=True,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSED_WITHIN_S),
                decode_text=False,  # aiohttp would end the session for one byte that is not UTF-8
            ) as socket,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(self._read(socket))
            await self._filter()
            await self._echo()
            self.ready = True
            log.info("events_ready", application=self._application)
            started_at = parse_time(str(information["status"]["startup_time"]))
            await self._connected(started_at, self._lost_at)
            self._lost_at = None
            await self._probe()

    async def _filter(self) -> None:
        """Only the events that are used: saves half of the client's work."""
        allowed = [{"type": kind} for kind in USED_KINDS]
        await self._client.put(
            "applications", self._application, "eventFilter", body={"allowed": allowed}
        )

    async def _probe(self) -> None:
        missed = 0
        while True:
            if not missed:  # a miss is looked into at once
                await asyncio.sleep(PROBE_EVERY_S)
            try:
                await self._echo()
            except (_Deaf, AsteriskRefused, AsteriskUnreachable) as error:
                missed += 1
                log.warning("echo_missed", missed=missed, reason=str(error)[:200])
                self.ready = False
                if missed >= MISSES_ALLOWED:
                    raise _Deaf("no echo of our own event") from error
            else:
                missed = 0
                self.ready = True

    async def _echo(self) -> None:
        self._tried_at = time.monotonic()
        name = f"lpse-echo-{self._nonce}-{next(self._probes)}"
        heard = self._echoes[name] = asyncio.Event()
        try:
            async with asyncio.timeout(PROBE_DEADLINE_S):
                await self._client.post("events", "user", name, application=self._application)
                await heard.wait()
        except TimeoutError as error:
            raise _Deaf(name) from error
        finally:
            del self._echoes[name]

    async def _read(self, socket: "aiohttp.ClientWebSocketResponse[Literal[False]]") -> None:
        """Only decode and enqueue: a slow reader makes Asterisk drop events."""
        async for frame in socket:
            if frame.type is aiohttp.WSMsgType.TEXT:
                self._take(frame.data)
            elif frame.type is aiohttp.WSMsgType.ERROR:
                break
        raise AsteriskUnreachable(f"the event socket closed ({socket.close_code})")

    def _take(self, text: bytes) -> None:
        try:
            message = parse_message(text)
            self._give(message)
        except MessageUnknown:
            metrics.EVENTS_IGNORED.labels("unknown_kind").inc()
        except (MessageMalformed, TimeInvalid) as error:
            metrics.EVENTS_IGNORED.labels("malformed").inc()
            log.warning("event_malformed", reason=str(error)[:200])

    def _give(self, message: AnyMessage) -> None:
        if isinstance(message, ChannelUserevent):
            if heard := self._echoes.get(message.eventname):
                heard.set()
                self._measure_skew(message)
            else:
                self._heard(message.eventname)
            return
        if isinstance(message, ApplicationReplaced):
            self.ready = False
            self._replaced()
            raise StandDown("another agent has taken this application's place")
        parsed = parse_event(message)
        if isinstance(parsed, Arrival):
            self._arrived(parsed)
        elif parsed:
            self._tell(*parsed)

    def _measure_skew(self, message: ChannelUserevent) -> None:
        at = parse_time(message.timestamp)
        skew = (at - clock.of_this_machine()).total_seconds()
        metrics.CLOCK_SKEW.set(skew)
        if time.monotonic() - self._tried_at < QUICK_ECHO_S:
            clock.follow(at)
        if abs(skew) > SKEW_ALARM_S:
            log.warning("clocks_differ", seconds=round(skew, 3))
