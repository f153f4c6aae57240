"""What must be durable before anything is done about it, and who makes it so."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from agent.domain.call_state import Call
from agent.domain.effects import AnyEffect
from agent.domain.events import AnyEvent
from agent.domain.identifiers import CallId, OperatorId
from agent.domain.numbers import YearNumber
from agent.domain.presence import PresenceKind

NumberKind = Literal["form", "ticket"]


class Record(msgspec.Struct, frozen=True):
    """One event of one call, the call after it, and the effects not yet known to be done.

    A `detail` (agent/domain/details.py) may be left out where there is no room for all.
    `epoch` is that of the owner who made it.
    """

    call_id: CallId
    sequence: int
    event: AnyEvent
    call: Call
    pending: tuple[AnyEffect, ...]
    detail: bool = False
    epoch: int = 0


class UnfinishedCall(msgspec.Struct, frozen=True):
    """A call that was not archived when the service stopped, as its own log tells it."""

    call: Call
    pending: tuple[AnyEffect, ...]


class Recorder(Protocol):
    """Whoever makes records durable, in each call's order, and hands out reserved numbers."""

    async def record(self, record: Record) -> None:
        """Return when the record is durable. A record that is there already is no error."""

    async def reserve(self, kind: NumberKind, year: int, count: int) -> list[YearNumber]:
        """Set numbers aside, unused ones of an earlier block first; never the same twice."""

    async def unfinished(self) -> list[UnfinishedCall]:
        """Calls that are not archived yet, oldest first; from now on they are this owner's."""

    async def operators(self) -> list["OperatorAccount"]:
        """Operators who may take calls now."""

    async def keep_presence(self, entries: Sequence["PresenceEntry"]) -> None:
        """Return when all are durable, in this order. One that is there already is no error.

        Raises EffectFailed, RecordRefused, StandDown; then none of them is there.
        """


class OperatorAccount(msgspec.Struct, frozen=True):
    """An operator as the office keeps him; the digests are of his telephone's password."""

    account: str
    name: str
    digest_sha256: str
    digest_md5: str
    previous_form_number: str | None = None
    previous_ticket_number: str | None = None
    last_call_ended_at: datetime | None = None
    supervises: bool = False
    """He listens to others' calls, and is offered none."""
    presence: PresenceKind | None = None
    """The last on record, with its moment; None for one who was never there."""
    presence_at: datetime | None = None
    pause_reason: str | None = None
    wrap_up_call_id: CallId | None = None
    wrap_up_until: datetime | None = None


class PresenceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an operator's presence; `by` is an account, or the agent that saw it itself."""

    operator: OperatorId
    at: datetime
    presence: PresenceKind
    by: str
    reason: str | None = None
    call_id: CallId | None = None
    until: datetime | None = None
