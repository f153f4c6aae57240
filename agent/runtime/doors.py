"""What the runtime needs of the rooms with wires; each door keeps these promises in its own way."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from agent.domain.call_state import Call
from agent.domain.effects import AnyEffect
from agent.domain.events import AnyEvent, Caller
from agent.domain.identifiers import BridgeId, CallId, ChannelId, OperatorId, PlaybackId
from agent.runtime.recorder import OperatorAccount


class CallMarks(msgspec.Struct, frozen=True):
    """A call as its caller's channel knows it; operator and leg while an operator has it."""

    call_id: CallId
    form_number: str
    operator: OperatorId | None = None
    leg: ChannelId | None = None


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's leg entered the system; the call id follows from it, so a repeat is recognised.

    One that is `marked` was a call of ours before: its record is known, or lost.
    """

    at: datetime
    source: str
    call_id: CallId
    channel: ChannelId
    caller: Caller
    line: str
    answered: bool = False
    by_exchange: bool = False
    marked: CallMarks | None = None


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
    """What exists at the telephone exchange now: all channels, those in our care, our bridges.

    `answered` are the channels at whose other end somebody has picked up.
    """

    channels: frozenset[ChannelId]
    in_our_care: frozenset[ChannelId]
    empty_bridges: frozenset[BridgeId]
    answered: frozenset[ChannelId] = frozenset()


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


class Announcer(Protocol):
    """What lets a telephone of the office hear a sound outside of any call."""

    async def announce(self, phone: OperatorId, sound: Path) -> Literal["idle", "busy", "away"]:
        """Ring it if it was idle, and play the file (without its extension) to who picks up.

        Answers what it was; it is rung only when that is idle. Raises EffectFailed.
        """


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the exchange's own ledger, which it writes whether or not we live.

    `linked` is the channel of the caller who began it all; `device` is the telephone's own name,
    `ended_by` that of whoever hung up; `mark` and `note` are what the dialplan noted itself.
    """

    at: datetime
    kind: Literal["began", "answered", "joined", "left", "hung_up", "ended", "marked"]
    channel: ChannelId
    linked: ChannelId
    device: str = ""
    context: str = ""
    line: str = ""
    number: str = ""
    shown: str = ""
    cause: int | None = None
    ended_by: str = ""
    bridge: str = ""
    mark: str = ""
    note: str = ""


class LedgerPosition(msgspec.Struct, frozen=True):
    """How far the ledger was read: how many bytes of which file.

    A file is known by its inode and by a digest of its first line, as inodes are used again.
    """

    inode: int = 0
    first_line: str = ""
    offset: int = 0


class Ledger(Protocol):
    """The exchange's own ledger."""

    async def read(self, position: LedgerPosition) -> tuple[list[LedgerEntry], LedgerPosition]:
        """The next entries, some thousand at most, and how far that was. Raises EffectFailed."""

    def told_by(self, entry: LedgerEntry) -> tuple[ChannelId, AnyEvent] | None:
        """Which call it is about, by a channel, and what it tells; None when it tells nothing."""

    def arrival_in(self, entries: Sequence[LedgerEntry]) -> Arrival | None:
        """The arrival of a caller whom we never met; None when it was no call to the helpdesk."""

    async def turn_over(self, position: LedgerPosition) -> None:
        """Let the exchange begin a new file when this one is long and was read so far."""


class LedgerKeeper(Protocol):
    """Who keeps the ledger's entries. All raise EffectFailed."""

    async def position(self) -> LedgerPosition:
        """How far it was kept."""

    async def keep(self, entries: Sequence[LedgerEntry], position: LedgerPosition) -> None:
        """Entries and position at once; what is there already is no error."""

    async def entries_of(self, caller: ChannelId) -> list[LedgerEntry]:
        """All that was kept of this caller's call, in order."""

    async def unmet_callers(self, exchange_started_at: datetime) -> list[ChannelId]:
        """Callers without a record whose call is over, or was lost before this moment."""

    async def settle(self, callers: Sequence[ChannelId]) -> None:
        """These were no calls to the helpdesk."""

    async def forget_old(self) -> None:
        """Let go of entries that no record can need any more."""
