"""Whatever is lost, repeated, late or overtaken, a call keeps its promises."""

import tomllib
from collections.abc import Callable
from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from agent.domain.call import decide, replay
from agent.domain.call_state import Call, Stage
from agent.domain.consultation import Outcome, judge
from agent.domain.effects import AnyEffect, StartTimer
from agent.domain.events import (
    AnyEvent,
    ButtonPressed,
    CallerAnswered,
    CaseHandedOver,
    CaseNotHandedOver,
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
    PromptFinished,
    PromptStarted,
    SupervisionModeChanged,
    SupervisorCalled,
    SupervisorJoined,
    SupervisorLeft,
    TicketReserved,
    TimerFired,
)
from agent.domain.identifiers import (
    bridge_of,
    operator_channel,
    playback_of,
    supervisor_channel,
    supervisors_bridge,
)
from agent.domain.sop import parse_sop
from agent.settings import DATA
from tests.domain.story import (
    BUDI,
    CALL,
    CALLER,
    DEWI,
    FORM_FILE,
    IDENTITY,
    MORNING,
    SITI,
    TICKET,
    WITH_FORM,
    Story,
)
from tests.domain.world import World

PROCEDURE = parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text()))
ORDER = list(Stage)
BACK = {(stage, Stage.QUEUEING) for stage in (Stage.RINGING, Stage.CONNECTING, Stage.TALKING)}
OUTCOMES = tuple(("outcome", outcome) for outcome in FORM_FILE.lists["outcome"])
ENDED = (Stage.ENDED, Stage.ARCHIVED)
TIMERS = (
    "welcome",
    "please_wait",
    "longest_wait",
    "ring",
    "new_round",
    "connect",
    "mark",
    "code",
    "ticket",
    "closing",
    "closing_forced",
    "archive",
    "hand_over",
    "supervisor",
)
REFUSABLE = (
    "AnswerCaller",
    "PlayPrompt",
    "StopPrompt",
    "RingCaller",
    "RingOperator",
    "ConnectLegs",
    "MarkTalk",
    "RemoveBridge",
    "ReserveTicket",
    "ArchiveForm",
    "HandOverCase",
    "RingSupervisor",
    "Supervise",
)

_EVENT = msgspec.json.Decoder(AnyEvent)
_EFFECTS = msgspec.json.Decoder(tuple[AnyEffect, ...])
_CALL = msgspec.json.Decoder(Call)


def keep_promises(
    event: AnyEvent, before: Call | None, call: Call, effects: tuple[AnyEffect, ...]
) -> None:
    """What must be true of every single decision."""
    assert _EVENT.decode(msgspec.json.encode(event)) == event
    assert _EFFECTS.decode(msgspec.json.encode(effects)) == effects
    assert _CALL.decode(msgspec.json.encode(call)) == call
    _effects_name_only_this_call(call, effects)
    assert sum(offer.connected is not None for offer in call.offers) <= 1
    assert sum(offer.ended is None for offer in call.offers) <= 1
    assert all(offer.ended for offer in call.offers[:-1])
    assert all(session.ended for session in call.supervisions[:-1])
    assert call.supervision is None or call.stage is Stage.TALKING
    judgement = judge(call, PROCEDURE)
    assert all(step.seconds is None or step.seconds >= 0 for step in judgement.steps)
    for deviation in judgement.deviations:
        assert deviation.events, "a deviation without proof"
        assert set(deviation.events) <= set(range(1, call.events + 1))
    assert (judgement.outcome is Outcome.IN_PROGRESS) == (call.stage not in ENDED)
    assert (call.ended is None) == (call.stage not in ENDED)
    if before:
        assert call is before or call.events == before.events + 1
        _goes_forward(before, call, effects)


