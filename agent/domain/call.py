"""The call machine: one fact and the call so far give the call as it is now and what must happen.

Everything that affects a call's course is in this module and the seven that it dispatches to:
`call_waiting` (until an operator answers), `call_talk` (the conversation), `call_prompts` (what
a leg hears), `call_end`, `call_form` (the form, its archive, the hand-over of its case),
`call_handed` (what the exchange does by itself) and `call_supervised` (who listens to it). The
machine bears any order, loss or repetition of events: what is already known is not learnt twice,
and what comes too late changes nothing.

    WELCOMING → QUEUEING ⇄ RINGING → CONNECTING → TALKING → CLOSING → ENDED → ARCHIVED
        └───────────┴─────────┴──────────┴────(a leg is gone)───┘
        └───────────┴─────────┴──────────┴─── HANDED (to the exchange) ─→ ENDED
"""

from collections.abc import Iterable

from msgspec.structs import replace

from agent.domain import (
    call_end,
    call_form,
    call_handed,
    call_prompts,
    call_supervised,
    call_talk,
    call_waiting,
)
from agent.domain.call_state import Call, Decision, Playback, Stage
from agent.domain.events import (
    AnyEvent,
    ButtonPressed,
    CallAdopted,
    CallArrived,
    CallerAnswered,
    CaseHandedOver,
    CaseNotHandedOver,
    DetailShed,
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
    OperatorAnswered,
    OperatorLegReady,
    OperatorOffered,
    OperatorRinging,
    OperatorSpoke,
    OperatorTookCall,
    PromptFinished,
    PromptStarted,
    StepMarked,
    SupervisionModeChanged,
    SupervisorCalled,
    SupervisorJoined,
    SupervisorLeft,
    TicketReserved,
    TimerFired,
    VoicemailLeft,
)
from agent.domain.identifiers import PlaybackId


class CallUnknown(ValueError):
    """The first event of a call must be its arrival, or its adoption."""


def decide(call: Call | None, event: AnyEvent) -> Decision:
    """Answer one event. Raises CallUnknown when a call does not begin with its arrival."""
    if call is None:
        return _begin(event)
    if isinstance(event, DetailShed):  # what follows keeps its place in the log
        return Decision(replace(call, events=call.events + event.count))
    decision = _dispatch(replace(call, events=call.events + 1), event)
    decision = call_supervised.end_with_talk(decision, event)
    if not decision.effects and replace(decision.call, events=call.events) == call:
        return Decision(call)  # it taught nothing: repeated, too late or without meaning here
    return decision


def _begin(event: AnyEvent) -> Decision:
    match event:
        case CallArrived(by_exchange=True):
            return call_handed.arrived(event)
        case CallArrived():
            return call_waiting.arrived(event)
        case CallAdopted():
            return call_waiting.adopted(event)
        case _:
            raise CallUnknown(type(event).__name__)


def replay(events: Iterable[AnyEvent]) -> Call:
    """The call after all its events. Raises CallUnknown when there are none."""
    call: Call | None = None
    for event in events:
        call = decide(call, event).call
    if call is None:
        raise CallUnknown("no events")
    return call


def _form_event(
    call: Call, event: FieldFilled | FormFinished | CaseHandedOver | CaseNotHandedOver
) -> Decision:
    match event:
        case FieldFilled():
            return call_form.field_filled(call, event)
        case FormFinished():
            return call_form.form_finished(call, event)
        case CaseHandedOver() | CaseNotHandedOver():
            return call_form.case_handed_over(call, event)


