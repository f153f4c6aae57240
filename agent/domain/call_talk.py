"""The conversation: greeting, star codes, the decision, and the numbers read aloud.

The operator marks the SOP's steps with a star and the step's number; the star codes are the only
keys that mean anything, everything else is answered with a low tone that he alone hears.
"""

from datetime import timedelta

from msgspec.structs import replace

from agent.domain import call_form, call_prompts
from agent.domain.call_form import and_then
from agent.domain.call_prompts import ACCEPTED, REFUSED
from agent.domain.call_state import Call, Decision, Offer, Stage
from agent.domain.effects import (
    AnyEffect,
    ArchiveForm,
    CancelTimer,
    MarkTalk,
    ReserveTicket,
    StartTimer,
)
from agent.domain.events import (
    ButtonPressed,
    DigitPressed,
    FormFinished,
    NumberPair,
    OperatorSpoke,
    TicketReserved,
)
from agent.domain.identifiers import bridge_of

CODE_SECONDS = 3.0
"""How long a star waits for its digit."""

TICKET_AGAIN_SECONDS = 5.0
MARK_AGAIN_SECONDS = 2.0


def mark(call: Call) -> MarkTalk:
    """The wish that the caller's channel knows of the conversation."""
    return MarkTalk(channel=call.channel, bridge=bridge_of(call.call_id))


def mark_refused(call: Call) -> Decision:
    """One request that is lost must not end the talk later: it is tried again while they talk."""
    if call.stage is not Stage.TALKING:
        return Decision(call)
    return Decision(call, (StartTimer(timer="mark", seconds=MARK_AGAIN_SECONDS),))


def mark_again(call: Call) -> Decision:
    """Not while the caller hears a prompt: the exchange would hold every command back behind it."""
    if call.stage is Stage.TALKING and not call.playing(call.channel):
        return Decision(call, (mark(call),))
    return mark_refused(call)


def operator_spoke(call: Call, event: OperatorSpoke) -> Decision:
    """Step 2: the operator's first speech on the line is the greeting."""
    offer = call.offer
    if call.greeted or not offer or offer.channel != event.channel:
        return Decision(call)
    if not offer.answered or offer.ended:
        return Decision(call)
    return Decision(replace(call, greeted=call.moment(event), greeted_by="speech"))


def digit_pressed(call: Call, event: DigitPressed) -> Decision:
    """A key of the operator's telephone; the caller's keys mean nothing."""
    offer = call.conversation
    if not offer or offer.ended or offer.channel != event.channel:
        return Decision(call)
    star, call = call.star, replace(call, star=None)
    if star and abs(event.at - star.at) > timedelta(seconds=CODE_SECONDS):
        star = None
    if star:
        decision = _code(call, event, offer, event.digit)
        return Decision(decision.call, (CancelTimer(timer="code"), *decision.effects))
    if event.digit == "*":
        wait = StartTimer(timer="code", seconds=CODE_SECONDS)
        return Decision(replace(call, star=call.moment(event)), (wait,))
    return _tone(call, offer, REFUSED)


def code_timed_out(call: Call) -> Decision:
    """A star without a digit."""
    if not call.star or not call.offer or call.offer.ended:
        return Decision(call)
    return _tone(replace(call, star=None), call.offer, REFUSED)


def button_pressed(call: Call, event: ButtonPressed) -> Decision:
    """A button of the operator's page: as if he had pressed star and digit on his telephone."""
    offer = call.conversation
    if not offer or offer.operator != event.by:
        return Decision(call)
    if offer.ended:
        return _after_talk(call, event)
    return _code(call, event, offer, event.step)


def _after_talk(call: Call, event: ButtonPressed) -> Decision:
    """He has put his telephone down, and only the form can still be finished."""
    if event.step != "7":
        return Decision(call)
    return call_form.form_finished(
        call, FormFinished(at=event.at, source=event.source, by=event.by)
    )