def _effects_name_only_this_call(call: Call, effects: tuple[AnyEffect, ...]) -> None:
    legs = {CALLER, *(operator_channel(CALL, n) for n in range(1, len(call.offers) + 4))}
    sessions = range(1, len(call.supervisions) + 4)
    legs |= {supervisor_channel(CALL, n) for n in sessions}
    bridges = {bridge_of(CALL), *(supervisors_bridge(CALL, n) for n in sessions)}
    playbacks = {p.playback for p in call.playbacks}
    for effect in effects:
        for field in ("channel", "caller", "operator", "caller_channel"):
            named = getattr(effect, field, None)
            assert named is None or named in legs or named in (SITI, BUDI)
        assert getattr(effect, "playback", None) in {None, *playbacks}
        assert getattr(effect, "bridge", None) in {None, *bridges}


def _goes_forward(before: Call, call: Call, effects: tuple[AnyEffect, ...]) -> None:
    step = before.stage, call.stage
    assert ORDER.index(step[0]) <= ORDER.index(step[1]) or step in BACK
    names = [type(effect).__name__ for effect in effects]
    if before.stage not in ENDED and call.stage in ENDED:
        waits = StartTimer in map(type, effects) and call.rules.archive_after_seconds > 0
        assert names.count("ArchiveForm") == (0 if call.ticket_awaited or waits else 1)
    assert before.form_complete.items() <= call.form_complete.items()
    assert set(call.form_complete) - set(call.complete_now) == set(call.form_lacking)
    for once in (
        "ended",
        "archived",
        "handed_over",
        "form_finished",
        "caller_gone",
        "ticket_number",
        "queued",
        "gave_up",
    ):
        assert getattr(before, once) in (None, getattr(call, once))
    if before.stage in ENDED:
        assert not {
            "RingOperator",
            "RingSupervisor",
            "Supervise",
            "PlayPrompt",
            "ConnectLegs",
            "SeekOperator",
        } & set(names)


# An honest world with a bad network


