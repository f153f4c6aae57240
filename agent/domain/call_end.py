"""How a call ends: who left first, who must still hear the numbers, and the archive at last."""

from datetime import timedelta

from msgspec.structs import replace

from agent.domain.call_form import after_end
from agent.domain.call_state import Call, Decision, Moment, Stage
from agent.domain.call_waiting import next_operator
from agent.domain.consultation import RECONCILED
from agent.domain.effects import (
    AnyEffect,
    HangUp,
    ReleaseOperator,
    RemoveBridge,
    StartTimer,
    StopSeeking,
)
from agent.domain.events import EffectRefused, Event, LegHungUp
from agent.domain.identifiers import ChannelId, bridge_of

CLOSING_SECONDS = 10.0
READING_SECONDS = 90.0
INTERWORKING = 127  # Q.850: no more is known
DEVICE_LOST = 44  # Q.850: channel not available; Asterisk's word for a telephone without voice
HARDLY_THERE = timedelta(seconds=3)
"""Who picks up and puts down again has not served anybody, unless he wrote on the form."""


def leg_hung_up(call: Call, event: LegHungUp) -> Decision:
    """A leg is gone, in whatever stage the call is."""
    if event.channel == call.channel:
        if call.caller_gone:
            return Decision(_better_cause(call, event))
        gone = replace(call, caller_gone=call.moment(event), caller_cause=event.cause)
        return _caller_left(gone, event)
    offer = call.offer
    if not offer or offer.ended or offer.channel != event.channel:
        return Decision(call)
    if call.stage in (Stage.RINGING, Stage.CONNECTING):
        return next_operator(call, event, event.cause)
    if call.stage is Stage.TALKING and _not_served(call, event):
        return next_operator(call, event, event.cause)
    return _operator_left(call, event, event.cause)


def _not_served(call: Call, event: LegHungUp) -> bool:
    """Whether the caller is left without help: a telephone died, or was put down again at once."""
    offer = call.offers[-1]
    if call.caller_gone or call.decision or not offer.connected:
        return False
    if event.cause == DEVICE_LOST:
        return True
    pressed = any(p.channel == offer.channel for p in call.playbacks)  # each key has its tone
    told = not event.source.startswith(RECONCILED)  # a loss found later is nobody's putting down
    soon = told and event.at - offer.connected.at < HARDLY_THERE
    return soon and not call.greeted and not pressed and not call.form.shown


def ring_refused(call: Call, event: EffectRefused) -> Decision:
    """The telephone was not rung, or Asterisk did not tell in time: it must not ring for nobody."""
    offer = call.offer
    if not offer or offer.channel != event.target or offer.ringing or offer.answered:
        return Decision(call)
    gone = LegHungUp(at=event.at, source=event.source, channel=offer.channel)
    decision = leg_hung_up(call, gone)
    return Decision(decision.call, (HangUp(channel=offer.channel), *decision.effects))


def _better_cause(call: Call, event: LegHungUp) -> Call:
    """Asterisk tells the request before the cause: keep the moment, take the cause."""
    if event.cause and call.caller_cause in (None, 0, INTERWORKING):
        return replace(call, caller_cause=event.cause)
    return call


def _caller_left(call: Call, event: LegHungUp) -> Decision:
    offer = call.offer
    if offer and not offer.ended:
        if call.stage is Stage.TALKING and call.reading_numbers_to(offer.channel):
            return Decision(
                replace(call, stage=Stage.CLOSING),
                (StartTimer(timer="closing", seconds=READING_SECONDS),),
            )
        return _close(call, HangUp(channel=offer.channel))
    return end(call, event)


def _operator_left(call: Call, event: Event, cause: int | None = None) -> Decision:
    offer = call.offers[-1]
    call = call.with_offer(ended=call.moment(event), cause=cause)
    release = ReleaseOperator(
        operator=offer.operator,
        answered=offer.answered is not None,
        form_number=call.form_number if offer.connected else None,
        ticket_number=call.ticket_number if offer.connected else None,
    )
    if call.caller_gone:
        ended = end(call, event)
        return Decision(ended.call, (release, *ended.effects))
    if call.reading_numbers_to(call.channel):
        wait = StartTimer(timer="closing", seconds=READING_SECONDS)
        return Decision(replace(call, stage=Stage.CLOSING), (release, wait))
    closing = _close(call, HangUp(channel=call.channel))
    return Decision(closing.call, (release, *closing.effects))


def _close(call: Call, *effects: AnyEffect) -> Decision:
    timer = StartTimer(timer="closing", seconds=CLOSING_SECONDS)
    return Decision(replace(call, stage=Stage.CLOSING), (*effects, timer))


def prompt_ended_while_closing(call: Call) -> Decision:
    """The one who stayed has heard what he stayed for."""
    hang_up = tuple(
        HangUp(channel=channel)
        for channel in _present(call)
        if not call.reading_numbers_to(channel) and not call.playing(channel)
    )
    return Decision(call, hang_up)


def closing_timed_out(call: Call) -> Decision:
    """A leg that should be gone is not: ask once more, then believe it gone."""
    if call.stage is not Stage.CLOSING:
        return Decision(call)
    hang_up = tuple(HangUp(channel=channel) for channel in _present(call))
    forced = StartTimer(timer="closing_forced", seconds=CLOSING_SECONDS)
    return Decision(call, (*hang_up, forced))


def closing_forced(call: Call, event: Event) -> Decision:
    """No word came of the last leg; the record is closed all the same, and says by whose word."""
    if call.stage is not Stage.CLOSING:
        return Decision(call)
    call = replace(call, caller_gone=call.caller_gone or call.moment(event))
    if call.offer and not call.offer.ended:
        return _operator_left(call, event)
    return end(call, event)


def _present(call: Call) -> list[ChannelId]:
    """Channels of the legs that are not known to be gone."""
    legs = [] if call.caller_gone else [call.channel]
    if call.offer and not call.offer.ended:
        legs.append(call.offer.channel)
    return legs


def end(call: Call, event: Event) -> Decision:
    """All legs are gone: the call ended when the caller's did."""
    ended: Moment = call.caller_gone or call.moment(event)
    waiting = call.stage is Stage.QUEUEING
    bridged = any(offer.ready for offer in call.offers)
    call = replace(call, stage=Stage.ENDED, ended=ended)
    effects: list[AnyEffect] = [StopSeeking()] if waiting else []
    if bridged:
        effects.append(RemoveBridge(bridge=bridge_of(call.call_id)))
    return Decision(call, (*effects, *after_end(call, event.at)))
