"""Compares what we believe with what exists: ends and answers nobody reported, legs nobody owns.

Nothing is done at first sight, because a report may be on its way: only what two looks in a row
have shown is acted on.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

import structlog
from msgspec.structs import replace

from agent.domain.call_state import Call, Stage
from agent.domain.consultation import RECONCILED
from agent.domain.effects import PlayPrompt, RingOperator, RingSupervisor
from agent.domain.events import (
    LegHungUp,
    OperatorLegReady,
    PromptFinished,
    SupervisorJoined,
    SupervisorLeft,
)
from agent.domain.identifiers import BridgeId, ChannelId, PlaybackId
from agent.runtime import clock, metrics
from agent.runtime.call_loop import CallLoop
from agent.runtime.dispatcher import Dispatcher, call_of, is_supervisor
from agent.runtime.doors import Arrival, Exchange, Living
from agent.runtime.errors import EffectFailed
from agent.runtime.ledger import LOST_WITH_THE_EXCHANGE

AGAIN_S = 0.5
"""Between the two looks after a reconnection; a report on its way takes milliseconds."""

log = structlog.get_logger()


class Reconciler:
    """Looks every few seconds and after every reconnection."""

    def __init__(self, exchange: Exchange, dispatcher: Dispatcher) -> None:
        self._exchange = exchange
        self._dispatcher = dispatcher
        self._missing: set[ChannelId] = set()
        self._unowned: set[ChannelId] = set()
        self._picked_up: set[ChannelId] = set()
        self._idle_bridges: set[BridgeId] = set()
        self._playing: set[PlaybackId] = set()
        self._reconnected = asyncio.Event()
        self._started_at: datetime | None = None
        self._died_at = datetime.min.replace(tzinfo=UTC)

    def connected(self, at: datetime, lost_at: datetime | None) -> None:
        """When the exchange that is heard again began, and when it or the one before was lost.

        Every leg from before its beginning died with the one before. What was missed is learnt now
        and not at the next turn: two looks soon.
        """
        if at != self._started_at:
            self._started_at = at
            self._died_at = min(lost_at or at, at)
        self._reconnected.set()

    async def run(self, every_s: float = 2.0) -> None:
        """Look for ever; an exchange that does not answer is looked at again."""
        while True:
            pause_s = AGAIN_S if self._reconnected.is_set() else every_s
            self._reconnected.clear()
            try:
                await self.look()
            except EffectFailed as error:
                log.warning("not_reconciled", reason=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._reconnected.wait(), pause_s)

    async def take_over(self) -> None:
        """Right after another owner: his reports are not on their way to us, two looks are one."""
        try:
            await self.look()
            await self.look()
        except EffectFailed as error:
            log.warning("not_reconciled", reason=str(error))

    async def look(self) -> None:
        """One look. Raises EffectFailed."""
        await self._exchange.fetch_callers(self._dispatcher.knows)
        living = await self._exchange.living()
        self._close_missing(living)
        self._connect_picked_up(living)
        await self._end_unheard()
        await self._own_unowned(living)
        await self._sweep_bridges(living)

    def _close_missing(self, living: Living) -> None:
        believed = {leg: call for loop in self._dispatcher.calls for leg, call in _legs(loop)}
        missing = {leg: c for leg, c in believed.items() if leg not in living.channels}
        for leg, call in missing.items():
            if self._started_at and call.arrived.at < self._started_at:
                self._close(leg, max(self._died_at, call.last_known), LOST_WITH_THE_EXCHANGE)
            elif leg in self._missing:
                self._close(leg, clock.now(), RECONCILED)
        self._missing = set(missing)

    def _close(self, leg: ChannelId, at: datetime, source: str) -> None:
        metrics.EVENTS_IGNORED.labels("hang_up_missed").inc()
        log.warning("hang_up_missed", channel=leg, source=source)
        gone = SupervisorLeft if is_supervisor(leg) else LegHungUp
        self._dispatcher.tell(leg, gone(at=at, source=source, channel=leg))

    def _connect_picked_up(self, living: Living) -> None:
        """Who answered for a call when nobody listened must not wait in silence and be let go."""
        calls = [loop.call for loop in self._dispatcher.calls if loop.call]
        offers = [call.offer for call in calls]
        awaited = {offer.channel for offer in offers if offer and not (offer.ready or offer.ended)}
        sessions = [call.supervision for call in calls]
        awaited |= {session.channel for session in sessions if session and not session.joined}
        known, self._picked_up = self._picked_up, awaited & living.answered
        for leg in self._picked_up & known:
            metrics.EVENTS_IGNORED.labels("answer_missed").inc()
            log.warning("answer_missed", channel=leg)
            there = SupervisorJoined if is_supervisor(leg) else OperatorLegReady
            self._dispatcher.tell(leg, there(at=clock.now(), source=RECONCILED, channel=leg))

    async def _end_unheard(self) -> None:
        """A prompt whose end was told while we were away must not keep a caller in silence."""
        playing = {p for loop in self._dispatcher.calls for p in _playing(loop)}
        known, self._playing = self._playing, playing
        for playback in playing & known:
            with self._one_must_not_cost_the_others():
                if not await self._exchange.is_playing(playback):
                    metrics.EVENTS_IGNORED.labels("prompt_end_missed").inc()
                    log.warning("prompt_end_missed", playback=playback)
                    ended = PromptFinished(
                        at=clock.now(), source=RECONCILED, playback=playback, result="overdue"
                    )
                    self._dispatcher.tell(playback, ended)

    async def _own_unowned(self, living: Living) -> None:
        unowned = {c for c in living.in_our_care if not self._dispatcher.knows(c)}
        known, self._unowned = self._unowned, unowned
        # Callers first: an operator's leg may belong to the call that is taken up with one.
        for channel in sorted(unowned & known, key=lambda c: call_of(c) is not None):
            with self._one_must_not_cost_the_others():
                if call_of(channel):
                    await self._end_unowned(channel)
                elif arrival := await self._exchange.arrival_of(channel):
                    await self._own(arrival, living)

    async def _end_unowned(self, leg: ChannelId) -> None:
        if not self._dispatcher.knows(leg):
            log.warning("leg_without_call", channel=leg)
            await self._exchange.hang_up(leg)

    async def _own(self, arrival: Arrival, living: Living) -> None:
        if arrival.call_id in self._dispatcher.failed:
            log.error("caller_sent_to_fallback", channel=arrival.channel)
            await self._exchange.send_to_fallback(arrival)
        elif arrival.call_id in self._dispatcher.over:
            await self._end_unowned(arrival.channel)
        else:
            log.warning("arrival_missed", channel=arrival.channel)
            marks = arrival.marked
            if marks and marks.leg not in living.channels:
                marks = replace(marks, operator=None, leg=None)
            self._dispatcher.arrived(replace(arrival, marked=marks))

    async def _sweep_bridges(self, living: Living) -> None:
        idle = {b for b in living.empty_bridges if call_of(b) and not self._known(b)}
        known, self._idle_bridges = self._idle_bridges, idle
        for bridge in idle & known:
            with self._one_must_not_cost_the_others():
                log.warning("bridge_left_over", bridge=bridge)
                await self._exchange.remove_bridge(bridge)

    @contextlib.contextmanager
    def _one_must_not_cost_the_others(self) -> Iterator[None]:
        try:
            yield
        except EffectFailed as error:
            log.warning("not_reconciled", reason=str(error))

    def _known(self, bridge: BridgeId) -> bool:
        return self._dispatcher.knows(ChannelId(bridge))


def _legs(loop: CallLoop) -> list[tuple[ChannelId, Call]]:
    """Legs that the record believes to be alive, but those that are only being asked for."""
    call = loop.call
    if call is None or call.stage in (Stage.ENDED, Stage.ARCHIVED):
        return []
    legs = [] if call.caller_gone else [call.channel]
    if call.offer and not call.offer.ended:
        legs.append(call.offer.channel)
    if call.supervision:
        legs.append(call.supervision.channel)
    rung = (effect for effect in loop.pending if isinstance(effect, RingOperator | RingSupervisor))
    asked = {effect.channel for effect in rung}
    return [(leg, call) for leg in legs if leg not in asked]


def _playing(loop: CallLoop) -> list[PlaybackId]:
    """Prompts that the exchange was asked to play and whose end is not on record."""
    call = loop.call
    if call is None or call.stage in (Stage.ENDED, Stage.ARCHIVED):
        return []
    asked = {effect.playback for effect in loop.pending if isinstance(effect, PlayPrompt)}
    return [p.playback for p in call.playbacks if not p.finished and p.playback not in asked]