class CallLife(RuleBasedStateMachine):
    """People, time and network in any order; in the end the caller is gone and all must end."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World

    @initialize(
        progress=st.sampled_from(["arrived", "queueing", "ringing", "talking", "escalated"]),
        heard_by=st.sampled_from(["both", "operator"]),
        with_form=st.booleans(),
    )
    def begin(self, progress: str, heard_by: str, with_form: bool) -> None:
        self.world = World(
            lambda *seen: keep_promises(*seen),
            "both" if heard_by == "both" else "operator",
            with_form=with_form,
        )
        steps: dict[str, Callable[[], None]] = {
            "arrived": lambda: None,
            "queueing": self._hear_the_notice,
            "ringing": self.world.deliver_all,
            "talking": lambda: self.answer(0),
            "escalated": lambda: self._press_first("*3*8"),
        }
        for name, step in steps.items():
            step()
            if name != "arrived":
                self.world.deliver_all()
            if name == progress:
                break

    def _hear_the_notice(self) -> None:
        self.world.deliver_all()
        for _prompt in range(2):
            self.world.pass_time(4)
            self.world.end_prompt(CALLER)
        while len(self.world.in_flight) > 1:
            self.world.deliver()

    def _press_first(self, keys: str) -> None:
        for leg in sorted(self.world.operators_legs):
            self.world.press(leg, keys)

    @rule(place=st.integers(0, 4))
    def deliver(self, place: int) -> None:
        self.world.deliver(place)

    @rule()
    def deliver_all(self) -> None:
        self.world.deliver_all()

    @rule(place=st.integers(0, 4))
    def deliver_and_repeat_later(self, place: int) -> None:
        self.world.deliver(place, again=True)

    @rule(place=st.integers(0, 4))
    def lose(self, place: int) -> None:
        self.world.lose(place)

    @rule(seconds=st.floats(0, 40))
    def pass_time(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @precondition(lambda self: self.world.timers)
    @rule(choice=st.integers(0, 9))
    def fire_timer(self, choice: int) -> None:
        self.world.fire(sorted(self.world.timers)[choice % len(self.world.timers)])

    @precondition(lambda self: self.world.ringing)
    @rule(choice=st.integers(0, 1))
    def answer(self, choice: int) -> None:
        ringing = sorted(self.world.ringing)
        if ringing:
            self.world.answer(ringing[choice % len(ringing)])

    @precondition(lambda self: self.world.operators_legs)
    @rule(choice=st.integers(0, 1), cause=st.sampled_from([16, 17, 19, 21, 38]))
    def operator_leaves(self, choice: int, cause: int) -> None:
        legs = sorted(self.world.operators_legs)
        self.world.leave(legs[choice % len(legs)], cause)

    @rule()
    def caller_leaves(self) -> None:
        self.world.leave(CALLER)

    @precondition(lambda self: self.world.operators_legs)
    @rule(keys=st.sampled_from(["*2", "*3", "*6", "*8", "*0", "**", "*", "5", "*9"]))
    def operator_presses(self, keys: str) -> None:
        self._press_first(keys)

    @rule(filled=st.sampled_from((*IDENTITY, ("email", "b@c.id"), ("solution", "ya"), *OUTCOMES)))
    def somebody_writes(self, filled: tuple[str, str]) -> None:
        self.world.write(*filled)

    @rule(field=st.sampled_from(("caller_name", "solution", "problem")))
    def somebody_clears_a_field(self, field: str) -> None:
        self.world.write(field, "")

    @rule()
    def somebody_writes_all_that_step_3_needs(self) -> None:
        for filled in IDENTITY:
            self.world.write(*filled)

    @rule()
    def the_form_is_finished(self) -> None:
        self.world.finish_form()

    @rule(leg_of_caller=st.booleans())
    def somebody_speaks(self, leg_of_caller: bool) -> None:
        for leg in [CALLER] if leg_of_caller else sorted(self.world.operators_legs):
            self.world.speak(leg)

    @rule(leg_of_caller=st.booleans(), done=st.booleans())
    def prompt_ends(self, leg_of_caller: bool, done: bool) -> None:
        for leg in [CALLER] if leg_of_caller else sorted(self.world.operators_legs):
            self.world.end_prompt(leg, "done" if done else "failed")

    @rule()
    def ends_of_prompts_are_overdue(self) -> None:
        self.world.overdue()

    @rule(effect=st.sampled_from(REFUSABLE))
    def something_will_be_refused(self, effect: str) -> None:
        self.world.refuses.add(effect)

    @rule()
    def reconcile(self) -> None:
        self.world.reconcile()

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        self.caller_leaves()
        world.refuses.clear()
        for _round in range(40):
            world.deliver_all()
            world.overdue()
            world.reconcile()
            world.deliver_all()
            if world.call and world.call.stage is Stage.ARCHIVED:
                break
            for timer in sorted(world.timers):
                world.fire(timer)
        self._all_is_over()

    def _all_is_over(self) -> None:
        world = self.world
        call = world.call
        assert call is not None
        assert call.stage is Stage.ARCHIVED
        assert world.operators_legs == set(), "a telephone rings or listens for nobody"
        assert all(state.busy_with is None for state in world.floor.operators.values())
        assert world.floor.waiting == ()
        assert world.released == world.offered
        assert all(offer.ended for offer in call.offers)
        if "ReserveTicket" not in world.refused:
            assert (call.decision == "escalated") == (call.ticket_number is not None)
        again = replay(world.log)
        assert again == call
        assert judge(again, PROCEDURE) == judge(call, PROCEDURE)


CallLife.TestCase.settings = settings(
    max_examples=250, stateful_step_count=40, deadline=None, derandomize=True
)
TestCallLife = CallLife.TestCase


# No world at all: any events in any order


SUPERVISORS_LEGS = st.integers(1, 3).map(lambda session: supervisor_channel(CALL, session))
MODES = st.sampled_from(["listen", "whisper", "join"])
LEGS = st.sampled_from([CALLER, *(operator_channel(CALL, n) for n in (1, 2, 3))])
PLAYBACKS = st.integers(1, 9).map(lambda count: playback_of(CALL, count))
AT = st.floats(-5, 900).map(lambda seconds: MORNING + timedelta(seconds=seconds))
SOURCES = st.sampled_from(["ARI", "agent", "reconciled"])


def any_events() -> st.SearchStrategy[AnyEvent]:
    stamp = {"at": AT, "source": SOURCES}
    of_a_leg = (
        CallerAnswered,
        OperatorRinging,
        OperatorAnswered,
        OperatorLegReady,
        LegConnected,
        OperatorSpoke,
    )
    results = st.sampled_from(["done", "failed", "stopped", "overdue", "refused"])
    targets = st.one_of(
        LEGS, SUPERVISORS_LEGS, PLAYBACKS, st.just(str(bridge_of(CALL))), st.just("")
    )
    return st.one_of(
        *(st.builds(kind, **stamp, channel=LEGS) for kind in of_a_leg),
        st.builds(LegHungUp, **stamp, channel=LEGS, cause=st.sampled_from([None, 16, 127])),
        st.builds(
            ButtonPressed,
            **stamp,
            step=st.sampled_from("236780"),
            by=st.sampled_from([SITI, BUDI]),
        ),
        st.builds(DigitPressed, **stamp, channel=LEGS, digit=st.sampled_from("*0123689#")),
        st.builds(PromptStarted, **stamp, playback=PLAYBACKS),
        st.builds(PromptFinished, **stamp, playback=PLAYBACKS, result=results),
        st.builds(
            OperatorOffered, **stamp, operator=st.sampled_from([SITI, BUDI]), name=st.just("x")
        ),
        st.builds(TicketReserved, **stamp, ticket_number=st.just(TICKET)),
        st.builds(TimerFired, **stamp, timer=st.sampled_from(TIMERS)),
        st.builds(
            EffectRefused,
            **stamp,
            effect=st.sampled_from((*REFUSABLE, "HangUp", "SeekOperator")),
            target=targets,
        ),
        st.builds(FormArchived, **stamp, path=st.just("x"), sha256=st.just("y")),
        st.builds(
            FieldFilled,
            **stamp,
            field=st.sampled_from(["outcome", "problem"]),
            raw=st.just("?"),
            value=st.sampled_from([None, "solved", "escalated", "prank", "referred"]),
            complete=st.sampled_from([(), ("3",), ("3", "8")]),
            tells_outcome=st.booleans(),
            by=st.just("x"),
        ),
        st.builds(
            SupervisorCalled, **stamp, supervisor=st.just(DEWI), name=st.just("x"), mode=MODES
        ),
        st.builds(SupervisorJoined, **stamp, channel=SUPERVISORS_LEGS),
        st.builds(SupervisorLeft, **stamp, channel=SUPERVISORS_LEGS),
        st.builds(SupervisionModeChanged, **stamp, supervisor=st.just(DEWI), mode=MODES),
        st.builds(FormFinished, **stamp, by=st.just("x")),
        st.builds(CaseHandedOver, **stamp, way=st.just("webhook")),
        st.builds(CaseNotHandedOver, **stamp),
    )


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(any_events(), max_size=60), st.booleans())
def test_any_events_in_any_order_are_decided_and_every_decision_keeps_its_promises(
    events: list[AnyEvent], with_form: bool
) -> None:
    story = Story(rules=WITH_FORM if with_form else None)
    story.arrives()
    call = story.call
    kept = list(story.told)
    for event in events:
        decision = decide(call, event)
        keep_promises(event, call, decision.call, decision.effects)
        if decision.call is not call:
            kept.append(event)
        call = decision.call
    assert replay(kept) == call


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_every_fact_told_twice_in_a_row_is_learnt_once(data: st.DataObject) -> None:
    story = Story(rules=data.draw(st.sampled_from([WITH_FORM, None])))
    story.arrives()
    for event in data.draw(st.lists(any_events(), max_size=40)):
        story.tell(event)
        before = story.call
        if not isinstance(event, (TimerFired, DigitPressed, OperatorOffered, EffectRefused)):
            story.tell(event)
            assert msgspec.structs.replace(story.call, events=before.events) == before
