"""What is known of one call so far: the state that the call machine reads and answers anew."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from agent.domain.effects import AnyEffect
from agent.domain.events import (
    Caller,
    Event,
    NumberPair,
    Opening,
    PlaybackResult,
    SupervisionMode,
)
from agent.domain.form_filling import ConsultationForm
from agent.domain.identifiers import CallId, ChannelId, OperatorId, PlaybackId
from agent.domain.rules import CallRules


class Stage(StrEnum):
    """What the call waits for."""

    WELCOMING = "welcoming"
    QUEUEING = "queueing"
    RINGING = "ringing"
    CONNECTING = "connecting"
    TALKING = "talking"
    HANDED = "handed"
    CLOSING = "closing"
    ENDED = "ended"
    ARCHIVED = "archived"


class Moment(msgspec.Struct, frozen=True):
    """When, by whose word, and which event of the call proves it (its place in the call's log)."""

    at: datetime
    source: str
    event: int


class Playback(msgspec.Struct, frozen=True, omit_defaults=True):
    """One prompt on one leg, with the proof of how much of it was heard."""

    playback: PlaybackId
    channel: ChannelId
    prompt: str
    started: Moment | None = None
    finished: Moment | None = None
    result: PlaybackResult | None = None
    stopped: bool = False

    def how_it_ended(self, told: PlaybackResult) -> PlaybackResult:
        """What an end that Asterisk told means: it calls a prompt done that we stopped."""
        return "stopped" if self.stopped and told == "done" else told

    @property
    def heard(self) -> Moment | None:
        """When it was heard to its end, if it was."""
        return self.finished if self.result == "done" else None


class Offer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One operator's telephone that was rung for this call."""

    operator: OperatorId
    name: str
    channel: ChannelId
    offered: Moment
    previous: NumberPair | None = None
    ringing: Moment | None = None
    answered: Moment | None = None
    ready: bool = False
    connected: Moment | None = None
    ended: Moment | None = None
    cause: int | None = None
    hung_up: bool = False


class ModeTaken(msgspec.Struct, frozen=True):
    """Which mode a supervisor wanted, and since when."""

    mode: SupervisionMode
    since: Moment


class Supervision(msgspec.Struct, frozen=True, omit_defaults=True):
    """One session of a supervisor with this call, from the ring of his telephone to his leaving."""

    supervisor: OperatorId
    name: str
    channel: ChannelId
    modes: tuple[ModeTaken, ...]
    joined: Moment | None = None
    ended: Moment | None = None
    cause: int | None = None

    @property
    def mode(self) -> SupervisionMode:
        """By whom he is heard now, or was at last."""
        return self.modes[-1].mode

    @property
    def called(self) -> Moment:
        """When he asked for it."""
        return self.modes[0].since


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call from its arrival to the archived form."""

    call_id: CallId
    channel: ChannelId
    caller: Caller
    line: str
    form_number: str
    rules: CallRules
    arrived: Moment
    stage: Stage = Stage.WELCOMING
    events: int = 1
    playbacks: tuple[Playback, ...] = ()
    offers: tuple[Offer, ...] = ()
    supervisions: tuple[Supervision, ...] = ()
    round_start: int = 0
    caller_answered: Moment | None = None
    queued: Moment | None = None
    caller_connected: Moment | None = None
    greeted: Moment | None = None
    greeted_by: Literal["speech", "mark"] | None = None
    identity_taken: Moment | None = None
    form: ConsultationForm = ConsultationForm()
    form_complete: dict[str, Moment] = {}
    """When all that a step needs stood on the form for the first time, by the step's name."""
    form_lacking: dict[str, Moment] = {}
    """When a step that had all it needs came to lack something; not there once it has all again."""
    complete_now: tuple[str, ...] = ()
    form_finished: Moment | None = None
    outcome_told: str | None = None
    star: Moment | None = None
    decision: Literal["solved", "escalated"] | None = None
    decided: Moment | None = None
    ticket_number: str | None = None
    ticket_reserved: Moment | None = None
    gave_up: Moment | None = None
    by_exchange: Moment | None = None
    adopted: Moment | None = None
    voicemail: Moment | None = None
    voicemail_recording: str | None = None
    caller_gone: Moment | None = None
    caller_cause: int | None = None
    ended: Moment | None = None
    hand_over_asked: Moment | None = None
    handed_over: Moment | None = None
    hand_over_given_up: Moment | None = None
    archived: Moment | None = None
    archive_path: str | None = None
    archive_sha256: str | None = None

    @classmethod
    def opened(cls, event: Opening) -> "Call":
        """The call as its first event tells it."""
        return cls(
            call_id=event.call_id,
            channel=event.channel,
            caller=event.caller,
            line=event.line,
            form_number=event.form_number,
            rules=event.rules,
            form=ConsultationForm(event.rules.zone),
            arrived=Moment(event.at, event.source, 1),
        )

    def moment(self, event: Event) -> Moment:
        """The event that is being decided, as proof."""
        return Moment(event.at, event.source, self.events)

    @property
    def offer(self) -> Offer | None:
        """The operator's leg that counts: the last one rung, unless it has failed."""
        if not self.offers:
            return None
        last = self.offers[-1]
        return last if last.ended is None or last.connected else None

    @property
    def tried(self) -> tuple[OperatorId, ...]:
        """Operators whose telephones were rung in this round, each once."""
        return tuple(dict.fromkeys(offer.operator for offer in self.offers[self.round_start :]))

    @property
    def conversation(self) -> Offer | None:
        """The operator with whom the caller was connected."""
        offer = self.offer
        return offer if offer and offer.connected and self.caller_connected else None

    def is_of(self, operator: str | None) -> bool:
        """Whether it is his: he talks or talked with the caller, or his telephone rings for him."""
        offer = self.offer
        if offer is None or offer.operator != operator:
            return False
        return offer == self.conversation or not (offer.ended or self.ended)

    @property
    def supervision(self) -> Supervision | None:
        """The session of the supervisor who is there, or whose telephone is being rung."""
        last = self.supervisions[-1] if self.supervisions else None
        return last if last and not last.ended else None

    @property
    def ticket_awaited(self) -> bool:
        """Whether the case is escalated and its ticket is still on its way."""
        return self.decision == "escalated" and self.ticket_number is None

    @property
    def hand_over_awaited(self) -> bool:
        """Whether an escalated case has not gone on by message yet, and still may."""
        settled = self.handed_over or self.hand_over_given_up
        return self.rules.hand_over and self.decision == "escalated" and not settled

    @property
    def operator_gone(self) -> Moment | None:
        """When the operator with whom the caller was connected left."""
        return self.conversation.ended if self.conversation else None

    @property
    def last_known(self) -> datetime:
        """The latest moment of which anything is on record: the call did not end before it."""
        moments = [self.arrived, self.caller_answered, self.queued, self.caller_connected]
        moments += [self.greeted, self.identity_taken, self.decided]
        for offer in self.offers:
            moments += [offer.offered, offer.ringing, offer.answered, offer.connected]
        for playback in self.playbacks:
            moments += [playback.started, playback.finished]
        return max(moment.at for moment in moments if moment)

    def with_offer(self, **changes: object) -> "Call":
        """The call with its last offer changed."""
        changed = msgspec.structs.replace(self.offers[-1], **changes)
        return msgspec.structs.replace(self, offers=(*self.offers[:-1], changed))

    def playing(self, channel: ChannelId) -> tuple[Playback, ...]:
        """Prompts of this leg that have not finished, oldest first."""
        return tuple(p for p in self.playbacks if p.channel == channel and p.finished is None)

    def reading_numbers_to(self, channel: ChannelId) -> bool:
        """Whether this leg is hearing the numbers, or is about to."""
        both = self.rules.numbers_heard_by == "both"
        awaited = self.ticket_awaited and (both or channel != self.channel)
        return awaited or any(p.prompt == "numbers" for p in self.playing(channel))


class Decision(msgspec.Struct, frozen=True):
    """The answer to one event: the call as it is now, and what must happen."""

    call: Call
    effects: tuple[AnyEffect, ...] = ()
