"""Tells receivers what happens, by webhook: in order, at least once, each at his own pace.

Every receiver has a task and a place in the feed of his own, so that one who is slow or dead holds
up nobody else. His place moves when he has answered that he has it; after a lost answer, or our own
death before it is on record, he gets the same news once more, under the same webhook-id.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import structlog

from agent.runtime import metrics
from agent.runtime.alarms import Alarms
from agent.runtime.errors import EffectFailed, MessageRefused, ReceiverGone, StandDown
from agent.runtime.feed import Cursor, Event, Feed

LOOK_EVERY_S = 5.0
"""Subscriptions are made and removed by other processes too."""
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 15 * 60.0
GIVE_UP_S = 7 * 86400.0

log = structlog.get_logger()


class Subscription(msgspec.Struct, frozen=True):
    """A receiver, what he wants to hear (no kinds: everything), and how far he is told."""

    id: int
    url: str
    kinds: tuple[str, ...]
    secret: str
    told: Cursor


class SubscriptionStore(Protocol):
    """Who keeps the subscriptions. All raise EffectFailed; marking raises StandDown."""

    async def active(self) -> list[Subscription]:
        """Those who are to be told."""

    async def mark_told(self, subscription: int, cursor: Cursor, *, given: bool) -> None:
        """He has everything up to here; `given` when he was given something."""

    async def mark_failed(
        self, subscription: int, error: str, *, for_good: bool, give_up_s: float
    ) -> bool:
        """A try failed; answers whether he is told nothing any more."""


class Poster(Protocol):
    """Gives news to a receiver."""

    async def post(self, url: str, secret: str, webhook_id: str, body: bytes) -> None:
        """Return when he has it. Raises EffectFailed, MessageRefused, ReceiverGone."""


class WebhookWorker:
    """Tells all receivers; only the owner of the calls runs it.

    `may_send` is asked before each try and raises StandDown when the calls are no longer ours.
    """

    def __init__(
        self,
        store: SubscriptionStore,
        feed: Feed,
        poster: Poster,
        may_send: Callable[[], Awaitable[None]],
        *,
        first_pause_s: float = FIRST_PAUSE_S,
        look_every_s: float = LOOK_EVERY_S,
        give_up_s: float = GIVE_UP_S,
    ) -> None:
        self._store = store
        self._feed = feed
        self._poster = poster
        self._may_send = may_send
        self._first_pause_s = first_pause_s
        self._look_every_s = look_every_s
        self._give_up_s = give_up_s
        self._alarms = Alarms()

    async def run(self) -> None:
        """Tell until cancelled. Raises StandDown."""
        serving: dict[int, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    active = {one.id: one for one in await self._store.active()}
                except EffectFailed as error:
                    self._alarms.sound("subscriptions_not_read", reason=str(error)[:200])
                else:
                    for gone in [known for known in serving if known not in active]:
                        serving.pop(gone).cancel()
                    for id_, one in active.items():
                        if id_ not in serving or serving[id_].done():
                            serving[id_] = tasks.create_task(self._serve(one))
                await asyncio.sleep(self._look_every_s)

    async def _serve(self, subscription: Subscription) -> None:
        """Tell one receiver until he is disabled or removed; a mistake of ours costs no other."""
        try:
            await self._tell(subscription)
        except EffectFailed as error:
            self._alarms.sound("feed_not_read", reason=str(error)[:200])
        except StandDown:
            raise
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.filename}:{place.lineno}"
            kind = type(error).__name__
            log.error("webhook_not_sent", subscription=subscription.id, kind=kind, where=where)

    async def _tell(self, subscription: Subscription) -> None:
        after = subscription.told
        while True:
            page = await self._feed.read(after)
            for told in page.news:
                if not subscription.kinds or told.event.type in subscription.kinds:
                    if not await self._give(subscription, told.event):
                        return
                    await self._store.mark_told(subscription.id, told.cursor, given=True)
            after = page.cursor
            if page.more:
                # Else whoever wants little would read everything again after each restart.
                await self._store.mark_told(subscription.id, after, given=False)
            else:
                await self._feed.wait(after)

    async def _give(self, subscription: Subscription, event: Event) -> bool:
        """Try until he has it; False when he is given up. Raises StandDown, EffectFailed."""
        body, tries = msgspec.json.encode(event), 0
        while True:
            await self._may_send()
            try:
                await self._poster.post(subscription.url, subscription.secret, event.id, body)
                metrics.MESSAGES.labels("subscription", "accepted").inc()
                return True
            except (EffectFailed, MessageRefused) as error:
                reason, gone = f"{type(error).__name__}: {error}", isinstance(error, ReceiverGone)
            metrics.MESSAGES.labels("subscription", "failed").inc()
            if await self._store.mark_failed(
                subscription.id, reason, for_good=gone, give_up_s=self._give_up_s
            ):
                log.error("webhook_disabled", subscription=subscription.id, reason=reason)
                return False
            self._alarms.sound("webhook_not_accepted", subscription=subscription.id, reason=reason)
            await asyncio.sleep(min(LONGEST_PAUSE_S, self._first_pause_s * 2.0 ** min(tries, 30)))
            tries += 1
