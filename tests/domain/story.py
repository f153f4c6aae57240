"""A call told event by event, so that a test reads like a call log: event, then exact effects."""

import tomllib
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from agent.domain.call import decide
from agent.domain.call_state import Call, Stage
from agent.domain.effects import AnyEffect, CancelTimer, PlayPrompt, StartTimer, StopPrompt
from agent.domain.events import (
    AnyEvent,
    ButtonPressed,
    ButtonStep,
    CallAdopted,
    CallArrived,
    Caller,
    CallerAnswered,
    CaseHandedOver,
    CaseNotHandedOver,
    DigitPressed,
    EffectRefused,
    FieldFilled,
    FormArchived,
    FormFinished,
    HandedToExchange,
    LegConnected,
    LegHungUp,
    NobodyTookCall,
    NoticeHeard,
    NumberPair,
    OperatorAnswered,
    OperatorLegReady,
    OperatorOffered,
    OperatorRinging,
    OperatorSpoke,
    OperatorTookCall,
    PlaybackResult,
    PromptFinished,
    PromptStarted,
    StepMarked,
    SupervisionMode,
    SupervisionModeChanged,
    SupervisorCalled,
    SupervisorJoined,
    SupervisorLeft,
    TicketReserved,
    TimerFired,
    VoicemailLeft,
)
from agent.domain.form import parse_form
from agent.domain.form_filling import Change, fill
from agent.domain.identifiers import (
    CallId,
    ChannelId,
    OperatorId,
    operator_channel,
    playback_of,
    supervisor_channel,
)
from agent.domain.rules import CallRules
from agent.settings import DATA

FORM_FILE = parse_form(
    tomllib.loads((DATA / "form" / "formulir-konsultasi-1.toml").read_text("utf-8"))
)
Effects = tuple[AnyEffect, ...]

CALL = CallId("c0ffee")
CALLER = ChannelId("1795338000.7")
FIRST, SECOND = operator_channel(CALL, 1), operator_channel(CALL, 2)
FALLBACK_LEG = ChannelId("1795338003.9")
CEL = "CEL"
SUPERVISORS_LEG = supervisor_channel(CALL, 1)
DEWI = OperatorId("op-109")
SITI, BUDI = OperatorId("op-101"), OperatorId("op-102")
FORM, TICKET = "0123/FK-TLP/LPSE.BTG/2026", "26-00412-0"
SOP = "SOP-LPSE.BTG-017 rev 00"
MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 09:00 WIB


