"""What the office has set for a call; a call keeps the rules under which it arrived."""

from typing import Literal

import msgspec


class CallRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Times in seconds; `sop` names the document and revision, `notice` the notice's version."""

    sop: str
    zone: str = "WIB"
    notice: str = "1"
    ring_seconds: float = 20.0
    new_round_seconds: float = 5.0
    please_wait_seconds: float = 30.0
    longest_wait_seconds: float = 300.0
    numbers_heard_by: Literal["both", "operator"] = "both"
    wrap_up_seconds: float = 0.0
    """How long its operator is offered no other call after it."""
    form: str = ""
    """Name of the consultation form; without one the operator's star codes are all there is."""
    archive_after_seconds: float = 0.0
    """How long after the call its form may still be filled in before it is archived as it is."""
    hand_over: bool = False
    """Whether an escalated case goes on by message, and step 8 waits until one was accepted."""
    audio_kept_days: int | None = None
    """How long its sounds are kept; calls of before this was a rule do not tell."""
