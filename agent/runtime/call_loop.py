"""One call, strictly in order: decide, record, perform; each outcome comes back as an event."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import structlog

from agent.domain.call import decide
from agent.domain.call_state import Call, Stage
from agent.domain.consultation import judge
from agent.domain.details import is_detail
from agent.domain.effects import AnyEffect, SeekOperator
from agent.domain.events import (
    AnyEvent,
    CallAdopted,
    CallArrived,
    CallerAnswered,
    PromptFinished,
)
from agent.domain.identifiers import CallId
from agent.domain.rules import CallRules
from agent.domain.sop import Sop
from agent.runtime import clock, metrics
from agent.runtime.board import Board
from agent.runtime.doors import Arrival, Performer
from agent.runtime.errors import EffectFailed
from agent.runtime.floor_keeper import FloorKeeper
from agent.runtime.numbers import NumberPool
from agent.runtime.recorder import Record, Recorder, UnfinishedCall
from agent.runtime.wishes import Wishes

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
        self._wishes = Wishes(
            call_id,
            services.performer,
            services.numbers,
            services.floor,
            tell=self.tell,
            call=self._now,
            settled=self._wish_settled,
        )

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
                        self._wishes.go_on(tasks)
        finally:
            self._wishes.close()

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
        return self._wishes.pending

    @property
    def _over(self) -> bool:
        """Archived, and every wish fulfilled; timers that still run have nothing to say."""
        archived = self.call is not None and self.call.stage is Stage.ARCHIVED
        return archived and self._wishes.only_wait

    def _now(self) -> Call:
        assert self.call is not None
        return self.call

    def _wish_settled(self) -> None:
        if self._over:
            self._look_up()

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
        """Go on where the record ends."""
        if self.call is None:
            metrics.CALLS.labels(unfinished.call.stage).inc()
        self.call = unfinished.call
        offer = self.call.offer
        if offer and not offer.ended:
            self._services.floor.hold(self.call_id, offer.operator)
        self._wishes.resume(unfinished.pending, tasks)
        if self.call.stage is Stage.QUEUEING:
            # The floor lives in memory: the wish to wait there is fulfilled, but not for ever.
            self._wishes.begin(SeekOperator(tried=self.call.tried), tasks)

    async def _next(self, event: AnyEvent, tasks: asyncio.TaskGroup) -> None:
        metrics.EVENTS.labels(type(event).__name__).inc()
        metrics.EVENT_LAG.observe(max(0.0, (clock.now() - event.at).total_seconds()))
        if isinstance(event, PromptFinished):
            self._wishes.prompt_ended(event.playback)
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
        record = Record(
            self.call_id,
            decision.call.events,
            event,
            decision.call,
            (*self._wishes.pending, *decision.effects),
            detail=before is not None and is_detail(before, decision),
            epoch=self._services.epoch,
        )
        with metrics.RECORD_SECONDS.time():
            await self._services.recorder.record(record)
        self.call = decision.call
        self._services.board.change()
        self._note(before, decision.call)
        for effect in decision.effects:
            self._wishes.begin(effect, tasks)

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

    def _look_up(self) -> None:
        """Let the loop look up: what it waited for may have come."""
        metrics.INBOX.inc()
        self._inbox.put_nowait(None)
