"""The wishes of one call: begun once they are on record, pending until known to be fulfilled."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

import structlog

from agent.domain.call_state import Call
from agent.domain.effects import (
    AnyEffect,
    CancelTimer,
    ConnectLegs,
    PlayPrompt,
    ReleaseOperator,
    ReserveTicket,
    RingOperator,
    RingSupervisor,
    SeekOperator,
    StartTimer,
    StopSeeking,
)
from agent.domain.events import AnyEvent, EffectRefused, TicketReserved, TimerFired
from agent.domain.identifiers import CallId, ChannelId, PlaybackId
from agent.runtime import clock, metrics
from agent.runtime.doors import Performer
from agent.runtime.errors import EffectFailed, StandDown
from agent.runtime.floor_keeper import FloorKeeper
from agent.runtime.numbers import NumberPool
from agent.runtime.prompt_watch import PromptWatch

log = structlog.get_logger()


class Wishes:
    """Fulfils what a call wishes and tells it what came of it.

    `tell` takes an event of the call, `call` answers the call as it is now, and `settled` is asked
    for when a wish of a call that may be over was fulfilled.
    """

    def __init__(
        self,
        call_id: CallId,
        performer: Performer,
        numbers: NumberPool,
        floor: FloorKeeper,
        *,
        tell: Callable[[AnyEvent], None],
        call: Callable[[], Call],
        settled: Callable[[], None],
    ) -> None:
        self._call_id = call_id
        self._performer = performer
        self._numbers = numbers
        self._floor = floor
        self._tell = tell
        self._call = call
        self._settled = settled
        self._pending: list[AnyEffect] = []
        self._held_back: list[RingOperator | RingSupervisor] = []
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._prompts = PromptWatch(tell)
        self._lanes: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def pending(self) -> tuple[AnyEffect, ...]:
        """Those not known to be fulfilled."""
        return tuple(self._pending)

    @property
    def only_wait(self) -> bool:
        """Whether nothing but timers is left."""
        return all(isinstance(effect, StartTimer) for effect in self._pending)

    def begin(self, effect: AnyEffect, tasks: asyncio.TaskGroup) -> None:
        """Start a wish; those of the floor and of time are fulfilled at once."""
        match effect:
            case StartTimer():
                self._start_timer(effect)
            case CancelTimer():
                self._cancel_timer(effect.timer)
            case SeekOperator():
                call = self._call()
                self._floor.seek(self._call_id, (call.queued or call.arrived).at, effect.tried)
            case StopSeeking():
                self._floor.stop_seeking(self._call_id)
            case ReleaseOperator():
                wrap_up = timedelta(seconds=self._call().rules.wrap_up_seconds)
                self._floor.release(self._call_id, effect, wrap_up)
            case _:
                self._pending.append(effect)
                tasks.create_task(self._fulfil(effect))

    def resume(self, pending: tuple[AnyEffect, ...], tasks: asyncio.TaskGroup) -> None:
        """Begin those of another process's life; repeats are recognised by their ids.

        Whether a telephone is still to ring is known only when all that happened was told:
        `go_on`. Who waits for an operator is told to the floor by the call itself.
        """
        self._pending, self._held_back = [], []
        for effect in pending:
            if isinstance(effect, RingOperator | RingSupervisor):
                self._pending.append(effect)
                self._held_back.append(effect)
            elif not isinstance(effect, SeekOperator):
                self.begin(effect, tasks)

    def go_on(self, tasks: asyncio.TaskGroup) -> None:
        """A telephone that rang while nobody listened, and whose leg is over, rings no second time.

        Its id is free again, so that the exchange itself would not know the repeat for one.
        """
        held_back, self._held_back = self._held_back, []
        for effect in held_back:
            self._pending.remove(effect)
            if _is_awaited(self._call(), effect.channel):
                self.begin(effect, tasks)

    def prompt_ended(self, playback: PlaybackId) -> None:
        """Its end was told, so that it is not missed."""
        self._prompts.ended(playback)

    def close(self) -> None:
        """Nothing more happens by itself."""
        for timer in self._timers.values():
            timer.cancel()
        self._prompts.close()

    def _start_timer(self, effect: StartTimer) -> None:
        self._cancel_timer(effect.timer)
        self._pending.append(effect)

        def fire() -> None:
            self._pending.remove(effect)
            self._tell(TimerFired(at=clock.now(), timer=effect.timer))

        loop = asyncio.get_running_loop()
        self._timers[effect.timer] = loop.call_later(effect.seconds, fire)

    def _cancel_timer(self, name: str) -> None:
        if name in self._timers:
            self._timers.pop(name).cancel()
        self._pending = [
            e for e in self._pending if not (isinstance(e, StartTimer) and e.timer == name)
        ]

    async def _fulfil(self, effect: AnyEffect) -> None:
        """Perform one wish in its lane: commands to one channel never overtake each other."""
        name = type(effect).__name__
        try:
            async with self._lanes[_lane(effect)]:
                with metrics.EFFECT_SECONDS.labels(name).time():
                    await self._perform(effect)
        except EffectFailed as error:
            log.info("effect_refused", call=self._call_id, effect=name, reason=str(error))
            self._refuse(effect, str(error))
        except StandDown:
            raise
        except Exception as error:
            # One wish that our own mistake cannot fulfil must not cost the call its others.
            log.exception("effect_broken", call=self._call_id, effect=name)
            self._refuse(effect, type(error).__name__)
        # Not in a finally: a wish that is cut off stays pending, and is performed on a resumption.
        self._pending.remove(effect)
        self._settled()

    async def _perform(self, effect: AnyEffect) -> None:
        if isinstance(effect, ReserveTicket):
            at = clock.now()
            ticket = await self._numbers.ticket_number(self._call_id, at)
            self._tell(TicketReserved(at=at, ticket_number=ticket))
            return
        performed = await self._performer.perform(self._call(), effect)
        if performed.event:
            self._tell(performed.event)
        if isinstance(effect, PlayPrompt) and performed.prompt_length is not None:
            self._prompts.expect(effect, performed.prompt_length)

    def _refuse(self, effect: AnyEffect, reason: str) -> None:
        name, target = type(effect).__name__, _target(effect)
        metrics.EFFECTS_REFUSED.labels(name).inc()
        self._tell(EffectRefused(at=clock.now(), effect=name, target=target, reason=reason))


def _is_awaited(call: Call, leg: ChannelId) -> bool:
    """Whether a telephone is to ring, and nobody has come to it yet."""
    offer, session = call.offer, call.supervision
    if offer and offer.channel == leg:
        return not (offer.answered or offer.ended)
    return session is not None and session.channel == leg and not session.joined


def _target(effect: AnyEffect) -> str:
    """What the wish is about, most particular first."""
    for name in ("playback", "bridge", "channel"):
        if hasattr(effect, name):
            return str(getattr(effect, name))
    return ""


def _lane(effect: AnyEffect) -> str:
    """Legs are connected in the caller's lane, after the prompts there were stopped."""
    if isinstance(effect, ConnectLegs):
        return effect.caller
    return str(getattr(effect, "channel", "")) or _target(effect)