def _code(call: Call, event: DigitPressed | ButtonPressed, offer: Offer, digit: str) -> Decision:
    now = call.moment(event)
    match digit:
        case "2" if call.greeted is None:
            return _tone(replace(call, greeted=now, greeted_by="mark"), offer, ACCEPTED)
        case "2":
            return _tone(call, offer, ACCEPTED)
        case "3":
            return _tone(replace(call, identity_taken=call.identity_taken or now), offer, ACCEPTED)
        case "6" if call.decision is None:
            return _tone(replace(call, decision="solved", decided=now), offer, ACCEPTED)
        case "6" if call.decision == "solved":
            return _tone(call, offer, ACCEPTED)
        case "7":
            finished = FormFinished(at=event.at, source=event.source, by=offer.operator)
            accepted = _tone(call, offer, ACCEPTED)
            return and_then(accepted, lambda call: call_form.form_finished(call, finished))
        case "8" if call.decision != "escalated":
            call = replace(call, decision="escalated", decided=now)
            return and_then(_tone(call, offer, ACCEPTED), call_form.escalated)
        case "8" | "0" if call.ticket_number:
            return _read_numbers(call)
        case "8":  # the ticket is on its way; asking again mends a reservation that failed
            return Decision(call, (ReserveTicket(),))
        case "0":
            return _say(call, offer, "no_numbers_yet")
        case "*" if offer.previous:
            return _say(call, offer, "numbers_last", offer.previous)
        case _:
            return _tone(call, offer, REFUSED)


def ticket_reserved(call: Call, event: TicketReserved) -> Decision:
    """Step 8: the ticket exists; both numbers are read to whoever is on the line."""
    if call.ticket_number:
        return Decision(call)
    call = replace(call, ticket_number=event.ticket_number, ticket_reserved=call.moment(event))
    handed = call_form.go_on(call, event)
    if call.stage is Stage.ENDED:  # nobody is left to hear it; the form waited for it
        archives = any(isinstance(effect, ArchiveForm) for effect in handed.effects)
        waits = () if archives else call_form.after_end(handed.call, event.at)
        return Decision(handed.call, (*handed.effects, *waits))
    return and_then(handed, _read_numbers)


def ticket_refused(call: Call) -> Decision:
    """No ticket number could be had yet; the operator hears it, and it is tried again."""
    again = StartTimer(timer="ticket", seconds=TICKET_AGAIN_SECONDS)
    offer = call.conversation
    if not offer or offer.ended:
        return Decision(call, (again,))
    refused = _tone(call, offer, REFUSED)
    return Decision(refused.call, (*refused.effects, again))


def reserve_again(call: Call) -> Decision:
    """An escalated case needs its ticket, also when nobody is left to hear the number."""
    if not call.ticket_awaited:
        return Decision(call)
    return Decision(call, (ReserveTicket(),))


def _read_numbers(call: Call) -> Decision:
    """Let each leg hear the numbers by itself, so that each has its own proof of hearing."""
    numbers = NumberPair(call.form_number, call.ticket_number)
    offer = call.conversation
    channels = [offer.channel] if offer and not offer.ended else []
    if call.rules.numbers_heard_by == "both" and call.caller_connected and not call.caller_gone:
        channels.append(call.channel)
    effects: list[AnyEffect] = []
    for channel in channels:
        call, stops = call_prompts.stop_all(call, channel)
        effects += stops
        call, prompt = call_prompts.play(call, channel, "numbers", numbers)
        effects.append(prompt)
    return Decision(call, tuple(effects))


def _tone(call: Call, offer: Offer, tone: str) -> Decision:
    call, effect = call_prompts.play(call, offer.channel, tone)
    return Decision(call, (effect,))


def _say(call: Call, offer: Offer, prompt: str, numbers: NumberPair | None = None) -> Decision:
    call, effect = call_prompts.play(call, offer.channel, prompt, numbers)
    return Decision(call, (effect,))
