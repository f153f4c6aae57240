"""Facts about one call, in the past tense: everything that the call machine can be told.

Every event carries `at`, the moment it happened by the clock of its `source`: Asterisk's own
timestamp where there is one, because every duration that the SOP judges comes from those.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from agent.domain.identifiers import CallId, ChannelId, OperatorId, PlaybackId
from agent.domain.rules import CallRules
from agent.domain.soft_checks import WarningKey

AGENT = "agent"


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", omit_defaults=True):
    """Something that happened, when, and by whose word."""

    at: datetime
    source: str = AGENT


class Caller(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who seems to call; a caller id is never trusted, and kept raw beside what is shown."""

    raw: str | None = None
    number: str | None = None
    shown: str = "tanpa nomor"


class NumberPair(msgspec.Struct, frozen=True, omit_defaults=True):
    """The two numbers that a caller may be given."""

    form_number: str
    ticket_number: str | None = None


class Opening(Event, frozen=True, kw_only=True):
    """What a call's first event tells: who it is, on which form and by which rules."""

    call_id: CallId
    channel: ChannelId
    caller: Caller
    line: str
    form_number: str
    rules: CallRules


class CallArrived(Opening, frozen=True, kw_only=True, tag="CallArrived"):
    """SOP step 1: a call entered the system; its consultation opens with this form number."""

    by_exchange: bool = False
    """The exchange brought him to an operator by itself: the agent only keeps the record."""


class CallAdopted(Opening, frozen=True, kw_only=True, tag="CallAdopted"):
    """A living call whose record is lost goes on from what its own channel still tells of it."""

    operator: OperatorId | None = None
    operator_channel: ChannelId | None = None


class CallerAnswered(Event, frozen=True, kw_only=True, tag="CallerAnswered"):
    """The caller's leg was answered to let him hear the welcome; not yet by a person."""

    channel: ChannelId


SupervisionMode = Literal["listen", "whisper", "join"]
"""Hear both and be heard by nobody, by the operator alone, or by both."""
PlaybackResult = Literal["done", "failed", "stopped", "overdue", "refused"]


class PromptStarted(Event, frozen=True, kw_only=True, tag="PromptStarted"):
    """A prompt began to be heard."""

    playback: PlaybackId


class PromptFinished(Event, frozen=True, kw_only=True, tag="PromptFinished"):
    """A prompt ended; only `done` means that it was heard to its end."""

    playback: PlaybackId
    result: PlaybackResult


class OperatorOffered(Event, frozen=True, kw_only=True, tag="OperatorOffered"):
    """The floor gives this call an operator who was idle the longest."""

    operator: OperatorId
    name: str
    previous: NumberPair | None = None


class OperatorRinging(Event, frozen=True, kw_only=True, tag="OperatorRinging"):
    """The operator's telephone rings."""

    channel: ChannelId


class OperatorAnswered(Event, frozen=True, kw_only=True, tag="OperatorAnswered"):
    """The operator's leg was answered: the SOP's clocks start."""

    channel: ChannelId


class OperatorLegReady(Event, frozen=True, kw_only=True, tag="OperatorLegReady"):
    """The operator's leg may now be connected."""

    channel: ChannelId


class LegConnected(Event, frozen=True, kw_only=True, tag="LegConnected"):
    """A leg entered the conversation."""

    channel: ChannelId


class OperatorSpoke(Event, frozen=True, kw_only=True, tag="OperatorSpoke"):
    """Speech was detected on the operator's leg."""

    channel: ChannelId


class DigitPressed(Event, frozen=True, kw_only=True, tag="DigitPressed"):
    """A key was pressed on a leg's telephone."""

    channel: ChannelId
    digit: str


ButtonStep = Literal["2", "3", "6", "7", "8", "0"]


class ButtonPressed(Event, frozen=True, kw_only=True, tag="ButtonPressed"):
    """The operator pressed the button on his page that equals a star and this digit."""

    step: ButtonStep
    by: OperatorId


class LegHungUp(Event, frozen=True, kw_only=True, tag="LegHungUp"):
    """A leg is gone; `cause` is the Q.850 cause where Asterisk told one.

    `by_other` says that the one at the other end hung up, where the exchange tells so by itself.
    """

    channel: ChannelId
    cause: int | None = None
    by_other: bool = False


class TicketReserved(Event, frozen=True, kw_only=True, tag="TicketReserved"):
    """A ticket number was set aside for this call."""

    ticket_number: str


class TimerFired(Event, frozen=True, kw_only=True, tag="TimerFired"):
    """Time that the call asked for is over."""

    timer: str


