"""A pretend exchange, floor and network for one call: they do what is wished, and tell it late.

What the exchange tells is in flight until it is delivered, and may be lost, repeated or overtaken.
What the agent tells itself (offers, timers, tickets, refusals, the archive) is only late.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from msgspec.structs import replace

from agent.domain import floor as floors
from agent.domain.call import decide
from agent.domain.call_state import Call, Stage
from agent.domain.consultation import RECONCILED
from agent.domain.effects import (
    AnswerCaller,
    AnyEffect,
    ArchiveForm,
    CancelTimer,
    ConnectLegs,
    HandOverCase,
    HangUp,
    MarkTalk,
    PlayPrompt,
    ReleaseOperator,
    RemoveBridge,
    ReserveTicket,
    RingCaller,
    RingOperator,
    SeekOperator,
    StartTimer,
    StopPrompt,
    StopSeeking,
)
from agent.domain.events import (
    AnyEvent,
    CallArrived,
    Caller,
    CallerAnswered,
    CaseHandedOver,
    DigitPressed,
    EffectRefused,
    FieldFilled,
    FormArchived,
    FormFinished,
    LegConnected,
    LegHungUp,
    OperatorAnswered,
    OperatorLegReady,
    OperatorOffered,
    OperatorRinging,
    OperatorSpoke,
    PlaybackResult,
    PromptFinished,
    PromptStarted,
    TicketReserved,
    TimerFired,
)
from agent.domain.floor import Floor, Waiting
from agent.domain.form_filling import Change, fill
from agent.domain.identifiers import ChannelId, OperatorId, PlaybackId
from agent.domain.rules import CallRules
from tests.domain.story import (
    BUDI,
    CALL,
    CALLER,
    FORM,
    FORM_FILE,
    MORNING,
    SITI,
    SOP,
    TICKET,
    WITH_FORM,
)

ARI = "ARI"
ROSTER = {SITI: "Siti", BUDI: "Budi"}


class World:
    """One call in it; `see` looks at every decision that was made."""

    def __init__(
        self,
        see: Callable[[AnyEvent, Call | None, Call, tuple[AnyEffect, ...]], None],
        numbers_heard_by: Literal["both", "operator"] = "both",
        *,
        with_form: bool = False,
    ) -> None:
        self.now = MORNING
        self.call: Call | None = None
        self.log: list[AnyEvent] = []
        self.in_flight: list[AnyEvent] = []
        self.timers: dict[str, float] = {}
        self.floor = floors.update_roster(Floor(), ROSTER, set(ROSTER), MORNING)
        self.offered = self.released = 0
        self.refuses: set[str] = set()
        self.refused: set[str] = set()
        self.ringing: set[ChannelId] = set()
        self.up: set[ChannelId] = {CALLER}
        self.playing: dict[ChannelId, list[PlaybackId]] = {}
        self.asked_to_go: set[ChannelId] = set()
        self._see = see
        self._tell(
            CallArrived(
                at=self.now,
                source=ARI,
                call_id=CALL,
                channel=CALLER,
                caller=Caller(shown="tanpa nomor"),
                line="1500",
                form_number=FORM,
                rules=replace(WITH_FORM, numbers_heard_by=numbers_heard_by)
                if with_form
                else CallRules(sop=SOP, numbers_heard_by=numbers_heard_by),
            )
        )

    @property
    def operators_legs(self) -> set[ChannelId]:
        """Operators' legs that exist at the exchange."""
        return (self.ringing | self.up) - {CALLER}

    # The network

    def deliver(self, place: int = 0, *, again: bool = False) -> None:
        """An event arrives; `again` leaves a copy of it in flight when it can be repeated."""
        if self.in_flight:
            place %= len(self.in_flight)
            event = self.in_flight[place]
            if not (again and event.source == ARI):
                del self.in_flight[place]
            self._tell(event)

    def deliver_all(self) -> None:
        """The network has caught up."""
        while self.in_flight:
            self.deliver()

    def lose(self, place: int) -> None:
        """The network loses what the exchange told."""
        if self.in_flight:
            place %= len(self.in_flight)
            if self.in_flight[place].source == ARI:
                del self.in_flight[place]

    def reconcile(self) -> None:
        """The agent looks which legs exist and tells the call which it must have missed."""
        assert self.call is not None
        offer = self.call.offer
        legs = [] if self.call.caller_gone else [CALLER]
        legs += [offer.channel] if offer and not offer.ended else []
        for leg in legs:
            if leg not in self.up | self.ringing and self.call.stage is not Stage.ENDED:
                self._tell(LegHungUp(at=self.now, source=RECONCILED, channel=leg))

    # People and time

    def pass_time(self, seconds: float) -> None:
        """Nothing else happens."""
        self.now += timedelta(seconds=seconds)

    def fire(self, name: str) -> None:
        """A timer is over, at the earliest when its time has passed."""
        self.now += timedelta(seconds=self.timers.pop(name))
        self.in_flight.append(TimerFired(at=self.now, timer=name))

    def answer(self, leg: ChannelId) -> None:
        """An operator picks up."""
        self.ringing.discard(leg)
        self.up.add(leg)
        self._told(OperatorAnswered(at=self.now, source=ARI, channel=leg))
        self._told(OperatorLegReady(at=self.now, source=ARI, channel=leg))

    def leave(self, leg: ChannelId, cause: int = 16) -> None:
        """A person hangs up, or the exchange ends the leg."""
        if leg in self.up | self.ringing:
            self.up.discard(leg)
            self.ringing.discard(leg)
            self._told(LegHungUp(at=self.now, source=ARI, channel=leg))
            for playback in self.playing.pop(leg, []):
                self._told(_finished(self, playback, "failed"))
            self._told(LegHungUp(at=self.now, source=ARI, channel=leg, cause=cause))

    def speak(self, leg: ChannelId) -> None:
        """Speech on a leg."""
        self._told(OperatorSpoke(at=self.now, source=ARI, channel=leg))

    def press(self, leg: ChannelId, keys: str) -> None:
        """Keys on a leg."""
        for digit in keys:
            self._told(DigitPressed(at=self.now, source=ARI, channel=leg, digit=digit))

    def end_prompt(self, leg: ChannelId, result: PlaybackResult = "done") -> None:
        """What a leg hears has come to its end."""
        if playbacks := self.playing.get(leg):
            self._told(_finished(self, playbacks.pop(0), result))
            if playbacks:
                self._told(PromptStarted(at=self.now, source=ARI, playback=playbacks[0]))

    def write(self, field: str, text: str) -> None:
        """Somebody writes into a field of the form."""
        assert self.call is not None
        change = fill(
            FORM_FILE, self.call.form, Change(field=field, text=text, by=SITI, at=self.now)
        )
        assert isinstance(change, FieldFilled), change
        self._tell(change)

    def finish_form(self) -> None:
        """Somebody says that the form is finished."""
        self._tell(FormFinished(at=self.now, by=SITI))

    def overdue(self) -> None:
        """The agent believes the end of every prompt lost."""
        assert self.call is not None
        for playback in self.call.playbacks:
            if not playback.finished:
                event = PromptFinished(at=self.now, playback=playback.playback, result="overdue")
                self.in_flight.append(event)

    # What the agent wishes

    def _told(self, event: AnyEvent) -> None:
        self.in_flight.append(event)

    def _tell(self, event: AnyEvent) -> None:
        before = self.call
        decision = decide(before, event)
        self.call = decision.call
        if decision.call is not before:
            self.log.append(event)
        for effect in decision.effects:
            self._perform(effect)
        self._see(event, before, decision.call, decision.effects)

    def _perform(self, effect: AnyEffect) -> None:
        name = type(effect).__name__
        if name in self.refuses:
            self.refuses.discard(name)
            self.refused.add(name)
            if isinstance(effect, RingOperator):  # answered too late: the telephone rings
                self.ringing.add(effect.channel)
            self._refuse(effect)
            return
        match effect:
            case SeekOperator():
                assert self.call is not None
                since = self.call.queued or self.call.arrived
                self._match(floors.seek(self.floor, Waiting(CALL, since.at, effect.tried)))
            case StopSeeking():
                self._match(floors.stop_seeking(self.floor, CALL))
            case ReleaseOperator():
                self._release(effect.operator)
            case StartTimer():
                self.timers[effect.timer] = effect.seconds
            case CancelTimer():
                self.timers.pop(effect.timer, None)
            case ReserveTicket():
                self.in_flight.append(TicketReserved(at=self.now, ticket_number=TICKET))
            case ArchiveForm():
                archived = FormArchived(at=self.now, path="form.json", sha256="00" * 32)
                self.in_flight.append(archived)
            case HandOverCase():
                self.in_flight.append(CaseHandedOver(at=self.now, way="level_email"))
            case _:
                self._command(effect)

    def _command(self, effect: AnyEffect) -> None:
        """What the exchange does, or refuses because a leg is gone."""
        match effect:
            case AnswerCaller() if effect.channel in self.up:
                self._told(CallerAnswered(at=self.now, source=ARI, channel=CALLER))
            case RingOperator():
                self.ringing.add(effect.channel)
                self._told(OperatorRinging(at=self.now, source=ARI, channel=effect.channel))
            case ConnectLegs() if {effect.caller, effect.operator} <= self.up:
                for leg in (effect.caller, effect.operator):
                    self._told(LegConnected(at=self.now, source=ARI, channel=leg))
            case PlayPrompt() if effect.channel in self.up:
                playbacks = self.playing.setdefault(effect.channel, [])
                playbacks.append(effect.playback)
                if len(playbacks) == 1:
                    self._told(PromptStarted(at=self.now, source=ARI, playback=effect.playback))
            case StopPrompt():
                playbacks = self.playing.get(effect.channel, [])
                if effect.playback in playbacks:
                    playbacks.remove(effect.playback)
                    self._told(_finished(self, effect.playback, "done"))
            case HangUp():
                self.asked_to_go.add(effect.channel)
                self.leave(effect.channel)
            case RemoveBridge():
                pass
            case MarkTalk() if effect.channel in self.up:
                pass
            case RingCaller() if effect.channel in self.up:
                pass
            case _:
                self._refuse(effect)

    def _refuse(self, effect: AnyEffect) -> None:
        target = next(
            (
                str(getattr(effect, field))
                for field in ("playback", "bridge", "channel")
                if hasattr(effect, field)
            ),
            "",
        )
        refused = EffectRefused(at=self.now, effect=type(effect).__name__, target=target)
        self.in_flight.append(refused)

    def _release(self, operator: OperatorId) -> None:
        held = self.floor.operators[operator].busy_with == CALL
        self.released += held
        self._match(floors.release(self.floor, CALL, operator, self.now))

    def _match(self, floor: Floor) -> None:
        self.floor, matches = floors.match(floor)
        for match in matches:
            self.offered += 1
            state = match.operator
            offered = OperatorOffered(
                at=self.now, operator=state.operator, name=state.name, previous=state.previous
            )
            self.in_flight.append(offered)


def _finished(world: World, playback: PlaybackId, result: PlaybackResult) -> PromptFinished:
    return PromptFinished(at=world.now, source=ARI, playback=playback, result=result)