class Story:
    """One call; every method tells one event at the story's moment and answers the effects."""

    def __init__(
        self,
        numbers_heard_by: Literal["both", "operator"] = "both",
        start: datetime = MORNING,
        rules: CallRules | None = None,
    ) -> None:
        self.now = start
        self.told: list[AnyEvent] = []
        self._call: Call | None = None
        self._rules = rules or CallRules(sop=SOP, numbers_heard_by=numbers_heard_by)

    @property
    def call(self) -> Call:
        assert self._call is not None, "the call has not arrived"
        return self._call

    def stage(self) -> Stage:
        return self.call.stage

    def after(self, seconds: float) -> Self:
        """Time passes."""
        self.now += timedelta(seconds=seconds)
        return self

    def tell(self, event: AnyEvent) -> Effects:
        """Any event; kept for a replay when it taught the call something."""
        decision = decide(self._call, event)
        if decision.call is not self._call:
            self.told.append(event)
        self._call = decision.call
        return decision.effects

    def arrives(self, *, by_exchange: bool = False) -> Effects:
        source = "CEL CHAN_START" if by_exchange else "ARI StasisStart"
        return self.tell(
            CallArrived(at=self.now, source=source, by_exchange=by_exchange, **self._arrival())
        )

    def adopted(self, operator: OperatorId | None = None) -> Effects:
        """Its record is lost; its channel still tells who it is and with whom."""
        leg = FIRST if operator else None
        return self.tell(
            CallAdopted(
                at=self.now,
                source="ARI channels",
                operator=operator,
                operator_channel=leg,
                **self._arrival(),
            )
        )

    def _arrival(self) -> dict[str, Any]:
        return {
            "call_id": CALL,
            "channel": CALLER,
            "caller": Caller(raw="0811234567", number="+62811234567", shown="+62 811-234-567"),
            "line": "1500",
            "form_number": FORM,
            "rules": self._rules,
        }

    def handed_over(self) -> Effects:
        return self.tell(HandedToExchange(at=self.now, source=CEL, channel=CALLER))

    def notice_heard(self) -> Effects:
        return self.tell(NoticeHeard(at=self.now, source=CEL, channel=CALLER))

    def taken(self, operator: OperatorId = SITI, leg: ChannelId = FALLBACK_LEG) -> Effects:
        return self.tell(OperatorTookCall(at=self.now, source=CEL, operator=operator, channel=leg))

    def marks(self, steps: str, leg: ChannelId = FALLBACK_LEG) -> Effects:
        """Several star codes at one moment; the effects of the last."""
        effects: Effects = ()
        for step in steps:
            effects = self.tell(StepMarked(at=self.now, source=CEL, channel=leg, step=step))
        return effects

    def nobody_took(self) -> Effects:
        return self.tell(NobodyTookCall(at=self.now, source=CEL, channel=CALLER))

    def voicemail(self, recording: str = "1795338000.7.wav") -> Effects:
        return self.tell(
            VoicemailLeft(at=self.now, source=CEL, channel=CALLER, recording=recording)
        )

    def caller_answered(self) -> Effects:
        return self.tell(CallerAnswered(at=self.now, source="ARI Up", channel=CALLER))

    def prompt_started(self, count: int) -> Effects:
        playback = playback_of(CALL, count)
        return self.tell(PromptStarted(at=self.now, source="ARI", playback=playback))

    def prompt_finished(self, count: int, result: PlaybackResult = "done") -> Effects:
        playback = playback_of(CALL, count)
        return self.tell(
            PromptFinished(at=self.now, source="ARI", playback=playback, result=result)
        )

    def offered(self, operator: OperatorId = SITI, previous: NumberPair | None = None) -> Effects:
        return self.tell(
            OperatorOffered(at=self.now, operator=operator, name=operator, previous=previous)
        )

    def rings(self, leg: ChannelId = FIRST) -> Effects:
        return self.tell(OperatorRinging(at=self.now, source="ARI Ringing", channel=leg))

    def answers(self, leg: ChannelId = FIRST) -> Effects:
        return self.tell(OperatorAnswered(at=self.now, source="ARI Up", channel=leg))

    def ready(self, leg: ChannelId = FIRST) -> Effects:
        return self.tell(OperatorLegReady(at=self.now, source="ARI StasisStart", channel=leg))

    def connected(self, leg: ChannelId) -> Effects:
        return self.tell(LegConnected(at=self.now, source="ARI", channel=leg))

    def speaks(self, leg: ChannelId = FIRST) -> Effects:
        return self.tell(OperatorSpoke(at=self.now, source="ARI Talking", channel=leg))

    def presses(self, keys: str, leg: ChannelId = FIRST) -> Effects:
        """Several keys at one moment; the effects of the last."""
        effects: Effects = ()
        for key in keys:
            effects = self.tell(DigitPressed(at=self.now, source="ARI", channel=leg, digit=key))
        return effects

    def clicks(self, step: ButtonStep, by: OperatorId = SITI) -> Effects:
        """A button of the operator's page."""
        return self.tell(ButtonPressed(at=self.now, step=step, by=by))

    def hangs_up(
        self, leg: ChannelId, cause: int | None = 16, source: str = "ARI Destroyed"
    ) -> Effects:
        return self.tell(LegHungUp(at=self.now, source=source, channel=leg, cause=cause))

    def calls_supervisor(self, mode: SupervisionMode = "listen", who: OperatorId = DEWI) -> Effects:
        return self.tell(SupervisorCalled(at=self.now, supervisor=who, name="Dewi", mode=mode))

    def supervisor_joins(self, leg: ChannelId = SUPERVISORS_LEG) -> Effects:
        return self.tell(SupervisorJoined(at=self.now, source="ARI", channel=leg))

    def changes_mode(self, mode: SupervisionMode, who: OperatorId = DEWI) -> Effects:
        return self.tell(SupervisionModeChanged(at=self.now, supervisor=who, mode=mode))

    def supervisor_leaves(self, leg: ChannelId = SUPERVISORS_LEG) -> Effects:
        return self.tell(SupervisorLeft(at=self.now, source="ARI", channel=leg, cause=16))

    def ticket(self, number: str = TICKET) -> Effects:
        return self.tell(TicketReserved(at=self.now, ticket_number=number))

    def fires(self, timer: str) -> Effects:
        return self.tell(TimerFired(at=self.now, timer=timer))

    def refused(self, effect: str, target: str = "") -> Effects:
        return self.tell(EffectRefused(at=self.now, effect=effect, target=target, reason="no"))

    def fills(self, *filled: tuple[str, str], by: str = SITI) -> Effects:
        """Several fields of the form at one moment; the effects of the last."""
        effects: Effects = ()
        for field, text in filled:
            change = fill(
                FORM_FILE, self.call.form, Change(field=field, text=text, by=by, at=self.now)
            )
            assert isinstance(change, FieldFilled), change
            effects = self.tell(change)
        return effects

    def finishes(self) -> Effects:
        return self.tell(FormFinished(at=self.now, by=SITI))

    def message_accepted(self) -> Effects:
        return self.tell(CaseHandedOver(at=self.now, way="level_email"))

    def message_given_up(self) -> Effects:
        return self.tell(CaseNotHandedOver(at=self.now))

    def archived(self) -> Effects:
        return self.tell(FormArchived(at=self.now, path="2026/0123.json", sha256="ab" * 32))