class HandedToExchange(Event, frozen=True, kw_only=True, tag="HandedToExchange"):
    """From here on the exchange brings the caller to an operator by itself."""

    channel: ChannelId


class NoticeHeard(Event, frozen=True, kw_only=True, tag="NoticeHeard"):
    """The exchange played the recording notice to its end."""

    channel: ChannelId


class OperatorTookCall(Event, frozen=True, kw_only=True, tag="OperatorTookCall"):
    """An operator answered a call that the exchange offered him."""

    operator: OperatorId
    channel: ChannelId


class StepMarked(Event, frozen=True, kw_only=True, tag="StepMarked"):
    """The operator pressed a star and this step's digit, and the exchange understood it."""

    channel: ChannelId
    step: str


class NobodyTookCall(Event, frozen=True, kw_only=True, tag="NobodyTookCall"):
    """The exchange found no operator and told the caller so."""

    channel: ChannelId


class VoicemailLeft(Event, frozen=True, kw_only=True, tag="VoicemailLeft"):
    """The caller spoke a message; `recording` is its name in the exchange's folder of messages."""

    channel: ChannelId
    recording: str


class SupervisorCalled(Event, frozen=True, kw_only=True, tag="SupervisorCalled"):
    """A supervisor wants to be in this conversation; his telephone is rung."""

    supervisor: OperatorId
    name: str
    mode: SupervisionMode


class SupervisorJoined(Event, frozen=True, kw_only=True, tag="SupervisorJoined"):
    """The supervisor's telephone was answered: from here on he hears the conversation."""

    channel: ChannelId


class SupervisionModeChanged(Event, frozen=True, kw_only=True, tag="SupervisionModeChanged"):
    """The supervisor wants to be heard by others than before."""

    supervisor: OperatorId
    mode: SupervisionMode


class SupervisorLeft(Event, frozen=True, kw_only=True, tag="SupervisorLeft"):
    """The supervisor hung up, was not there, or wants to leave."""

    channel: ChannelId
    cause: int | None = None


class EffectRefused(Event, frozen=True, kw_only=True, tag="EffectRefused"):
    """A wish could not be fulfilled; `target` is the channel, playback or bridge it was about."""

    effect: str
    target: str = ""
    reason: str = ""


class FieldFilled(Event, frozen=True, kw_only=True, tag="FieldFilled"):
    """A field of the form got a value: as typed, in its normal form, and what seems wrong with it.

    `complete` names the steps that lack no field after this; `tells_outcome` says that the field is
    the one for the call's outcome.
    """

    field: str
    raw: str
    value: str | None
    warnings: tuple[WarningKey, ...] = ()
    complete: tuple[str, ...] = ()
    tells_outcome: bool = False
    by: str


class FormFinished(Event, frozen=True, kw_only=True, tag="FormFinished"):
    """Whoever fills in the form says that nothing more will be written."""

    by: str


class CaseHandedOver(Event, frozen=True, kw_only=True, tag="CaseHandedOver"):
    """SOP step 8: the message that moves the case on was accepted; `way` says by which way."""

    way: str


class CaseNotHandedOver(Event, frozen=True, kw_only=True, tag="CaseNotHandedOver"):
    """No message was accepted for so long that none is sent any more."""


class FormArchived(Event, frozen=True, kw_only=True, tag="FormArchived"):
    """SOP step 7: the consultation's document was written once, with this hash."""

    path: str
    sha256: str


class DetailShed(Event, frozen=True, kw_only=True, tag="DetailShed"):
    """Here stood `count` facts that were not kept: the database was away for too long.

    No call is told so while it lives; it stands in place of the missing when a log is read.
    """

    count: Annotated[int, Meta(ge=1)]


AnyEvent = (
    CallArrived
    | CallerAnswered
    | PromptStarted
    | PromptFinished
    | OperatorOffered
    | OperatorRinging
    | OperatorAnswered
    | OperatorLegReady
    | LegConnected
    | OperatorSpoke
    | DigitPressed
    | ButtonPressed
    | LegHungUp
    | TicketReserved
    | TimerFired
    | EffectRefused
    | FormArchived
    | FieldFilled
    | FormFinished
    | CaseHandedOver
    | CaseNotHandedOver
    | CallAdopted
    | HandedToExchange
    | NoticeHeard
    | OperatorTookCall
    | StepMarked
    | NobodyTookCall
    | VoicemailLeft
    | SupervisorCalled
    | SupervisorJoined
    | SupervisionModeChanged
    | SupervisorLeft
    | DetailShed
)