def _dispatch(call: Call, event: AnyEvent) -> Decision:
    if isinstance(event, FieldFilled | FormFinished | CaseHandedOver | CaseNotHandedOver):
        return _form_event(call, event)
    if isinstance(
        event, SupervisorCalled | SupervisorJoined | SupervisionModeChanged | SupervisorLeft
    ):
        return call_supervised.supervised(call, event)
    if call.stage is Stage.HANDED:
        return call_handed.handed(call, event)
    match event:
        case CallerAnswered():
            return call_waiting.caller_answered(call, event)
        case PromptStarted():
            return Decision(call_prompts.started(call, event))
        case PromptFinished():
            return _prompt_finished(call, event)
        case OperatorOffered():
            return call_waiting.operator_offered(call, event)
        case OperatorRinging():
            return call_waiting.operator_ringing(call, event)
        case OperatorAnswered():
            return call_waiting.operator_answered(call, event)
        case OperatorLegReady():
            return call_waiting.operator_leg_ready(call, event)
        case LegConnected():
            return call_waiting.leg_connected(call, event)
        case OperatorSpoke():
            return call_talk.operator_spoke(call, event)
        case DigitPressed():
            return call_talk.digit_pressed(call, event)
        case ButtonPressed():
            return call_talk.button_pressed(call, event)
        case LegHungUp():
            return call_end.leg_hung_up(call, event)
        case TicketReserved():
            return call_talk.ticket_reserved(call, event)
        case TimerFired():
            return _timer_fired(call, event)
        case EffectRefused():
            return _effect_refused(call, event)
        case FormArchived():
            return call_form.form_archived(call, event)
        case HandedToExchange():
            return call_handed.hand_over(call, event)
        case CallArrived() | CallAdopted() | DetailShed():  # repeated; counted before
            return Decision(call)
        case NoticeHeard() | OperatorTookCall() | StepMarked() | NobodyTookCall() | VoicemailLeft():
            return Decision(call)  # of a call that the exchange does not handle: too late


def _prompt_finished(call: Call, event: PromptFinished) -> Decision:
    call, playback = call_prompts.finished(call, event)
    return _after_prompt(call, event, playback) if playback else Decision(call)


def _after_prompt(call: Call, event: PromptFinished, playback: Playback) -> Decision:
    if call.stage is Stage.CLOSING:
        return call_end.prompt_ended_while_closing(call)
    if playback.channel != call.channel:
        return Decision(call)
    if call.stage is Stage.WELCOMING and not call.playing(call.channel):
        return call_waiting.enter_queue(call, event)
    return call_waiting.ring_on(call)


def _timer_fired(call: Call, event: TimerFired) -> Decision:
    match event.timer:
        case "welcome" if call.stage is Stage.WELCOMING:
            return call_waiting.enter_queue(call, event)
        case "please_wait":
            return call_waiting.keep_waiting(call)
        case "longest_wait":
            return call_waiting.give_up(call, event)
        case "ring":
            return call_waiting.ring_timed_out(call, event)
        case "new_round":
            return call_waiting.new_round(call)
        case "connect":
            return call_waiting.connect_timed_out(call, event)
        case "code":
            return call_talk.code_timed_out(call)
        case "mark":
            return call_talk.mark_again(call)
        case "closing":
            return call_end.closing_timed_out(call)
        case "closing_forced":
            return call_end.closing_forced(call, event)
        case "ticket":
            return call_talk.reserve_again(call)
        case "archive":
            return call_form.archive_in_time(call, event)
        case "hand_over":
            return call_form.hand_over_in_time(call, event)
        case call_supervised.TIMER:
            return call_supervised.ring_timed_out(call, event)
        case _:
            return Decision(call)


def _effect_refused(call: Call, event: EffectRefused) -> Decision:
    """Refusal is an event like any other; most are followed by the hang-up that caused them."""
    match event.effect:
        case "PlayPrompt":
            finished = PromptFinished(
                at=event.at,
                source=event.source,
                playback=PlaybackId(event.target),
                result="refused",
            )
            return _prompt_finished(call, finished)
        case "RingOperator":
            return call_end.ring_refused(call, event)
        case "RingSupervisor" | "Supervise":
            return call_supervised.refused(call, event)
        case "ConnectLegs":
            return call_waiting.connect_timed_out(call, event)
        case "MarkTalk":
            return call_talk.mark_refused(call)
        case "ReserveTicket":
            return call_talk.ticket_refused(call)
        case "ArchiveForm":
            return call_form.archive_refused(call)
        case "HandOverCase":
            return call_form.hand_over_refused(call)
        case _:
            return Decision(call)
