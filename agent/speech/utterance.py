"""The smallest thing an engine is asked to say, and what it answers with."""

from datetime import timedelta
from typing import Protocol

import msgspec

from agent.speech.sound import Samples

BETWEEN_SIGNS = timedelta(milliseconds=60)
"""Between the signs of a group that is put together from single sounds."""


class Utterance(msgspec.Struct, frozen=True):
    """A phrase, or a group of digits, letters and signs, said in one breath."""

    text: str
    """As a person would write it down; goes into the record of the call."""
    spoken: str
    """With the respellings that every engine needs."""
    recordings: tuple[str, ...]
    """Names of the recorded sounds that make it up: one for a phrase, one for each sign."""
    is_number: bool
    """Whether it is signs of a number, which are spoken slower than a phrase."""


class Pause(msgspec.Struct, frozen=True):
    """Silence between two utterances."""

    length: timedelta


Script = tuple[Utterance | Pause, ...]
"""What is said, in this order."""


class Engine(Protocol):
    """Something that can say utterances."""

    @property
    def name(self) -> str:
        """As it stands in the record of a call."""

    def unusable(self) -> str | None:
        """Why it cannot be used at all, in a few words; None when it can."""

    def identity(self, utterance: Utterance) -> str | None:
        """All that decides how it says this, for the cache; None when it cannot say it."""

    async def render(self, utterance: Utterance, limit: timedelta) -> Samples:
        """The utterance at 8 kHz, shaped for the telephone, within `limit`.

        Raises EngineFailed.
        """
