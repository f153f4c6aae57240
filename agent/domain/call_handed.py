"""What the exchange does by itself while no agent listens: kept on record, never commanded.

The exchange tells these facts later, from its own ledger; the times are its own, as always. Of an
operator's star codes it understands *2 *3 *6 *8; the ticket of an escalated case is made here.
"""

from msgspec.structs import replace

from agent.domain import call_end, call_form, call_talk
from agent.domain.call_state import Call, Decision, Offer, Playback, Stage
from agent.domain.effects import (
    AnyEffect,
    ArchiveForm,
    CancelTimer,
    HangUp,
    ReleaseOperator,
    RemoveBridge,
    StartTimer,
    StopSeeking,
)
from agent.domain.events import (
    AnyEvent,
    CallArrived,
    CallerAnswered,
    EffectRefused,
    HandedToExchange,
    LegConnected,
    LegHungUp,
    NobodyTookCall,
    NoticeHeard,
    OperatorTookCall,
    StepMarked,
    TicketReserved,
    TimerFired,
    VoicemailLeft,
)
from agent.domain.identifiers import bridge_of, playback_of

WAITING_TIMERS = ("welcome", "please_wait", "longest_wait", "new_round", "ring", "connect")


def arrived(event: CallArrived) -> Decision:
    """A caller whom no agent met: his consultation opens with the exchange's word."""
    call = Call.opened(event)
    return Decision(replace(call, stage=Stage.HANDED, by_exchange=call.arrived))


def hand_over(call: Call, event: HandedToExchange) -> Decision:
    """A caller of ours goes on in the exchange's care; the operator being rung is let go."""
    if call.stage is Stage.TALKING:
        return _cut(call, event)
    if call.stage not in (Stage.WELCOMING, Stage.QUEUEING, Stage.RINGING, Stage.CONNECTING):
        return Decision(call)
    effects: list[AnyEffect] = [CancelTimer(timer=timer) for timer in WAITING_TIMERS]
    if call.stage is Stage.QUEUEING:
        effects.append(StopSeeking())
    if call.offer and not call.offer.ended:
        offer = call.offer
        call = call.with_offer(ended=call.moment(event), connected=None)
        effects.append(HangUp(channel=offer.channel))
        effects.append(
            ReleaseOperator(operator=offer.operator, answered=offer.answered is not None)
        )
    call = replace(
        call,
        stage=Stage.HANDED,
        by_exchange=call.moment(event),
        caller_connected=None,
        greeted=None,
        greeted_by=None,
    )
    return Decision(call, tuple(effects))


def _cut(call: Call, event: HandedToExchange) -> Decision:
    """The exchange took the caller out of his talk: it was one, and what it proved stays proved."""
    offer = call.offers[-1]
    call = call.with_offer(ended=call.moment(event))
    release = ReleaseOperator(
        operator=offer.operator,
        answered=True,
        form_number=call.form_number,
        ticket_number=call.ticket_number,
    )
    call = replace(call, stage=Stage.HANDED, by_exchange=call.moment(event))
    bridge = RemoveBridge(bridge=bridge_of(call.call_id))
    return Decision(call, (HangUp(channel=offer.channel), release, bridge))


def handed(call: Call, event: AnyEvent) -> Decision:
    """One fact about a call in the exchange's care."""
    match event:
        case CallerAnswered():
            return Decision(
                replace(call, caller_answered=call.caller_answered or call.moment(event))
            )
        case NoticeHeard():
            return Decision(_notice_heard(call, event))
        case OperatorTookCall():
            return Decision(_taken(call, event))
        case LegConnected():
            return Decision(_connected(call, event))
        case StepMarked():
            return _marked(call, event)
        case NobodyTookCall():
            return Decision(replace(call, gave_up=call.gave_up or call.moment(event)))
        case VoicemailLeft() if call.voicemail is None:
            return Decision(
                replace(call, voicemail=call.moment(event), voicemail_recording=event.recording)
            )
        case LegHungUp():
            return _hung_up(call, event)
        case TicketReserved() if call.ticket_number is None:
            call = replace(
                call, ticket_number=event.ticket_number, ticket_reserved=call.moment(event)
            )
            return call_form.go_on(call, event)
        case EffectRefused(effect="ReserveTicket"):
            again = StartTimer(timer="ticket", seconds=call_talk.TICKET_AGAIN_SECONDS)
            return Decision(call, (again,))
        case EffectRefused(effect="HandOverCase"):
            return call_form.hand_over_refused(call)
        case TimerFired(timer="ticket"):
            return call_talk.reserve_again(call)
        case TimerFired(timer="hand_over"):
            return call_form.hand_over_in_time(call, event)
        case _:
            return Decision(call)


def _notice_heard(call: Call, event: NoticeHeard) -> Call:
    if any(p.prompt == "recording_notice" and p.heard for p in call.playbacks):
        return call
    heard = Playback(
        playback_of(call.call_id, len(call.playbacks) + 1),
        call.channel,
        "recording_notice",
        finished=call.moment(event),
        result="done",
    )
    # He waits from here on; a caller of ours who was handed over has waited longer.
    queued = call.queued or call.moment(event)
    return replace(call, playbacks=(*call.playbacks, heard), queued=queued)


def _taken(call: Call, event: OperatorTookCall) -> Call:
    if any(offer.channel == event.channel for offer in call.offers):
        return call
    now = call.moment(event)
    if call.operator_gone:  # the talk that was cut; a new one has its own clocks
        call = replace(call, caller_connected=None, greeted=None, greeted_by=None)
    offer = Offer(event.operator, event.operator, event.channel, now, answered=now)
    return replace(call, offers=(*call.offers, offer))


def _connected(call: Call, event: LegConnected) -> Call:
    if event.channel == call.channel:
        return replace(call, caller_connected=call.caller_connected or call.moment(event))
    for offer in call.offers:
        if offer.channel == event.channel and not offer.connected:
            # Two telephones may answer in one moment; who is connected counts, and stands last.
            others = (other for other in call.offers if other is not offer)
            return replace(call, offers=(*others, offer)).with_offer(connected=call.moment(event))
    return call


def _marked(call: Call, event: StepMarked) -> Decision:
    offer = call.offer
    if not offer or offer.channel != event.channel:
        return Decision(call)
    now = call.moment(event)
    match event.step:
        case "2" if call.greeted is None:
            return Decision(replace(call, greeted=now, greeted_by="mark"))
        case "3" if call.identity_taken is None:
            return Decision(replace(call, identity_taken=now))
        case "6" if call.decision is None:
            return Decision(replace(call, decision="solved", decided=now))
        case "8" if call.decision != "escalated":
            return call_form.escalated(replace(call, decision="escalated", decided=now))
        case _:
            return Decision(call)


def _hung_up(call: Call, event: LegHungUp) -> Decision:
    if event.channel == call.channel:
        call = replace(call, caller_gone=call.moment(event), caller_cause=event.cause)
        if call.offer and not call.offer.ended:
            # His leg went in the same moment; its own word came later or never.
            call = call.with_offer(ended=call.moment(event), hung_up=event.by_other)
        ended = call_end.end(call, event)
        archive = tuple(e for e in ended.effects if isinstance(e, ArchiveForm | StartTimer))
        return Decision(ended.call, archive)
    return Decision(
        replace(
            call,
            offers=tuple(
                replace(offer, ended=call.moment(event), cause=event.cause)
                if offer.channel == event.channel and not offer.ended
                else offer
                for offer in call.offers
            ),
        )
    )
