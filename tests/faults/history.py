"""What the people at the telephones lived through: the other half of the truth about a call."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from agent.runtime import clock
from deploy.sip_phone import SipCall

NEVER = datetime.max.replace(tzinfo=UTC)


class Leg(Protocol):
    """A call as the telephone at its other end saw it; a SipCall is one."""

    @property
    def answered_at(self) -> datetime | None:
        """When somebody answered."""

    @property
    def ended_at(self) -> datetime | None:
        """When it was over."""

    @property
    def heard_since(self) -> datetime | None:
        """When what was heard begins; None where it is not kept."""

    @property
    def heard(self) -> Path:
        """What was heard, as a WAV file."""

    async def ended(self, within: timedelta) -> Any:
        """Until it is over. Raises TimeoutError."""


@dataclass
class Dialled:
    """One caller's call. What the test knows to be so is told by the test."""

    number: str
    name: str | None
    call: Leg
    dialled_at: datetime
    by_fallback: bool = False
    """Nobody listened to ARI: the dialplan took the call."""
    cut_off: bool = False
    """Its line was lost in the fault, and this is allowed."""


@dataclass(frozen=True)
class FarLeg:
    """What an operator in a process of his own remembers of a call."""

    answered_at: datetime
    ended_at: datetime | None = None


@dataclass
class History:
    """Callers' and operators' calls of one test; operators by their account."""

    began_at: datetime = field(default_factory=clock.now)
    callers: list[Dialled] = field(default_factory=list)
    operators: dict[str, list[SipCall | FarLeg]] = field(default_factory=dict)
    far: dict[str, list[FarLeg]] = field(default_factory=dict)
    """Operators whose telephones are not of this process, told by the test."""
    deaths: list[datetime] = field(default_factory=list)
    """When the exchange died."""
    away_s: float = 0.0
    """How long the agent was dead or cut off at most: then nobody speaks to those who wait."""
    unwatched: set[str] = field(default_factory=set)
    """Accounts of operators whose telephones remember nothing."""

    def of(self, number: str) -> Dialled:
        """The call of a caller's number. Raises KeyError."""
        for dialled in self.callers:
            if dialled.number == number:
                return dialled
        raise KeyError(number)

    def whose(self, call: Leg) -> Dialled:
        """The caller whose leg this is. Raises KeyError."""
        for dialled in self.callers:
            if dialled.call is call:
                return dialled
        raise KeyError("no caller has this leg")
