"""Many calls and a few operators on one floor, as the runtime joins them; nothing is late here."""

from collections.abc import Callable
from datetime import timedelta

from agent.domain import floor as floors
from agent.domain.call import decide
from agent.domain.call_state import Call, Stage
from agent.domain.effects import (
    AnyEffect,
    CancelTimer,
    ReleaseOperator,
    SeekOperator,
    StartTimer,
    StopSeeking,
)
from agent.domain.events import (
    AnyEvent,
    CallArrived,
    Caller,
    LegConnected,
    LegHungUp,
    OperatorAnswered,
    OperatorLegReady,
    OperatorOffered,
    TimerFired,
)
from agent.domain.floor import Floor, Waiting
from agent.domain.identifiers import CallId, ChannelId, OperatorId
from agent.domain.presence import Ready
from agent.domain.rules import CallRules
from tests.domain.story import BUDI, MORNING, SITI, SOP

ROSTER = {SITI: "Siti", BUDI: "Budi"}
FLOORS_TIMERS = ("ring", "new_round", "longest_wait")


class BusyFloor:
    """The calls by their number, and each one's log; `serve` may spoil the floor's order."""

    def __init__(
        self, serve: Callable[[Floor], Floor] = lambda floor: floor, wrap_up_s: float = 0
    ) -> None:
        self.now = MORNING
        self.calls: dict[CallId, Call] = {}
        self.logs: dict[CallId, list[AnyEvent]] = {}
        self._serve = serve
        self._wrap_up = timedelta(seconds=wrap_up_s)
        self._floor = floors.update_roster(Floor(), ROSTER, set(ROSTER), MORNING)
        self._timers: dict[tuple[CallId, str], float] = {}

    def after(self, seconds: float) -> None:
        """Time passes; the timers that matter to a floor fire when they are due."""
        end = self._elapsed + seconds
        while self._timers and min(self._timers.values()) <= end:
            call_id, timer = min(self._timers, key=lambda key: self._timers[key])
            self.now = MORNING + timedelta(seconds=self._timers.pop((call_id, timer)))
            self._tell(call_id, TimerFired(at=self.now, timer=timer))
        self.now = MORNING + timedelta(seconds=end)
        self._change(self._floor)

    def pause(self, operator: OperatorId) -> None:
        """He takes no more calls."""
        self._change(floors.pause(self._floor, operator, "rapat", self.now))

    def ready(self, operator: OperatorId) -> None:
        """He takes calls again."""
        self._change(floors.ready(self._floor, operator, self.now))

    def arrive(self) -> None:
        """Somebody calls and waits at once: nothing is played on this floor."""
        number = len(self.calls) + 1
        call_id = CallId(f"{number:x}")
        arrived = CallArrived(
            at=self.now,
            call_id=call_id,
            channel=ChannelId(f"caller-{number}"),
            caller=Caller(),
            line="1500",
            form_number=f"{number:04d}/FK-TLP/LPSE.BTG/2026",
            rules=CallRules(sop=SOP),
        )
        self._tell(call_id, arrived)
        self._tell(call_id, TimerFired(at=self.now, timer="welcome"))

    def answer(self, operator: OperatorId) -> None:
        """He takes the call that rings at his telephone."""
        for call in self._with(operator, Stage.RINGING):
            leg = call.offers[-1].channel
            self._tell(call.call_id, OperatorAnswered(at=self.now, channel=leg))
            self._tell(call.call_id, OperatorLegReady(at=self.now, channel=leg))
            for channel in (call.channel, leg):
                self._tell(call.call_id, LegConnected(at=self.now, channel=channel))

    def reject(self, operator: OperatorId) -> None:
        """He does not want it."""
        for call in self._with(operator, Stage.RINGING):
            self._hang_up(call, call.offers[-1].channel)

    def finish(self, operator: OperatorId) -> None:
        """He ends his conversation, and both legs are gone."""
        for call in self._with(operator, Stage.TALKING):
            self._hang_up(call, call.offers[-1].channel)
            self._hang_up(call, call.channel)

    def leave(self) -> None:
        """The caller who came first of those who wait has waited long enough."""
        for call in self.calls.values():
            if call.stage in (Stage.QUEUEING, Stage.RINGING):
                self._hang_up(call, call.channel)
                if call.stage is Stage.RINGING:
                    self._hang_up(call, call.offers[-1].channel)
                return

    @property
    def _elapsed(self) -> float:
        return (self.now - MORNING).total_seconds()

    def _with(self, operator: OperatorId, stage: Stage) -> list[Call]:
        return [
            call
            for call in self.calls.values()
            if call.stage is stage and call.offers[-1].operator == operator
        ]

    def _hang_up(self, call: Call, channel: ChannelId) -> None:
        self._tell(call.call_id, LegHungUp(at=self.now, source="ARI", channel=channel, cause=16))

    def _tell(self, call_id: CallId, event: AnyEvent) -> None:
        before = self.calls.get(call_id)
        decision = decide(before, event)
        if decision.call is before:
            return
        self.calls[call_id] = decision.call
        self.logs.setdefault(call_id, []).append(event)
        for effect in decision.effects:
            self._perform(decision.call, effect)

    def _perform(self, call: Call, effect: AnyEffect) -> None:
        match effect:
            case StartTimer(timer=timer, seconds=seconds) if timer in FLOORS_TIMERS:
                self._timers[call.call_id, timer] = self._elapsed + seconds
            case CancelTimer(timer=timer):
                self._timers.pop((call.call_id, timer), None)
            case SeekOperator(tried=tried):
                since = call.queued or call.arrived
                self._change(floors.seek(self._floor, Waiting(call.call_id, since.at, tried)))
            case StopSeeking():
                self._change(floors.stop_seeking(self._floor, call.call_id))
            case ReleaseOperator(operator=operator, answered=answered):
                floor = floors.release(
                    self._floor,
                    call.call_id,
                    operator,
                    self.now,
                    answered=answered,
                    wrap_up=self._wrap_up,
                )
                self._change(floor)
            case _:
                pass

    def _change(self, floor: Floor) -> None:
        self._floor, matches = floors.match(self._serve(floors.end_wrap_ups(floor, self.now)))
        for match in matches:
            operator = match.operator
            assert isinstance(operator.presence, Ready), "he takes no calls now"
            offered = OperatorOffered(at=self.now, operator=operator.operator, name=operator.name)
            self._tell(match.call_id, offered)
