"""The agent's own clock; used only where no outside clock tells when something happened.

What the agent adds to a record stands beside Asterisk's times. So when this machine's clock is far
from Asterisk's, because one of them jumped, Asterisk's is followed, by the clock that never jumps.
"""

import time
from datetime import UTC, datetime, timedelta

FAR = timedelta(milliseconds=200)
"""Steps are judged to a tenth of a second; nearer than this, the machine's clock is the better."""

_told: tuple[datetime, float] | None = None


def now() -> datetime:
    """The present moment in UTC."""
    ours = of_this_machine()
    if _told is None:
        return ours
    at, then = _told
    theirs = at + timedelta(seconds=time.monotonic() - then)
    return theirs if abs(theirs - ours) > FAR else ours


def of_this_machine() -> datetime:
    """What this machine's clock shows, in UTC, even if it has jumped."""
    return datetime.now(UTC)  # noqa: TID251 — the one place where the agent reads its clock


def follow(at: datetime) -> None:
    """Asterisk's clock shows this now."""
    global _told
    _told = at, time.monotonic()


def follow_nobody() -> None:
    """Nobody tells the time any more."""
    global _told
    _told = None
