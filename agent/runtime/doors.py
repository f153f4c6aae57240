"""What the runtime needs of the rooms with wires; each door keeps these promises in its own way."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from agent.domain.call_state import Call
from agent.domain.effects import AnyEffect
from agent.domain.events import AnyEvent, Caller
from agent.domain.identifiers import BridgeId, CallId, ChannelId, OperatorId, PlaybackId
from agent.runtime.recorder import OperatorAccount


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's leg entered the system; the call id follows from it, so a repeat is recognised."""

    at: datetime
    source: str
    call_id: CallId
    channel: ChannelId
    caller: Caller
    line: str
    answered: bool = False


class Performed(msgspec.Struct, frozen=True):
    """A wish was fulfilled: a prompt will take `prompt_length`, an archive gave `event`."""

    prompt_length: timedelta | None = None
    event: AnyEvent | None = None


DONE = Performed()


class Performer(Protocol):
    """Fulfils the wishes that reach outside the runtime."""

    async def perform(self, call: Call, effect: AnyEffect) -> Performed:
        """Fulfil one wish; a repeat does no harm. Raises EffectFailed, always within seconds."""


class Living(msgspec.Struct, frozen=True):
    """What exists at the telephone exchange now: all channels, those in our care, our bridges."""

    channels: frozenset[ChannelId]
    in_our_care: frozenset[ChannelId]
    empty_bridges: frozenset[BridgeId]


class Exchange(Protocol):
    """The telephone exchange beyond single calls. All raise EffectFailed."""

    async def living(self) -> Living:
        """What exists now."""

    async def arrival_of(self, channel: ChannelId) -> Arrival | None:
        """A caller's leg in our care whose arrival was missed; None when it is gone."""

    async def fetch_callers(self, knows: Callable[[ChannelId], bool]) -> None:
        """Bring callers into our care whom a standby has caught and no call of ours knows."""

    async def send_to_fallback(self, arrival: Arrival) -> None:
        """Let the exchange itself bring this caller to an operator."""

    async def is_playing(self, playback: PlaybackId) -> bool:
        """Whether a prompt is being heard, or waits for one before it."""

    async def hang_up(self, channel: ChannelId) -> None:
        """End a leg that belongs to no call."""

    async def remove_bridge(self, bridge: BridgeId) -> None:
        """Remove a bridge that belongs to no call."""

    async def publish_phones(self, accounts: Sequence[OperatorAccount]) -> None:
        """Make the operators' telephones known; removed ones can register no more."""

    async def reachable_phones(self) -> set[OperatorId]:
        """Operators whose telephone can be rung now."""
