"""A supervisor with a conversation: he listens, whispers to the operator, or joins both.

His session is on the call's log and changes nothing else of the call: no step, clock or outcome
hangs on it. One supervisor at a time; the end of the conversation is the end of the session.
"""

from msgspec.structs import replace

from agent.domain.call_state import Call, Decision, ModeTaken, Stage, Supervision
from agent.domain.effects import (
    AnyEffect,
    CancelTimer,
    HangUp,
    RemoveBridge,
    RingSupervisor,
    StartTimer,
    Supervise,
)
from agent.domain.events import (
    EffectRefused,
    Event,
    SupervisionModeChanged,
    SupervisorCalled,
    SupervisorJoined,
    SupervisorLeft,
)
from agent.domain.identifiers import (
    bridge_of,
    listening_channel,
    supervisor_channel,
    supervisors_bridge,
)

RING_SECONDS = 20.0
TIMER = "supervisor"
NO_ANSWER = 19  # Q.850: no answer from the user

SupervisionEvent = SupervisorCalled | SupervisorJoined | SupervisionModeChanged | SupervisorLeft


def is_conversation(call: Call) -> bool:
    """Whether caller and operator talk, so that there is something to listen to."""
    offer = call.conversation
    return call.stage is Stage.TALKING and offer is not None and not offer.ended


def supervised(call: Call, event: SupervisionEvent) -> Decision:
    """One fact about a supervisor."""
    match event:
        case SupervisorCalled():
            return _called(call, event)
        case SupervisorJoined():
            return _joined(call, event)
        case SupervisionModeChanged():
            return _mode_changed(call, event)
        case SupervisorLeft():
            return _left(call, event)


def ring_timed_out(call: Call, event: Event) -> Decision:
    """Nobody came to the supervisor's telephone."""
    session = call.supervision
    if not session or session.joined:
        return Decision(call)
    return _end(call, event, NO_ANSWER)


def refused(call: Call, event: EffectRefused) -> Decision:
    """What the exchange did not do ends the session: a supervisor is never heard by mistake."""
    session = call.supervision
    if not session or session.channel != event.target:
        return Decision(call)
    return _end(call, event)


def end_with_talk(decision: Decision, event: Event) -> Decision:
    """However the conversation ended in this decision, the session ends with it."""
    if decision.call.supervision is None or is_conversation(decision.call):
        return decision
    ended = _end(decision.call, event)
    return Decision(ended.call, (*decision.effects, *ended.effects))


def _called(call: Call, event: SupervisorCalled) -> Decision:
    if call.supervision or not is_conversation(call):
        return Decision(call)
    session = Supervision(
        event.supervisor,
        event.name,
        supervisor_channel(call.call_id, len(call.supervisions) + 1),
        (ModeTaken(event.mode, call.moment(event)),),
    )
    ring = RingSupervisor(
        channel=session.channel,
        supervisor=session.supervisor,
        caller_channel=call.channel,
        form_number=call.form_number,
        ring_seconds=RING_SECONDS,
    )
    call = replace(call, supervisions=(*call.supervisions, session))
    return Decision(call, (ring, StartTimer(timer=TIMER, seconds=RING_SECONDS)))


def _joined(call: Call, event: SupervisorJoined) -> Decision:
    session = call.supervision
    if not session or session.channel != event.channel:
        return Decision(call, (HangUp(channel=event.channel),))  # picked up too late
    if session.joined:
        return Decision(call)
    call = _with(call, replace(session, joined=call.moment(event)))
    return Decision(call, (CancelTimer(timer=TIMER), _supervise(call)))


def _mode_changed(call: Call, event: SupervisionModeChanged) -> Decision:
    session = call.supervision
    if not session or session.supervisor != event.supervisor or session.mode == event.mode:
        return Decision(call)
    taken = ModeTaken(event.mode, call.moment(event))
    call = _with(call, replace(session, modes=(*session.modes, taken)))
    return Decision(call, (_supervise(call),) if session.joined else ())


def _left(call: Call, event: SupervisorLeft) -> Decision:
    session = call.supervision
    if not session or session.channel != event.channel:
        return Decision(call)
    return _end(call, event, event.cause)


def _end(call: Call, event: Event, cause: int | None = None) -> Decision:
    session = call.supervisions[-1]
    waits: tuple[AnyEffect, ...] = () if session.joined else (CancelTimer(timer=TIMER),)
    bridge = supervisors_bridge(call.call_id, len(call.supervisions))
    call = _with(call, replace(session, ended=call.moment(event), cause=cause))
    return Decision(call, (*waits, HangUp(channel=session.channel), RemoveBridge(bridge=bridge)))


def _supervise(call: Call) -> Supervise:
    """What brings the supervisor into his mode; a new ear for each, with a number of its own."""
    session, operator = call.supervisions[-1], call.offers[-1]
    count = sum(len(one.modes) for one in call.supervisions)
    before = session.modes[-2].mode if len(session.modes) > 1 else "join"
    return Supervise(
        channel=session.channel,
        mode=session.mode,
        operator=operator.channel,
        conversation=bridge_of(call.call_id),
        bridge=supervisors_bridge(call.call_id, len(call.supervisions)),
        listens=None if session.mode == "join" else listening_channel(call.call_id, count),
        drops=None if before == "join" else listening_channel(call.call_id, count - 1),
    )


def _with(call: Call, session: Supervision) -> Call:
    return replace(call, supervisions=(*call.supervisions[:-1], session))
