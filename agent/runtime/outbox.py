"""What leaves the office by message: kept until its receiver has accepted it, never put twice.

A message is claimed, sent, and marked as accepted as soon as its receiver says that he has it. Each
way (an e-mail to callers, one to the next level, a webhook, Request Tracker) has a task of its own,
so a receiver who is down holds up nobody else.

Nothing is lost: what nobody accepted is due again, later each time. Nothing is sent twice by us but
in one case that nobody can rule out: the receiver has accepted a message, and his answer is lost,
or we are before it is on record. Then it goes out once more, and is made to be recognised: an
e-mail under the same Message-ID (readers may show it twice all the same), a webhook under the same
webhook-id, and Request Tracker is asked for the ticket before one is made.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Literal, Protocol

import msgspec
import structlog

from agent.domain.identifiers import CallId
from agent.runtime import clock, metrics
from agent.runtime.alarms import Alarms
from agent.runtime.errors import (
    EffectFailed,
    MessageDeferred,
    MessageRefused,
    ReceiverAway,
    StandDown,
)

Way = Literal["caller_email", "level_email", "webhook", "request_tracker"]
Matter = Literal["ticket_opened", "question_asked", "ticket_solved", "ticket_reopened"]

SEND_S = 30.0
"""For one try; a claim lasts twice as long (agent/database/outbox.py)."""
LOOK_EVERY_S = 5.0
"""Commands of people put messages too, from processes that cannot nudge this one."""
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 15 * 60.0
LONGEST_REST_S = 60.0
"""Of a way whose receiver is away: it is found back within so long, and all that waits is due."""
GIVE_UP_S = 7 * 86400.0

log = structlog.get_logger()


class OutboxMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one receiver.

    `key` is unique for ever (`26-00412-0/ticket_opened/caller_email`): putting a known key again
    does nothing. `facts` are what its text needs; an address of a receiver stands under `to`.
    """

    key: str
    way: Way
    matter: Matter
    call_id: CallId
    ticket_number: str
    facts: dict[str, str]


class Claimed(msgspec.Struct, frozen=True):
    """A message that is ours to send now; `tries` counts this one."""

    message: OutboxMessage
    put_at: datetime
    tries: int


class Sender(Protocol):
    """Gives messages of one way to their receiver."""

    async def send(self, message: OutboxMessage, put_at: datetime) -> str:
        """Return when the receiver has accepted it; the answer is his own name for it.

        Raises ReceiverAway, MessageDeferred, MessageRefused; their words hold nothing personal.
        """


class OutboxStore(Protocol):
    """Who keeps the messages. All raise EffectFailed; claiming raises StandDown."""

    async def claim(self, way: Way) -> Claimed | None:
        """The message of this way that is due longest; None when none is."""

    async def mark_accepted(self, key: str, at: datetime, accepted_as: str) -> None:
        """Its receiver has it."""

    async def mark_failed(
        self, claimed: Claimed, error: str, pause_s: float, *, for_good: bool, give_up_s: float
    ) -> bool:
        """Set its next try; answers whether it is given up instead."""

    async def hasten(self, way: Way) -> None:
        """All that waits for its next try by this way is due now."""

    async def due_in(self, way: Way) -> float | None:
        """Seconds until this way has something to do; None when nothing waits."""

    async def not_told(self) -> list[tuple[OutboxMessage, datetime]]:
        """Accepted messages of opened tickets that their calls have not heard of, and when."""


