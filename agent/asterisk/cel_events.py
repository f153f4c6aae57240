"""What an entry of Asterisk's own journal tells a call; later than ARI, but also when we were dead.

The domain bears repetition, so a living call is told everything and learns only what it missed.
"""

import hashlib
import re
from collections.abc import Sequence

from agent.asterisk.caller_id import parse_caller
from agent.domain.events import (
    AnyEvent,
    CallerAnswered,
    HandedToExchange,
    LegConnected,
    LegHungUp,
    NobodyTookCall,
    NoticeHeard,
    OperatorAnswered,
    OperatorTookCall,
    StepMarked,
    SupervisorLeft,
    VoicemailLeft,
)
from agent.domain.identifiers import CallId, ChannelId, OperatorId
from agent.runtime.dispatcher import call_of, is_of_supervision, is_supervisor
from agent.runtime.doors import Arrival, LedgerEntry

CALLERS_CONTEXT = "from-trunk"
"""Where the dialplan lets callers in."""

LONGEST_NAME = 80

_OPERATOR = re.compile(r"PJSIP/(op-\d+)-[0-9a-f]+")
_MESSAGE = re.compile(r"[0-9.]+\.wav")
"""What the dialplan calls a message, and no name else: it leads to a file."""

Told = tuple[ChannelId, AnyEvent]


def told_by(entry: LedgerEntry) -> Told | None:
    """The call, by a channel of its own, and the event; None when it tells a call nothing."""
    event = _ours(entry) if call_of(entry.channel) else _others(entry)
    if event is None:
        return None
    return (entry.channel if call_of(entry.channel) else entry.linked), event


def arrival_in(entries: Sequence[LedgerEntry]) -> Arrival | None:
    """The arrival of a caller without a record, from all entries of his call."""
    for entry in entries:
        first = entry.kind == "began" and entry.channel == entry.linked
        if first and entry.context == CALLERS_CONTEXT:
            name = f"{entry.channel} {entry.at.isoformat()}".encode()
            return Arrival(
                at=entry.at,
                source="CEL CHAN_START",
                call_id=CallId(hashlib.blake2s(name, digest_size=8).hexdigest()),
                channel=entry.channel,
                caller=parse_caller(entry.number, entry.shown),
                line=entry.line,
                by_exchange=True,
            )
    return None


def _ours(entry: LedgerEntry) -> AnyEvent | None:
    """A leg that we made: an operator's, or a supervisor's, who is never taken for one."""
    if is_of_supervision(entry.channel):
        return _of_supervision(entry)
    match entry.kind:
        case "answered":
            return OperatorAnswered(at=entry.at, source="CEL ANSWER", channel=entry.channel)
        case "joined" if call_of(entry.bridge):
            return LegConnected(at=entry.at, source="CEL BRIDGE_ENTER", channel=entry.channel)
        case "hung_up":
            return _hung_up(entry)
        case _:
            return None


def _of_supervision(entry: LedgerEntry) -> AnyEvent | None:
    if entry.kind != "hung_up" or not is_supervisor(entry.channel):
        return None
    return SupervisorLeft(
        at=entry.at, source="CEL HANGUP", channel=entry.channel, cause=entry.cause or None
    )


def _others(entry: LedgerEntry) -> AnyEvent | None:
    """A caller's leg, or an operator's that the dialplan rang."""
    if entry.kind == "marked":
        return _marked(entry)
    if entry.channel == entry.linked:
        match entry.kind:
            case "answered":
                return CallerAnswered(at=entry.at, source="CEL ANSWER", channel=entry.channel)
            case "joined":
                return LegConnected(at=entry.at, source="CEL BRIDGE_ENTER", channel=entry.channel)
            case "hung_up":
                return _hung_up(entry, by_other=_OPERATOR.fullmatch(entry.ended_by) is not None)
        return None
    operator = _OPERATOR.fullmatch(entry.device)
    match entry.kind:
        case "answered" if operator:
            return OperatorTookCall(
                at=entry.at,
                source="CEL ANSWER",
                operator=OperatorId(operator[1]),
                channel=entry.channel,
            )
        case "joined":
            return LegConnected(at=entry.at, source="CEL BRIDGE_ENTER", channel=entry.channel)
        case "hung_up" if entry.ended_by in ("", entry.device):
            # When the caller hung up, Asterisk writes this leg's end first all the same.
            return _hung_up(entry)
        case _:
            return None


def _hung_up(entry: LedgerEntry, *, by_other: bool = False) -> LegHungUp:
    return LegHungUp(
        at=entry.at,
        source="CEL HANGUP",
        channel=entry.channel,
        cause=entry.cause or None,
        by_other=by_other,
    )


def _marked(entry: LedgerEntry) -> AnyEvent | None:
    at, source, channel = entry.at, f"CEL {entry.mark}", entry.channel
    match entry.mark:
        case "LPSE_FALLBACK":
            return HandedToExchange(at=at, source=source, channel=channel)
        case "LPSE_NOTICE":
            return NoticeHeard(at=at, source=source, channel=channel)
        case "LPSE_MARK":
            return StepMarked(at=at, source=source, channel=channel, step=entry.note[:1])
        case "LPSE_NOBODY":
            return NobodyTookCall(at=at, source=source, channel=channel)
        case "LPSE_VOICEMAIL":
            # Asterisk names it after the channel, which is known where a broken line lost the name.
            name = entry.note or f"{channel}.wav"
            if not _MESSAGE.fullmatch(name) or len(name) > LONGEST_NAME:
                return None
            return VoicemailLeft(at=at, source=source, channel=channel, recording=name)
        case _:
            return None
