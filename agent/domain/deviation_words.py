"""What people say about a deviation: who answers for it explains, the supervisor decides.

Words are only ever added, and no word changes what was computed. Each keeps the values that it was
about, so that a decision stands for as long as the deviation is still the one that was decided.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from agent.domain.consultation import Deviation
from agent.domain.plain_text import many_lines, one_line, storable
from agent.domain.secret_words import tells_secret

LONGEST_TEXT = 2000
LONGEST_NAME = 80

Role = Literal["explanation", "decision"]
Verdict = Literal["excused", "upheld"]
Refusal = Literal[
    "nothing_said",
    "too_long",
    "secret",
    "nobody_named",
    "not_his_own",
    "his_own",
    "explained_by_him",
]


class WordRefused(ValueError):
    """This may not be said of the deviation; nothing was kept. `reason` tells people why."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason: Refusal = reason


class DeviationWord(msgspec.Struct, frozen=True, kw_only=True):
    """One word about one deviation, with the values it was about; a decision has a verdict."""

    kind: Literal["time", "output", "equipment"]
    step: str
    role: Role
    verdict: Verdict | None = None
    text: str
    by: str
    at: datetime
    limit_s: float | None
    measured_s: float | None
    reason: str

    def is_about(self, deviation: Deviation) -> bool:
        """Whether it was said of this deviation as it is now."""
        return _same_place(self, deviation) and (
            (self.limit_s, self.measured_s, self.reason)
            == (deviation.limit_s, deviation.measured_s, deviation.reason)
        )


class Standing(msgspec.Struct, frozen=True):
    """Where a deviation stands: open until decided, and open again once its values changed."""

    state: Literal["open", "explained", "excused", "upheld"]
    again: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the supervisor has still to decide."""
        return self.state in ("open", "explained")


def explain(deviation: Deviation, text: str, by: str, at: datetime) -> DeviationWord:
    """The explanation by the operator who answers for it; for what no operator answers, by anyone.

    Raises WordRefused.
    """
    name = _named(by)
    if deviation.operator is not None and name != deviation.operator:
        raise WordRefused("not_his_own")
    return _word(deviation, "explanation", None, text, name, at)


def decide(
    deviation: Deviation,
    words: Iterable[DeviationWord],
    verdict: Verdict,
    text: str,
    by: str,
    at: datetime,
    also_called: Sequence[str] = (),
    also_by: Sequence[str] = (),
) -> DeviationWord:
    """The supervisor's decision, never by who answers for the deviation or has explained it.

    `also_called` are other names of that operator, `also_by` of who decides. Raises WordRefused.
    """
    name = _named(by)
    if refusal := refusal_to_decide(deviation, words, (name, *also_by), also_called):
        raise WordRefused(refusal)
    return _word(deviation, "decision", verdict, text, name, at)


def refusal_to_decide(
    deviation: Deviation,
    words: Iterable[DeviationWord],
    names: Iterable[str],
    also_called: Iterable[str] = (),
) -> Refusal | None:
    """Why whoever has these names may not decide about it, whatever he says; None where he may."""
    mine = tuple(names)
    if _are(mine, (deviation.operator or "", *also_called)):
        return "his_own"
    own = (word for word in words if _same_place(word, deviation))
    if _are(mine, [word.by for word in own if word.role == "explanation"]):
        return "explained_by_him"
    return None


def standing_of(deviation: Deviation, words: Iterable[DeviationWord]) -> Standing:
    """Where it stands after all words, in the order in which they were said.

    The latest decision about its present values stands; an explanation after it changes nothing.
    """
    own = [word for word in words if _same_place(word, deviation)]
    now = [word for word in own if word.is_about(deviation)]
    for word in reversed(now):
        if word.verdict:
            return Standing(word.verdict)
    again = any(word.role == "decision" for word in own)
    return Standing("explained" if now else "open", again)


def withdrawn(
    deviations: Iterable[Deviation], words: Iterable[DeviationWord]
) -> list[DeviationWord]:
    """Words about deviations that a later fact has taken away."""
    there = {(deviation.kind, deviation.step) for deviation in deviations}
    return [word for word in words if (word.kind, word.step) not in there]


def _word(
    deviation: Deviation, role: Role, verdict: Verdict | None, text: str, by: str, at: datetime
) -> DeviationWord:
    return DeviationWord(
        kind=deviation.kind,
        step=deviation.step,
        role=role,
        verdict=verdict,
        text=_plain(text),
        by=by,
        at=at,
        limit_s=deviation.limit_s,
        measured_s=deviation.measured_s,
        reason=deviation.reason,
    )


def _plain(text: str) -> str:
    plain = many_lines(storable(text))
    if not plain.strip():
        raise WordRefused("nothing_said")
    if len(plain) > LONGEST_TEXT:
        raise WordRefused("too_long")
    if tells_secret(plain):
        raise WordRefused("secret")
    return plain


def _named(by: str) -> str:
    name = one_line(by)
    if not name or len(name) > LONGEST_NAME or tells_secret(name):
        raise WordRefused("nobody_named")
    return name


def _are(names: Iterable[str], others: Iterable[str]) -> bool:
    """Whether these are one person, however a name is typed."""
    return not {_folded(name) for name in names}.isdisjoint({_folded(other) for other in others})


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _same_place(word: DeviationWord, deviation: Deviation) -> bool:
    return (word.kind, word.step) == (deviation.kind, deviation.step)
