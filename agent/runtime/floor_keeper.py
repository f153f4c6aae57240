"""Keeps the floor: who waits, who is free, and tells each call which operator it is offered."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec
import structlog
from msgspec.structs import replace

from agent.domain import floor as floors
from agent.domain.effects import ReleaseOperator
from agent.domain.events import NumberPair, OperatorOffered
from agent.domain.floor import NO_WRAP_UP, Floor, OperatorState, Waiting
from agent.domain.identifiers import CallId, OperatorId
from agent.domain.presence import PauseReasons
from agent.runtime import clock, metrics
from agent.runtime.doors import Exchange
from agent.runtime.errors import EffectFailed, OperatorNotOnDuty
from agent.runtime.presence_record import PresenceRecord
from agent.runtime.recorder import OperatorAccount, PresenceEntry, Recorder

log = structlog.get_logger()


NO_PAUSES = PauseReasons(version="", reasons=())


class SupervisorPhone(msgspec.Struct, frozen=True):
    """A supervisor, and whether his telephone can be rung now."""

    name: str
    reachable: bool


class FloorKeeper:
    """The only writer of the floor; every change is followed by matching callers and operators."""

    def __init__(
        self,
        recorder: Recorder,
        exchange: Exchange,
        offer: Callable[[CallId, OperatorOffered], None],
        reasons: PauseReasons = NO_PAUSES,
    ) -> None:
        self._recorder = recorder
        self._exchange = exchange
        self._offer = offer
        self._reasons = reasons
        self._presences = PresenceRecord(recorder)
        self._floor = Floor()
        self._accounts: list[OperatorAccount] | None = None
        self._held: dict[OperatorId, CallId] = {}
        """Known from records after a restart, before the roster was read."""
        self._published: list[tuple[str, str]] | None = None
        self.on_change: Callable[[], None] | None = None
        """Called at each change of the floor."""
        self._reachable: set[OperatorId] = set()
        self._away = False
        """While the exchange does not answer nobody is offered: each offer would fail at once."""

    @property
    def floor(self) -> Floor:
        """The floor as it is now."""
        return self._floor

    @property
    def reasons(self) -> PauseReasons:
        """Why operators may be paused."""
        return self._reasons

    @property
    def supervisors(self) -> dict[OperatorId, SupervisorPhone]:
        """Who may be brought into others' conversations, and by which telephone."""
        accounts = [a for a in self._accounts or [] if a.supervises]
        return {
            (account := OperatorId(a.account)): SupervisorPhone(a.name, account in self._reachable)
            for a in accounts
        }

    def seek(self, call_id: CallId, since: datetime, tried: tuple[OperatorId, ...]) -> None:
        """A call waits for an operator."""
        self._change(floors.seek(self._floor, Waiting(call_id, since, tried)))

    def stop_seeking(self, call_id: CallId) -> None:
        """A call waits no more."""
        self._change(floors.stop_seeking(self._floor, call_id))

    def release(
        self, call_id: CallId, effect: ReleaseOperator, wrap_up: timedelta = NO_WRAP_UP
    ) -> None:
        """A call gives its operator back, who has so much time to finish with it."""
        numbers = (
            NumberPair(effect.form_number, effect.ticket_number) if effect.form_number else None
        )
        if self._held.get(effect.operator) == call_id:
            del self._held[effect.operator]
        floor = floors.release(
            self._floor,
            call_id,
            effect.operator,
            clock.now(),
            numbers,
            answered=effect.answered,
            missed=effect.missed,
            wrap_up=wrap_up,
        )
        self._change(floor)

    def hold(self, call_id: CallId, operator: OperatorId) -> None:
        """A call from before a restart still has this operator, on the roster or not yet."""
        if operator not in self._floor.operators:
            self._held[operator] = call_id
        self._change(floors.hold(self._floor, call_id, operator))

    def forget(self, call_id: CallId) -> None:
        """The call is over: whatever it still held is free."""
        self._held = {o: held_by for o, held_by in self._held.items() if held_by != call_id}
        floor = floors.stop_seeking(self._floor, call_id)
        for state in floor.operators.values():
            if state.busy_with == call_id:
                floor = floors.release(floor, call_id, state.operator, clock.now())
        self._change(floor)

    async def pause(self, operator: OperatorId, reason: str, by: str) -> OperatorState:
        """Offer him nothing until he is ready; `reason` is a code of the office's list.

        Durable first. Raises PauseReasonUnknown, OperatorNotOnDuty, EffectFailed, StandDown.
        """
        code = self._reasons.of_code(reason).code
        self._on_duty(operator)
        at = clock.now()
        await self._presences.keep(
            PresenceEntry(operator=operator, at=at, presence="paused", by=by, reason=code)
        )
        self._change(floors.pause(self._floor, operator, code, at))
        log.info("operator_paused", operator=operator, reason=code)
        return self._on_duty(operator)

    async def ready(self, operator: OperatorId, by: str) -> OperatorState:
        """Offer him calls again, also before his wrap-up is over.

        While the database is away it counts at once and is recorded later: no caller shall wait
        for that. Raises OperatorNotOnDuty, EffectFailed, StandDown.
        """
        with suppress(EffectFailed):
            await self.refresh()  # who says so by telephone holds it in his hand
        self._on_duty(operator)
        entry = PresenceEntry(operator=operator, at=clock.now(), presence="ready", by=by)
        try:
            await self._presences.keep(entry)
        except EffectFailed as error:
            log.warning("presence_recorded_later", reason=str(error))
            self._presences.later(entry)
        self._change(floors.ready(self._floor, operator, entry.at))
        log.info("operator_ready", operator=operator)
        return self._on_duty(operator)

    def exchange_lost(self) -> None:
        """A restarted exchange knows no telephone: they are made known to it again."""
        self._published = None

    async def refresh(self) -> None:
        """Read the roster and which telephones can be reached. Raises EffectFailed."""
        answers = True
        try:
            self._accounts = await self._recorder.operators()
        except EffectFailed as error:
            if self._accounts is None:
                raise  # a roster never read is not an empty one: nobody's telephone is removed
            answers = False
            log.warning("roster_kept_from_memory", reason=str(error))
        phones = [(a.account, a.digest_sha256) for a in self._accounts]
        try:
            if phones != self._published:
                await self._exchange.publish_phones(self._accounts)
                self._published = phones
            reachable = await self._exchange.reachable_phones()
        except EffectFailed:
            self._away = True
            raise
        self._away = False
        self._reachable = reachable
        answering = [a for a in self._accounts if not a.supervises]
        roster = {OperatorId(a.account): a.name for a in answering}
        known = set(self._floor.operators)
        floor = floors.update_roster(self._floor, roster, reachable, clock.now())
        for account in answering:
            if account.account not in known:
                state = floor.operators[OperatorId(account.account)]
                state = self._presences.restored(state, account)
                floor = replace(floor, operators={**floor.operators, state.operator: state})
        for operator in self._held.keys() & floor.operators.keys():
            floor = floors.hold(floor, self._held.pop(operator), operator)
        self._change(floor)
        if answers:
            await self._presences.keep_seen()

    async def run(self, every_s: float = 1.0) -> None:
        """Refresh for ever; an exchange that does not answer is asked again."""
        while True:
            try:
                await self.refresh()
            except EffectFailed as error:
                log.warning("roster_not_refreshed", reason=str(error))
            await asyncio.sleep(every_s)

    def _on_duty(self, operator: OperatorId) -> OperatorState:
        state = self._floor.operators.get(operator)
        if state is not None:
            return state
        if self._accounts is None or any(a.account == operator for a in self._accounts):
            raise EffectFailed("The operators' telephones are not known yet.")
        raise OperatorNotOnDuty(f"There is no operator {operator} on duty.")

    def _change(self, floor: Floor) -> None:
        before, at = self._floor, clock.now()
        floor = floors.end_wrap_ups(floor, at)
        self._floor, matches = (floor, ()) if self._away else floors.match(floor)
        for match in matches:
            offered = OperatorOffered(
                at=clock.now(),
                operator=match.operator.operator,
                name=match.operator.name,
                previous=match.operator.previous,
            )
            self._offer(match.call_id, offered)
        self._presences.see(self._floor, at)
        self._measure()
        if self.on_change and self._floor != before:
            self.on_change()

    def _measure(self) -> None:
        states = self._floor.operators.values()
        metrics.WAITING.set(len(self._floor.waiting))
        busy = sum(1 for s in states if s.busy_with)
        idle = sum(1 for s in states if s.free)
        paused = sum(1 for s in states if s.reachable and not s.busy_with and not s.free)
        metrics.OPERATORS.labels("busy").set(busy)
        metrics.OPERATORS.labels("idle").set(idle)
        metrics.OPERATORS.labels("paused").set(paused)
        metrics.OPERATORS.labels("unreachable").set(len(states) - busy - idle - paused)
