"""A pretend telephone exchange that keeps the runtime's door: it obeys, refuses, delays, keeps mum.

What it does it tells at once, as a real exchange would. People (who answers, presses, hangs up)
are moved by the test.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Literal

from agent.domain.call_state import Call
from agent.domain.effects import (
    AnswerCaller,
    AnyEffect,
    ArchiveForm,
    ConnectLegs,
    HangUp,
    PlayPrompt,
    RemoveBridge,
    RingOperator,
    RingSupervisor,
    StopPrompt,
)
from agent.domain.events import (
    AnyEvent,
    Caller,
    CallerAnswered,
    DigitPressed,
    FormArchived,
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
from agent.domain.identifiers import BridgeId, CallId, ChannelId, OperatorId, PlaybackId
from agent.runtime import clock
from agent.runtime.dispatcher import is_supervisor
from agent.runtime.doors import DONE, Arrival, Living, Performed
from agent.runtime.errors import EffectFailed, StandDown
from agent.runtime.recorder import OperatorAccount

ARI = "ARI"
SITI, BUDI = OperatorId("op-101"), OperatorId("op-102")
CALLER = Caller(raw="08123456789", number="+628123456789", shown="0812-3456-789")


def arrival_of_call(number: int = 1) -> Arrival:
    """A caller's leg that just entered; the call and its leg are named by the number."""
    return Arrival(
        at=clock.now(),
        source=ARI,
        call_id=CallId(f"c0ffee{number}"),
        channel=ChannelId(f"1795338000.{number}"),
        caller=CALLER,
        line="1500",
    )


