"""A deviation as people meet it, in the list and on its call's record: what was said, who may say.

What was said is read by auditors too, who judge by it how the office decides; as the numbers of
callers are masked to them, so is every number in it. The form to decide is shown to whom a decision
would be taken from, by the same rule that refuses it in domain/deviation_words.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from agent.database.deviation_words import ListedDeviation
from agent.database.operators import operator_names
from agent.database.reports import CallReport
from agent.domain.deviation_words import (
    DeviationWord,
    Standing,
    refusal_to_decide,
    standing_of,
)
from agent.domain.rights import Identity, Right, mask_numbers
from agent.web.parts import Parts


class Spoken(ListedDeviation, frozen=True, kw_only=True):
    """A deviation, all that was said of it, and where it stands."""

    standing: Standing
    may_explain: bool
    may_decide: bool


async def spoken(
    parts: Parts, found: Iterable[ListedDeviation], who: Identity
) -> tuple[Spoken, ...]:
    """These deviations for whoever asks. Raises DatabaseUnreachable."""
    listed = tuple(found)
    operators = {one.deviation.operator for one in listed if one.deviation.operator}
    async with parts.pool.connection() as connection:
        called = await operator_names(connection, operators)
    return tuple(spoken_to(one, who, called) for one in listed)


async def spoken_of_call(parts: Parts, report: CallReport, who: Identity) -> tuple[Spoken, ...]:
    """All deviations of one call, each with its own words. Raises DatabaseUnreachable."""
    listed = [
        ListedDeviation(
            form_number=report.call.form_number,
            arrived_at=report.call.arrived.at,
            deviation=one,
            words=tuple(
                word for word in report.words if (word.kind, word.step) == (one.kind, one.step)
            ),
        )
        for one in report.deviations
    ]
    return await spoken(parts, listed, who)


def spoken_to(one: ListedDeviation, who: Identity, called: Mapping[str, str]) -> Spoken:
    """This deviation for whoever asks; `called` has the names of operators.

    He explains his own, or what no operator answers for, and decides about another's that he has
    not explained.
    """
    his = one.deviation.operator
    also_called = [called[his]] if his is not None and his in called else []
    return Spoken(
        **msgspec.structs.asdict(one) | {"words": words_shown(one.words, who)},
        standing=standing_of(one.deviation, one.words),
        may_explain=who.may(Right.DESK) and his in (None, who.operator),
        may_decide=who.may(Right.DECIDE)
        and refusal_to_decide(one.deviation, one.words, names_of(who), also_called) is None,
    )


def words_shown(words: Iterable[DeviationWord], who: Identity) -> tuple[DeviationWord, ...]:
    """What was said, as whoever asks may read it."""
    if who.sees_persons(Right.CALLS):
        return tuple(words)
    return tuple(replace(word, text=mask_numbers(word.text)) for word in words)


def names_of(who: Identity) -> Sequence[str]:
    """By which names he is known where something was said: his account's comes first."""
    return [who.account, *(name for name in (who.operator, who.name) if name)]