class OutboxWorker:
    """Sends what is due by the ways that have a sender; only the owner of the calls runs it.

    `may_send` is asked before each try and raises StandDown when the calls are no longer ours.
    `accepted` is told of every message once its acceptance is durable; after a restart again of
    those whose call has not heard of it, so whoever listens must bear a repeat.
    """

    def __init__(
        self,
        store: OutboxStore,
        senders: Mapping[Way, Sender],
        may_send: Callable[[], Awaitable[None]],
        accepted: Callable[[OutboxMessage, datetime], None],
        *,
        first_pause_s: float = FIRST_PAUSE_S,
        send_s: float = SEND_S,
        give_up_s: float = GIVE_UP_S,
    ) -> None:
        self._store = store
        self._senders = senders
        self._may_send = may_send
        self._accepted = accepted
        self._first_pause_s = first_pause_s
        self._send_s = send_s
        self._give_up_s = give_up_s
        self._nudged = {way: asyncio.Event() for way in senders}
        self._alarms = Alarms()

    def nudge(self) -> None:
        """Something was put: look now."""
        for event in self._nudged.values():
            event.set()

    async def run(self) -> None:
        """Send until cancelled. Raises StandDown."""
        await self._tell_again()
        async with asyncio.TaskGroup() as tasks:
            for way in self._senders:
                tasks.create_task(self._run_way(way))

    async def _tell_again(self) -> None:
        while True:
            try:
                for message, at in await self._store.not_told():
                    self._accepted(message, at)
                return
            except EffectFailed as error:
                self._alarms.sound("outbox_not_read", reason=str(error))
            await asyncio.sleep(self._first_pause_s)

    async def _run_way(self, way: Way) -> None:
        failures = 0
        """How often the receiver was away since he accepted anything."""
        while True:
            self._nudged[way].clear()
            try:
                claimed = await self._store.claim(way)
                if claimed is None:
                    await self._until_due(way)
                    continue
                away = await self._try(claimed)
                if away:
                    failures += 1
                    await asyncio.sleep(self._pause_s(failures, LONGEST_REST_S))
                elif failures:
                    failures = 0
                    await self._store.hasten(way)
            except EffectFailed as error:
                self._alarms.sound("outbox_not_read", way=way, reason=str(error))
                await asyncio.sleep(self._first_pause_s)

    async def _until_due(self, way: Way) -> None:
        due_s = await self._store.due_in(way)
        wait_s = LOOK_EVERY_S if due_s is None else max(0.01, min(due_s, LOOK_EVERY_S))
        try:
            async with asyncio.timeout(wait_s):
                await self._nudged[way].wait()
        except TimeoutError:
            pass

    async def _try(self, claimed: Claimed) -> bool:
        """One try; answers whether the receiver is away. Raises StandDown, EffectFailed."""
        message = claimed.message
        try:
            await self._may_send()
            async with asyncio.timeout(self._send_s):
                accepted_as = await self._senders[message.way].send(message, claimed.put_at)
        except TimeoutError:
            return await self._failed(claimed, ReceiverAway("It did not answer in time."))
        except (EffectFailed, MessageRefused) as error:
            return await self._failed(claimed, error)
        except StandDown:
            raise
        except Exception as error:  # a mistake of ours in one message must not end anybody's call
            # Where, and not the error's own words: they may quote what a caller told.
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.filename}:{place.lineno}"
            log.error("message_not_sent", key=message.key, kind=type(error).__name__, where=where)
            return await self._failed(claimed, MessageDeferred(type(error).__name__))
        at = clock.now()
        await self._make_durable(claimed, at, accepted_as)
        metrics.MESSAGES.labels(message.way, "accepted").inc()
        log.info("message_accepted", key=message.key, tries=claimed.tries)
        self._accepted(message, at)
        return False

    async def _make_durable(self, claimed: Claimed, at: datetime, accepted_as: str) -> None:
        """It is never sent again by us, however long the database is away."""
        while True:
            try:
                await self._store.mark_accepted(claimed.message.key, at, accepted_as)
                return
            except EffectFailed as error:
                self._alarms.sound("acceptance_not_recorded", reason=str(error))
            await asyncio.sleep(min(1.0, self._first_pause_s))

    async def _failed(self, claimed: Claimed, error: Exception) -> bool:
        message, reason = claimed.message, f"{type(error).__name__}: {error}"
        given_up = await self._store.mark_failed(
            claimed,
            reason,
            self._pause_s(claimed.tries, LONGEST_PAUSE_S),
            for_good=isinstance(error, MessageRefused),
            give_up_s=self._give_up_s,
        )
        metrics.MESSAGES.labels(message.way, "given_up" if given_up else "failed").inc()
        if given_up:
            log.error("message_given_up", key=message.key, tries=claimed.tries, reason=reason)
        else:
            self._alarms.sound(f"{message.way}_not_accepted", key=message.key, reason=reason)
        return isinstance(error, ReceiverAway)

    def _pause_s(self, times: int, longest_s: float) -> float:
        """Twice as long each time; no power of two outgrows a float here."""
        return min(longest_s, self._first_pause_s * 2.0 ** min(times - 1, 30))
