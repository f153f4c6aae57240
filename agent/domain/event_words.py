"""What each event of a call says to people, in a catalogue's words; commands and pages alike."""

from typing import Any

import msgspec

from agent.domain.call_prompts import find
from agent.domain.call_state import Call
from agent.domain.events import (
    AnyEvent,
    CallAdopted,
    CallArrived,
    CaseHandedOver,
    EffectRefused,
    FieldFilled,
    FormArchived,
    LegHungUp,
    PromptFinished,
    PromptStarted,
    SupervisionModeChanged,
    SupervisorCalled,
)
from agent.domain.words import Say


def event_told(call: Call, event: AnyEvent, say: Say) -> str:
    """One line for an event of this call: the sentence of its name, with its values."""
    name, values = type(event).__name__, msgspec.structs.asdict(event)
    if channel := values.get("channel"):
        values |= {"leg": who(call, channel, say), "named": _named(call, channel, say)}
    match event:
        case CallArrived(caller=caller) | CallAdopted(caller=caller):
            values["caller"] = caller.shown
        case PromptStarted() | PromptFinished():
            values |= _heard(call, event, say)
        case LegHungUp(cause=code):
            values["cause"] = cause_told(code, say)
        case EffectRefused(reason=""):
            values["reason"] = say("record.events.no_reason")
        case FieldFilled(value=None | ""):
            name = "FieldEmptied"
        case CaseHandedOver(way=way):
            values["way"] = _known(f"ticket.ways.{way}", way, say)
        case FormArchived(sha256=sha256):
            values["sha256"] = sha256[:16]
        case SupervisorCalled(mode=mode) | SupervisionModeChanged(mode=mode):
            values["mode"] = say(f"record.supervision.{mode}")
    return say(f"record.events.{name}", **values)


def who(call: Call, channel: str, say: Say) -> str:
    """Whose leg a channel is."""
    if channel == call.channel:
        return say("record.legs.caller")
    offer = next((offer for offer in call.offers if offer.channel == channel), None)
    if offer:
        return say("record.legs.operator", account=offer.operator)
    session = next((one for one in call.supervisions if one.channel == channel), None)
    if session:
        return say("record.legs.supervisor", account=session.supervisor)
    return say("record.legs.other", channel=channel)


def cause_told(code: int | None, say: Say) -> str:
    """Why a leg ended: Q.850, as telephones say it."""
    if code is None:
        return say("record.causes.none")
    return _known(f"record.causes.{code}", say("record.causes.other", code=code), say)


def _named(call: Call, channel: str, say: Say) -> str:
    leg = who(call, channel, say)
    return leg[:1].upper() + leg[1:]


def _heard(call: Call, event: PromptStarted | PromptFinished, say: Say) -> dict[str, Any]:
    """Who heard what, and of its end, how it came."""
    known = find(call, event.playback)
    prompt = known.prompt if known else event.playback
    values = {
        "named": _named(call, known.channel if known else event.playback, say),
        "prompt": _known(f"record.prompts.{prompt}", prompt, say),
    }
    if isinstance(event, PromptFinished):
        result = known.how_it_ended(event.result) if known else event.result
        values["result"] = say(f"record.playback_results.{result}")
    return values


def _known(key: str, other: str, say: Say) -> str:
    """The words of what may be on record without the catalogue knowing it, else these."""
    try:
        return say(key)
    except KeyError:
        return other