IDENTITY = (
    ("caller_name", "Budi Santoso"),
    ("user_type", "penyedia"),
    ("business_name", "CV Melati"),
    ("contact_phone", "0811234567"),
    ("application", "spse"),
    ("category", "06"),
    ("problem", "Unggah penawaran gagal"),
)
"""All that step 3 needs; the last field completes it."""
WITH_FORM = CallRules(sop=SOP, form=FORM_FILE.name, archive_after_seconds=480.0, hand_over=True)


def talking_with_form(rules: CallRules = WITH_FORM) -> Story:
    """As `talking`, under rules with a form and hand-over by message."""
    story = Story(rules=rules)
    story.arrives()
    story.after(0.1).caller_answered()
    story.after(3).prompt_finished(1)
    story.after(5).prompt_finished(2)
    story.after(2).prompt_finished(3)
    story.offered(SITI)
    story.after(4).answers()
    story.ready()
    story.connected(CALLER)
    story.connected(FIRST)
    story.after(2).speaks()
    return story


def welcoming(numbers_heard_by: Literal["both", "operator"] = "both") -> Story:
    """The caller hears the welcome (1) and then the notice (2)."""
    story = Story(numbers_heard_by)
    story.arrives()
    story.after(0.1).caller_answered()
    return story


def queueing(numbers_heard_by: Literal["both", "operator"] = "both") -> Story:
    """Both were heard; the caller waits and hears that he is being connected (3)."""
    story = welcoming(numbers_heard_by)
    story.prompt_started(1)
    story.after(3).prompt_finished(1)
    story.prompt_started(2)
    story.after(5).prompt_finished(2)
    return story


def ringing(
    numbers_heard_by: Literal["both", "operator"] = "both", previous: NumberPair | None = None
) -> Story:
    """Siti's telephone rings; the caller has heard his prompt."""
    story = queueing(numbers_heard_by)
    story.after(2).prompt_finished(3)
    story.offered(SITI, previous)
    story.after(0.2).rings()
    return story


def connecting() -> Story:
    """Siti answered; the legs are about to be connected."""
    story = ringing()
    story.after(4).answers()
    story.ready()
    return story


def talking(
    numbers_heard_by: Literal["both", "operator"] = "both", previous: NumberPair | None = None
) -> Story:
    """Siti and the caller are connected; nobody has spoken yet. The next prompt is the 4th."""
    story = ringing(numbers_heard_by, previous)
    story.after(4).answers()
    story.ready()
    story.connected(CALLER)
    story.connected(FIRST)
    return story


def awaiting_ticket(numbers_heard_by: Literal["both", "operator"] = "both") -> Story:
    """Greeted, identity taken (tone 4), cannot be solved (tone 5); no ticket number yet."""
    story = talking(numbers_heard_by)
    story.after(2).speaks()
    story.after(60).presses("*3")
    story.after(0.2).prompt_finished(4)
    story.after(30).presses("*8")
    return story


def reading_numbers(numbers_heard_by: Literal["both", "operator"] = "both") -> Story:
    """The numbers are read to the operator (6) and, where the rules say so, to the caller (7)."""
    story = awaiting_ticket(numbers_heard_by)
    story.after(0.2).prompt_finished(5)
    story.ticket()
    return story


def solved() -> Story:
    """The operator solved it (tone 4) and both left; the form is not archived yet."""
    story = talking()
    story.after(2).speaks()
    story.after(60).presses("*3")
    story.after(30).presses("*6")
    story.after(10).hangs_up(CALLER)
    story.after(0.1).hangs_up(FIRST)
    return story


def handed() -> Story:
    """Nobody met the caller but the exchange itself; it apologised and told of the recording."""
    story = Story()
    story.arrives(by_exchange=True)
    story.after(0.1).caller_answered()
    story.after(6).notice_heard()
    return story


def handed_talk() -> Story:
    """Siti took the call that the exchange offered; both talk."""
    story = handed()
    story.after(4).taken()
    story.connected(FALLBACK_LEG)
    story.connected(CALLER)
    return story


def wait(timer: str, seconds: float) -> StartTimer:
    return StartTimer(timer=timer, seconds=seconds)


def cancel(*timers: str) -> tuple[CancelTimer, ...]:
    return tuple(CancelTimer(timer=timer) for timer in timers)


def say(leg: ChannelId, count: int, prompt: str) -> PlayPrompt:
    return PlayPrompt(channel=leg, playback=playback_of(CALL, count), prompt=prompt)


def say_numbers(
    leg: ChannelId,
    count: int,
    prompt: str = "numbers",
    form: str = FORM,
    ticket: str | None = TICKET,
) -> PlayPrompt:
    return PlayPrompt(
        channel=leg,
        playback=playback_of(CALL, count),
        prompt=prompt,
        form_number=form,
        ticket_number=ticket,
    )


def stop(leg: ChannelId, count: int) -> StopPrompt:
    return StopPrompt(channel=leg, playback=playback_of(CALL, count))
