"""Wishes of one call, in the imperative: everything that the call machine can ask for."""

from typing import Literal

import msgspec

from agent.domain.events import SupervisionMode
from agent.domain.identifiers import BridgeId, ChannelId, OperatorId, PlaybackId


class Effect(msgspec.Struct, frozen=True, kw_only=True, tag_field="effect", omit_defaults=True):
    """Something that must happen; a repeat of it after a crash does no harm."""


class AnswerCaller(Effect, frozen=True, kw_only=True, tag="AnswerCaller"):
    """Answer the caller's leg so that he can hear the welcome."""

    channel: ChannelId


class PlayPrompt(Effect, frozen=True, kw_only=True, tag="PlayPrompt"):
    """Let one leg alone hear a prompt, with the numbers where the prompt names them."""

    channel: ChannelId
    playback: PlaybackId
    prompt: str
    form_number: str | None = None
    ticket_number: str | None = None


class StopPrompt(Effect, frozen=True, kw_only=True, tag="StopPrompt"):
    """End a prompt before its end."""

    channel: ChannelId
    playback: PlaybackId


class RingCaller(Effect, frozen=True, kw_only=True, tag="RingCaller"):
    """Let the waiting caller hear the ringing tone; from `leaves` he is taken out before."""

    channel: ChannelId
    leaves: BridgeId | None = None


class SeekOperator(Effect, frozen=True, kw_only=True, tag="SeekOperator"):
    """Wait on the floor for an operator; those in `tried` only when they become free anew."""

    tried: tuple[OperatorId, ...] = ()


class StopSeeking(Effect, frozen=True, kw_only=True, tag="StopSeeking"):
    """Leave the floor's queue."""


class RingOperator(Effect, frozen=True, kw_only=True, tag="RingOperator"):
    """Ring an operator's telephone, showing him who calls."""

    channel: ChannelId
    operator: OperatorId
    caller_channel: ChannelId
    caller_shown: str
    ring_seconds: float


class ConnectLegs(Effect, frozen=True, kw_only=True, tag="ConnectLegs"):
    """Let caller and operator talk; their keys are not heard by each other."""

    bridge: BridgeId
    caller: ChannelId
    operator: ChannelId


class MarkTalk(Effect, frozen=True, kw_only=True, tag="MarkTalk"):
    """Let the caller's channel itself know that he talks, and with whom.

    Until it does the exchange takes him for one who waits, and sends him on when that was too long.
    """

    channel: ChannelId
    bridge: BridgeId


class RingSupervisor(Effect, frozen=True, kw_only=True, tag="RingSupervisor"):
    """Ring the telephone of a supervisor, showing him which form is talked about."""

    channel: ChannelId
    supervisor: OperatorId
    caller_channel: ChannelId
    form_number: str
    ring_seconds: float


class Supervise(Effect, frozen=True, kw_only=True, tag="Supervise"):
    """Let a supervisor whose leg is there hear the conversation, and be heard as the mode says.

    To listen or whisper he is alone in `bridge` with the ear `listens` on the operator's leg; to
    join he enters `conversation`. The ear of the mode before, `drops`, goes first.
    """

    channel: ChannelId
    mode: SupervisionMode
    operator: ChannelId
    conversation: BridgeId
    bridge: BridgeId
    listens: ChannelId | None = None
    drops: ChannelId | None = None


class RemoveBridge(Effect, frozen=True, kw_only=True, tag="RemoveBridge"):
    """The conversation's bridge is no longer needed."""

    bridge: BridgeId


class HangUp(Effect, frozen=True, kw_only=True, tag="HangUp"):
    """End a leg."""

    channel: ChannelId
    reason: Literal["normal", "no_answer", "answered_elsewhere"] = "normal"


class ReleaseOperator(Effect, frozen=True, kw_only=True, tag="ReleaseOperator"):
    """Give the operator back to the floor, with the numbers of this call if he had it.

    `missed`: his telephone rang its full time and nobody came.
    """

    operator: OperatorId
    answered: bool
    missed: bool = False
    form_number: str | None = None
    ticket_number: str | None = None


class ReserveTicket(Effect, frozen=True, kw_only=True, tag="ReserveTicket"):
    """Set aside the next ticket number for this call."""


class StartTimer(Effect, frozen=True, kw_only=True, tag="StartTimer"):
    """Tell the call when this time is over; a timer of the same name starts anew."""

    timer: str
    seconds: float


class CancelTimer(Effect, frozen=True, kw_only=True, tag="CancelTimer"):
    """Forget a timer."""

    timer: str


class ArchiveForm(Effect, frozen=True, kw_only=True, tag="ArchiveForm"):
    """SOP step 7: write the consultation's document."""


class HandOverCase(Effect, frozen=True, kw_only=True, tag="HandOverCase"):
    """SOP step 8: open the ticket and send the case on by message; a repeat sends nothing twice."""


AnyEffect = (
    AnswerCaller
    | PlayPrompt
    | StopPrompt
    | RingCaller
    | SeekOperator
    | StopSeeking
    | RingOperator
    | ConnectLegs
    | MarkTalk
    | RingSupervisor
    | Supervise
    | RemoveBridge
    | HangUp
    | ReleaseOperator
    | ReserveTicket
    | StartTimer
    | CancelTimer
    | ArchiveForm
    | HandOverCase
)
