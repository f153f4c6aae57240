"""ARI's events in the domain's words: which call they are about and what they tell it."""

import hashlib
from datetime import datetime

from agent.asterisk.ari_messages import (
    AnyMessage,
    Channel,
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    ChannelHangupRequest,
    ChannelStateChange,
    ChannelTalkingStarted,
    PlaybackFinished,
    PlaybackStarted,
    StasisStart,
)
from agent.asterisk.call_marks import parse_marks
from agent.asterisk.caller_id import parse_caller
from agent.domain.events import (
    AnyEvent,
    CallerAnswered,
    DigitPressed,
    LegConnected,
    LegHungUp,
    OperatorAnswered,
    OperatorLegReady,
    OperatorRinging,
    OperatorSpoke,
    PlaybackResult,
    PromptFinished,
    PromptStarted,
    SupervisorJoined,
    SupervisorLeft,
)
from agent.domain.identifiers import CallId, ChannelId, PlaybackId
from agent.runtime.dispatcher import call_of, is_of_supervision, is_supervisor
from agent.runtime.doors import Arrival

Told = tuple[str, AnyEvent]
"""The channel or playback that an event is about, and the event."""


class TimeInvalid(ValueError):
    """An event's timestamp cannot be read."""


def parse_time(text: str) -> datetime:
    """Asterisk's timestamp, e.g. 2026-11-22T08:40:20.213+0000. Raises TimeInvalid."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise TimeInvalid(text[:40]) from error
    if moment.tzinfo is None:
        raise TimeInvalid(text[:40])
    return moment


def call_id_of(channel: Channel) -> CallId:
    """A call's id follows from its caller's channel, so that a repeated arrival is the same call.

    The channel's creation time is part of it: a restarted Asterisk may count channels anew.
    """
    name = f"{channel.id} {channel.creationtime}".encode()
    return CallId(hashlib.blake2s(name, digest_size=8).hexdigest())


def arrival(channel: Channel, at: datetime, source: str) -> Arrival:
    """A caller's leg that entered our application; one that is marked was a call before."""
    marks = parse_marks(channel.channelvars)
    return Arrival(
        at=at,
        source=source,
        call_id=marks.call_id if marks else call_id_of(channel),
        channel=ChannelId(channel.id),
        caller=parse_caller(channel.caller.number, channel.caller.name),
        line=channel.dialplan.exten[:32],
        answered=channel.state == "Up",
        marked=marks,
    )


def parse_event(message: AnyMessage) -> Arrival | Told | None:
    """What an ARI event tells; None when it tells nothing. Raises TimeInvalid."""
    source = f"ARI {type(message).__name__}"
    about = getattr(message, "channel", None)
    if isinstance(about, Channel) and is_of_supervision(about.id):
        return _of_supervision(message, ChannelId(about.id), source)
    match message:
        case StasisStart(channel=channel):
            return _entered(message, channel, source)
        case ChannelStateChange(channel=channel):
            return _changed(message, channel, source)
        case ChannelHangupRequest(soft=True):
            return None  # it may also mean that the dialplan sends him elsewhere
        case ChannelHangupRequest(channel=channel) | ChannelDestroyed(channel=channel):
            return channel.id, LegHungUp(
                at=parse_time(message.timestamp),
                source=source,
                channel=ChannelId(channel.id),
                cause=message.cause or None,
            )
        case PlaybackStarted(playback=playback):
            return playback.id, PromptStarted(
                at=parse_time(message.timestamp), source=source, playback=PlaybackId(playback.id)
            )
        case PlaybackFinished(playback=playback):
            return playback.id, PromptFinished(
                at=parse_time(message.timestamp),
                source=source,
                playback=PlaybackId(playback.id),
                result=_result(playback.state),
            )
        case _:
            return _during_talk(message, source)


def _entered(message: StasisStart, channel: Channel, source: str) -> Arrival | Told:
    at = parse_time(message.timestamp)
    if call_of(channel.id):
        ready = OperatorLegReady(at=at, source=source, channel=ChannelId(channel.id))
        return channel.id, ready
    return arrival(channel, at, source)


def _of_supervision(message: AnyMessage, leg: ChannelId, source: str) -> Told | None:
    """That a supervisor came or went; what he says and presses means nothing to the call."""
    if not is_supervisor(leg):
        return None
    at = parse_time(message.timestamp)
    match message:
        case StasisStart():
            return leg, SupervisorJoined(at=at, source=source, channel=leg)
        case ChannelHangupRequest(soft=False) | ChannelDestroyed():
            cause = message.cause or None
            return leg, SupervisorLeft(at=at, source=source, channel=leg, cause=cause)
        case _:
            return None


def _changed(message: ChannelStateChange, channel: Channel, source: str) -> Told | None:
    at, leg = parse_time(message.timestamp), ChannelId(channel.id)
    ours = call_of(channel.id) is not None
    match channel.state:
        case "Up" if ours:
            return channel.id, OperatorAnswered(at=at, source=f"{source} Up", channel=leg)
        case "Up":
            return channel.id, CallerAnswered(at=at, source=f"{source} Up", channel=leg)
        case "Ringing" if ours:
            return channel.id, OperatorRinging(at=at, source=f"{source} Ringing", channel=leg)
        case _:
            return None


def _during_talk(message: AnyMessage, source: str) -> Told | None:
    match message:
        case ChannelEnteredBridge(channel=channel):
            event: AnyEvent = LegConnected(
                at=parse_time(message.timestamp), source=source, channel=ChannelId(channel.id)
            )
        case ChannelTalkingStarted(channel=channel):
            event = OperatorSpoke(
                at=parse_time(message.timestamp), source=source, channel=ChannelId(channel.id)
            )
        case ChannelDtmfReceived(channel=channel):
            event = DigitPressed(
                at=parse_time(message.timestamp),
                source=source,
                channel=ChannelId(channel.id),
                digit=message.digit[:1],
            )
        case _:
            return None
    return channel.id, event


def _result(state: str) -> PlaybackResult:
    """Asterisk says `done` also for a prompt that was stopped; the domain knows what it stopped."""
    return "done" if state == "done" else "failed"
