"""One call, strictly in order: decide, record, perform; each outcome comes back as an event."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import structlog

from agent.domain.call import decide
from agent.domain.call_state import Call, Stage
from agent.domain.consultation import judge
from agent.domain.details import is_detail
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
from agent.domain.events import (
    AnyEvent,
    CallAdopted,
    CallArrived,
    CallerAnswered,
    EffectRefused,
    PromptFinished,
    TicketReserved,
    TimerFired,
)
from agent.domain.identifiers import CallId, ChannelId
from agent.domain.rules import CallRules
from agent.domain.sop import Sop
from agent.runtime import clock, metrics
from agent.runtime.board import Board
from agent.runtime.doors import Arrival, Performer
from agent.runtime.errors import EffectFailed, StandDown
from agent.runtime.floor_keeper import FloorKeeper
from agent.runtime.numbers import NumberPool
from agent.runtime.prompt_watch import PromptWatch
from agent.runtime.recorder import Record, Recorder, UnfinishedCall

RECORDED_WITHIN_S = 10.0
NUMBER_PATIENCE_S = 2.0
"""How long a caller waits for a form number; hours without a database use up those at hand."""

log = structlog.get_logger()


@dataclass(frozen=True)
class CallServices:
    """What every call needs."""

    recorder: Recorder
    performer: Performer
    numbers: NumberPool
    floor: FloorKeeper
    rules: CallRules
    sops: dict[str, Sop]
    epoch: int = 0
    board: Board = field(default_factory=Board)


class CallLoop:
    """The life of one call in this process."""

    def __init__(self, call_id: CallId, services: CallServices) -> None:
        self.call_id = call_id
        self.call: Call | None = None
        self._services = services
        self._inbox: asyncio.Queue[AnyEvent | None] = asyncio.Queue()
        self._awaited: dict[int, asyncio.Future[Call]] = {}
        self.writing = asyncio.Lock()
        """Held by who writes on the form: each change is made on what the one before left."""
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._prompts = PromptWatch(self.tell)
        self._pending: list[AnyEffect] = []
        self._held_back: list[RingOperator | RingSupervisor] = []
        self._lanes: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def tell(self, event: AnyEvent) -> None:
        """Give the call an event; never blocks."""
        metrics.INBOX.inc()
        self._inbox.put_nowait(event)

    async def record(self, event: AnyEvent) -> Call:
        """Give the call an event and return when it is durable, with the call after it.

        Raises EffectFailed when it was not recorded in time, or the call was over before.
        """
        recorded: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        self._awaited[id(event)] = recorded
        self.tell(event)
        try:
            async with asyncio.timeout(RECORDED_WITHIN_S):
                return await recorded
        except TimeoutError as error:
            raise EffectFailed("the event was not recorded in time") from error
        finally:
            self._awaited.pop(id(event), None)

    async def run(self, start: Arrival | UnfinishedCall) -> None:
        """Live until the form is archived and nothing is left to do."""
        try:
            async with asyncio.TaskGroup() as tasks:
                if isinstance(start, Arrival):
                    await self._arrive(start, tasks)
                else:
                    self._resume(start, tasks)
                while not self._over:
                    event = await self._inbox.get()
                    metrics.INBOX.dec()
                    if event:
                        await self._next(event, tasks)
                    else:
                        self._go_on(tasks)
        finally:
            for timer in self._timers.values():
                timer.cancel()
            self._prompts.close()

    def go_on(self) -> None:
        """All that happened while nobody listened has been told: what is still wished is done."""
        self._look_up()

    def close(self) -> None:
        """It will not be run again: what counts calls and events counts it no more."""
        metrics.INBOX.dec(self._inbox.qsize())
        self._services.board.change()
        if self.call and self.call.stage is not Stage.ARCHIVED:
            metrics.CALLS.labels(self.call.stage).dec()
        for awaited in self._awaited.values():
            if not awaited.done():
                awaited.set_exception(EffectFailed("the call was over before"))

    @property
    def pending(self) -> tuple[AnyEffect, ...]:
        """Wishes not known to be fulfilled."""
        return tuple(self._pending)

    @property
    def _over(self) -> bool:
        """Archived, and every wish fulfilled; timers that still run have nothing to say."""
        archived = self.call is not None and self.call.stage is Stage.ARCHIVED
        return archived and all(isinstance(effect, StartTimer) for effect in self._pending)

    async def _arrive(self, arrival: Arrival, tasks: asyncio.TaskGroup) -> None:
        marks = arrival.marked
        common: dict[str, Any] = {
            "at": arrival.at,
            "source": arrival.source,
            "call_id": arrival.call_id,
            "channel": arrival.channel,
            "caller": arrival.caller,
            "line": arrival.line,
            "rules": self._services.rules,
        }
        begun: AnyEvent
        if marks:
            begun = CallAdopted(
                form_number=await self._form_number(arrival),
                operator=marks.operator,
                operator_channel=marks.leg,
                **common,
            )
        else:
            begun = CallArrived(
                form_number=await self._form_number(arrival),
                by_exchange=arrival.by_exchange,
                **common,
            )
        await self._decide(begun, tasks)
        metrics.ENTRY_SECONDS.observe(max(0.0, (clock.now() - arrival.at).total_seconds()))
        if arrival.answered:
            self.tell(CallerAnswered(at=arrival.at, source=arrival.source, channel=arrival.channel))

    async def _form_number(self, arrival: Arrival) -> str:
        """Raises EffectFailed: a caller without a number is not kept waiting in silence.

        The dialplan's fallback brings him to an operator, and his form has its number later. Who
        talks already, or was the exchange's alone, waits for nobody.
        """
        numbers = self._services.numbers
        waits = not (arrival.marked or arrival.by_exchange)
        try:
            async with asyncio.timeout(NUMBER_PATIENCE_S if waits else None):
                while True:
                    try:
                        if arrival.marked:
                            known = arrival.marked.form_number
                            return await numbers.adopted_form_number(known, arrival.at)
                        return await numbers.form_number(arrival.at)
                    except EffectFailed as error:
                        log.error("form_number_missing", call=self.call_id, reason=str(error))
                        await asyncio.sleep(0.5)
        except TimeoutError as error:
            raise EffectFailed("no form number could be had in time") from error

    def _resume(self, unfinished: UnfinishedCall, tasks: asyncio.TaskGroup) -> None:
        """Go on where the record ends; repeated wishes are recognised by their ids."""
        if self.call is None:
            metrics.CALLS.labels(unfinished.call.stage).inc()
        self.call = unfinished.call
        offer = self.call.offer
        if offer and not offer.ended:
            self._services.floor.hold(self.call_id, offer.operator)
        self._pending, self._held_back = [], []
        if self.call.stage is Stage.QUEUEING:
            # The floor lives in memory: the wish to wait there is fulfilled, but not for ever.
            self._begin(SeekOperator(tried=self.call.tried), tasks)
        for effect in unfinished.pending:
            if isinstance(effect, RingOperator | RingSupervisor):
                self._pending.append(effect)
                self._held_back.append(effect)
            elif not isinstance(effect, SeekOperator):
                self._begin(effect, tasks)

    def _go_on(self, tasks: asyncio.TaskGroup) -> None:
        """A telephone that rang while nobody listened, and whose leg is over, rings no second time.

        Its id is free again, so that the exchange itself would not know the repeat for one.
        """
        held_back, self._held_back = self._held_back, []
        for effect in held_back:
            self._pending.remove(effect)
            if self.call and _is_awaited(self.call, effect.channel):
                self._begin(effect, tasks)

    async def _next(self, event: AnyEvent, tasks: asyncio.TaskGroup) -> None:
        metrics.EVENTS.labels(type(event).__name__).inc()
        metrics.EVENT_LAG.observe(max(0.0, (clock.now() - event.at).total_seconds()))
        if isinstance(event, PromptFinished):
            self._prompts.ended(event.playback)
        await self._decide(event, tasks)
        awaited = self._awaited.get(id(event))
        if awaited and not awaited.done() and self.call:
            awaited.set_result(self.call)

    async def _decide(self, event: AnyEvent, tasks: asyncio.TaskGroup) -> None:
        before = self.call
        try:
            decision = decide(before, event)
        except Exception:
            # A call goes on without the one event that our own mistake cannot digest.
            metrics.EVENTS_IGNORED.labels("undecidable").inc()
            log.exception("event_undecidable", call=self.call_id, kind=type(event).__name__)
            return
        if decision.call is before and not decision.effects:
            return
        pending = [*self._pending, *decision.effects]
        record = Record(
            self.call_id,
            decision.call.events,
            event,
            decision.call,
            tuple(pending),
            detail=before is not None and is_detail(before, decision),
            epoch=self._services.epoch,
        )
        with metrics.RECORD_SECONDS.time():
            await self._services.recorder.record(record)
        self.call = decision.call
        self._services.board.change()
        self._note(before, decision.call)
        for effect in decision.effects:
            self._begin(effect, tasks)

    def _note(self, before: Call | None, after: Call) -> None:
        if before and before.stage == after.stage:
            return
        metrics.CALLS.labels(after.stage).inc()
        if before:
            metrics.CALLS.labels(before.stage).dec()
        log.info("call_stage", call=self.call_id, stage=after.stage, events=after.events)
        if after.stage is Stage.ARCHIVED:
            metrics.CALLS.labels(after.stage).dec()
            self._note_result(after)

    def _note_result(self, call: Call) -> None:
        sop = self._services.sops.get(call.rules.sop)
        if sop is None:
            return
        judgement = judge(call, sop)
        metrics.OUTCOMES.labels(judgement.outcome).inc()
        for step in judgement.steps:
            if step.seconds is not None:
                metrics.STEP_SECONDS.labels(step.step).observe(step.seconds)
        for deviation in judgement.deviations:
            metrics.DEVIATIONS.labels(deviation.kind, deviation.step).inc()

    def _begin(self, effect: AnyEffect, tasks: asyncio.TaskGroup) -> None:
        """Start a wish; those of the floor and of time are fulfilled at once."""
        assert self.call is not None
        floor = self._services.floor
        match effect:
            case StartTimer():
                self._start_timer(effect)
            case CancelTimer():
                self._cancel_timer(effect.timer)
            case SeekOperator():
                since = self.call.queued or self.call.arrived
                floor.seek(self.call_id, since.at, effect.tried)
            case StopSeeking():
                floor.stop_seeking(self.call_id)
            case ReleaseOperator():
                floor.release(self.call_id, effect)
            case _:
                self._pending.append(effect)
                tasks.create_task(self._fulfil(effect))

    def _start_timer(self, effect: StartTimer) -> None:
        self._cancel_timer(effect.timer)
        self._pending.append(effect)

        def fire() -> None:
            self._pending.remove(effect)
            self.tell(TimerFired(at=clock.now(), timer=effect.timer))

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
        assert self.call is not None
        try:
            async with self._lanes[_lane(effect)]:
                with metrics.EFFECT_SECONDS.labels(name).time():
                    await self._perform(effect, self.call)
        except EffectFailed as error:
            log.info("effect_refused", call=self.call_id, effect=name, reason=str(error))
            self._refuse(effect, str(error))
        except StandDown:
            raise
        except Exception as error:
            # One wish that our own mistake cannot fulfil must not cost the call its others.
            log.exception("effect_broken", call=self.call_id, effect=name)
            self._refuse(effect, type(error).__name__)
        # Not in a finally: a wish that is cut off stays pending, and is performed on a resumption.
        self._pending.remove(effect)
        if self._over:
            self._look_up()

    def _refuse(self, effect: AnyEffect, reason: str) -> None:
        name, target = type(effect).__name__, _target(effect)
        metrics.EFFECTS_REFUSED.labels(name).inc()
        self.tell(EffectRefused(at=clock.now(), effect=name, target=target, reason=reason))

    def _look_up(self) -> None:
        """Let the loop look up: what it waited for may have come."""
        metrics.INBOX.inc()
        self._inbox.put_nowait(None)

    async def _perform(self, effect: AnyEffect, call: Call) -> None:
        if isinstance(effect, ReserveTicket):
            at = clock.now()
            ticket = await self._services.numbers.ticket_number(self.call_id, at)
            self.tell(TicketReserved(at=at, ticket_number=ticket))
            return
        performed = await self._services.performer.perform(call, effect)
        if performed.event:
            self.tell(performed.event)
        if isinstance(effect, PlayPrompt) and performed.prompt_length is not None:
            self._prompts.expect(effect, performed.prompt_length)


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