class PretendExchange:
    """Implements runtime.doors.Performer and runtime.doors.Exchange."""

    def __init__(self) -> None:
        self.tell: Callable[[str, AnyEvent], None] = lambda _subject, _event: None
        self.begun: list[AnyEffect] = []
        self.done: list[AnyEffect] = []
        self.refuses: list[str] = []
        """Names of effects that are refused, each once for every time it stands here."""
        self.silent: set[str] = set()
        """Names of effects that are done without a word of it."""
        self.broken: set[str] = set()
        """Names of effects at which our own code at this door breaks."""
        self.prompt_seconds: dict[str, float] = {}
        self.playing: set[PlaybackId] = set()
        self.channels: set[ChannelId] = set()
        self.in_our_care: set[ChannelId] = set()
        self.picked_up: set[ChannelId] = set()
        self.bridges: set[BridgeId] = set()
        self.missed: dict[ChannelId, Arrival] = {}
        self.at_standby: set[ChannelId] = set()
        self.fetched: list[ChannelId] = []
        self.sent_to_fallback: list[Arrival] = []
        self.hung_up: list[ChannelId] = []
        self.removed: list[BridgeId] = []
        self.published: list[list[str]] = []
        self.reachable = {SITI, BUDI}
        self.engaged: set[OperatorId] = set()
        """Telephones in a call of the exchange's own."""
        self.announced: list[tuple[OperatorId, Path]] = []
        self.away = False
        self.belongs_to_another = False
        self.times_asked = 0
        self._holds: dict[str, asyncio.Event] = {}

    def hold(self, *names: str) -> None:
        """Effects of these names, or prompts, are begun and not done until let go."""
        self._holds |= {name: asyncio.Event() for name in names}

    def let_go(self, name: str) -> None:
        """Do what was held under this name."""
        self._holds.pop(name).set()

    def names_begun(self) -> list[str]:
        """What was begun, in order; a prompt by its own name."""
        return [_name(effect) for effect in self.begun]

    def names_done(self) -> list[str]:
        """What was done, in order; a prompt by its own name."""
        return [_name(effect) for effect in self.done]

    # The door for wishes

    async def perform(self, call: Call, effect: AnyEffect) -> Performed:
        """Do it and tell it. Raises EffectFailed where that was asked for."""
        kind = type(effect).__name__
        self._reach()
        self.begun.append(effect)
        for name in {kind, _name(effect)} & self._holds.keys():
            await self._holds[name].wait()
        if kind in self.broken:
            raise RuntimeError(f"a mistake of ours in {kind}")
        if kind in self.refuses:
            self.refuses.remove(kind)
            raise EffectFailed("the exchange refused")
        self.done.append(effect)
        if kind not in self.silent:
            self._do(call, effect)
        if isinstance(effect, PlayPrompt):
            return Performed(timedelta(seconds=self.prompt_seconds.get(effect.prompt, 60.0)))
        if isinstance(effect, ArchiveForm):
            form = FormArchived(at=clock.now(), path=f"{call.call_id}.json", sha256="ab" * 32)
            return Performed(event=form)
        return DONE

    def _do(self, call: Call, effect: AnyEffect) -> None:
        match effect:
            case AnswerCaller():
                self.channels.add(effect.channel)
                answered = CallerAnswered(at=clock.now(), source=ARI, channel=effect.channel)
                self.tell(effect.channel, answered)
            case PlayPrompt():
                started = PromptStarted(at=clock.now(), source=ARI, playback=effect.playback)
                self.tell(effect.playback, started)
                self.end_prompt(effect.playback)
            case StopPrompt():
                self.end_prompt(effect.playback)
            case RingOperator():
                self.channels.add(effect.channel)
                ringing = OperatorRinging(at=clock.now(), source=ARI, channel=effect.channel)
                self.tell(effect.channel, ringing)
            case RingSupervisor():
                self.channels.add(effect.channel)
                joined = SupervisorJoined(at=clock.now(), source=ARI, channel=effect.channel)
                self.tell(effect.channel, joined)
            case ConnectLegs():
                self.bridges.add(effect.bridge)
                for leg in (effect.caller, effect.operator):
                    self.tell(leg, LegConnected(at=clock.now(), source=ARI, channel=leg))
            case RemoveBridge():
                self.bridges.discard(effect.bridge)
            case HangUp():
                self.leave(effect.channel)

    # People

    def end_prompt(self, playback: PlaybackId, result: PlaybackResult = "done") -> None:
        """A prompt comes to its end."""
        self.tell(
            playback, PromptFinished(at=clock.now(), source=ARI, playback=playback, result=result)
        )

    def answer(self, leg: ChannelId) -> None:
        """An operator picks up."""
        self.tell(leg, OperatorAnswered(at=clock.now(), source=ARI, channel=leg))
        self.tell(leg, OperatorLegReady(at=clock.now(), source=ARI, channel=leg))

    def speak(self, leg: ChannelId) -> None:
        """An operator speaks."""
        self.tell(leg, OperatorSpoke(at=clock.now(), source=ARI, channel=leg))

    def press(self, leg: ChannelId, keys: str) -> None:
        """An operator presses keys."""
        for digit in keys:
            self.tell(leg, DigitPressed(at=clock.now(), source=ARI, channel=leg, digit=digit))

    def leave(self, leg: ChannelId) -> None:
        """A person hangs up."""
        self.channels.discard(leg)
        gone = SupervisorLeft if is_supervisor(leg) else LegHungUp
        self.tell(leg, gone(at=clock.now(), source=ARI, channel=leg, cause=16))

    # The door for all that is no single call

    async def living(self) -> Living:
        """What exists now."""
        self._reach()
        return Living(
            channels=frozenset(self.channels),
            in_our_care=frozenset(self.in_our_care),
            empty_bridges=frozenset(self.bridges),
            answered=frozenset(self.picked_up),
        )

    async def arrival_of(self, channel: ChannelId) -> Arrival | None:
        """An arrival that nobody told of."""
        self._reach()
        return self.missed.get(channel)

    async def fetch_callers(self, knows: Callable[[ChannelId], bool]) -> None:
        """They are here from now on."""
        self._reach()
        for channel in [c for c in self.at_standby if not knows(c)]:
            self.at_standby.discard(channel)
            self.fetched.append(channel)
            self.in_our_care.add(channel)

    async def send_to_fallback(self, arrival: Arrival) -> None:
        """This caller is the dialplan's now."""
        self._reach()
        self.sent_to_fallback.append(arrival)
        self.in_our_care.discard(arrival.channel)

    async def is_playing(self, playback: PlaybackId) -> bool:
        """As runtime.doors.Exchange says."""
        self._reach()
        return playback in self.playing

    async def hang_up(self, channel: ChannelId) -> None:
        """End a leg."""
        self._reach()
        self.hung_up.append(channel)

    async def remove_bridge(self, bridge: BridgeId) -> None:
        """Remove a bridge."""
        self._reach()
        self.removed.append(bridge)

    async def publish_phones(self, accounts: Sequence[OperatorAccount]) -> None:
        """Note whose telephones were made known."""
        self._reach()
        self.published.append([account.account for account in accounts])

    async def reachable_phones(self) -> set[OperatorId]:
        """Whose telephones can be rung."""
        self._reach()
        return set(self.reachable)

    async def announce(self, phone: OperatorId, sound: Path) -> Literal["idle", "busy", "away"]:
        """Note what was played to whom; whoever is not reachable is away."""
        self._reach()
        if phone in self.engaged:
            return "busy"
        if phone not in self.reachable:
            return "away"
        self.announced.append((phone, sound))
        return "idle"

    def _reach(self) -> None:
        self.times_asked += 1
        if self.belongs_to_another:
            raise StandDown("another commands")
        if self.away:
            raise EffectFailed("the exchange does not answer")


def _name(effect: AnyEffect) -> str:
    return effect.prompt if isinstance(effect, PlayPrompt) else type(effect).__name__
