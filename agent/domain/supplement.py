"""The sheet that supplements an archived form: one deviation with what was said of it until then.

A form is archived some minutes after its call, and never changed; people explain and decide later.
"""

from datetime import datetime

import msgspec

from agent.domain.call_state import Call
from agent.domain.consultation import Deviation
from agent.domain.deviation_words import DeviationWord
from agent.domain.events import AnyEvent
from agent.domain.identifiers import CallId


class ProvingEvent(msgspec.Struct, frozen=True):
    """One event that proves the deviation, at its place in the call's log."""

    place: int
    event: AnyEvent


class Supplement(msgspec.Struct, frozen=True, kw_only=True):
    """All that a sheet tells. It is made of the last of its words, which no other sheet is.

    `path` is its place in the archive, `form_path` and `form_sha256` are those of the form;
    `names` tells operators' names by their accounts.
    """

    call_id: CallId
    kind: str
    step: str
    sequence: int
    path: str
    form_path: str
    form_sha256: str
    call: Call
    words: tuple[DeviationWord, ...]
    deviation: Deviation | None
    """As it is computed now; none where a later fact has withdrawn it."""
    proof: tuple[ProvingEvent, ...]
    names: dict[str, str]

    @property
    def word(self) -> DeviationWord:
        """The word for whose sake it is made; the values are those that it was said of."""
        return self.words[-1]

    @property
    def at(self) -> datetime:
        """The sheet's own time, whenever it is written."""
        return self.word.at

    @property
    def stands(self) -> Deviation | None:
        """The deviation, if it is still the one that the word is about."""
        return self.deviation if self.deviation and self.word.is_about(self.deviation) else None

    def named(self, by: str) -> str:
        """Who it was, an operator by name and account."""
        return f"{self.names[by]} ({by})" if by in self.names else by
