"""Deviations with what people said about them, and the one way to say more."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

import asyncpg
import msgspec

from agent.database.connect import Connection, connected
from agent.database.errors import DeviationUnknown, OperatorUnknown
from agent.database.queries import sql
from agent.database.reports import find_call
from agent.domain import deviation_words
from agent.domain.consultation import Deviation
from agent.domain.deviation_words import DeviationWord, Verdict
from agent.domain.identifiers import CallId, OperatorId

Kind = Literal["time", "output", "equipment"]

LIST_S = 30.0
"""Where few of many deviations are wanted, many are looked at."""

_ACCOUNT = re.compile(r"op-[0-9]+")
_WORDS = msgspec.json.Decoder(tuple[DeviationWord, ...])

Say = Callable[[Deviation, list[DeviationWord], list[str]], DeviationWord]
"""A new word, out of the deviation, all that was said of its call, and its operator's names."""


class DeviationFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which deviations to list; None does not ask. `until` is the first moment no longer wanted."""

    since: datetime | None = None
    until: datetime | None = None
    operator: OperatorId | None = None
    only_open: bool = False


class ListedDeviation(msgspec.Struct, frozen=True, kw_only=True):
    """One deviation in a list, with all that was said of it."""

    form_number: str
    arrived_at: datetime
    deviation: Deviation
    words: tuple[DeviationWord, ...]


async def list_deviations(
    url: str, wanted: DeviationFilter, limit: int = 200
) -> list[ListedDeviation]:
    """Deviations of calls, newest first. Raises DatabaseUnreachable."""
    async with connected(url, LIST_S, LIST_S) as connection:
        rows = await connection.fetch(
            sql("list_deviations"),
            wanted.since,
            wanted.until,
            wanted.operator,
            wanted.only_open,
            limit,
        )
    return [
        ListedDeviation(
            form_number=row["form_number"],
            arrived_at=row["arrived_at"],
            deviation=_deviation(row),
            words=_WORDS.decode(row["words"]),
        )
        for row in rows
    ]


async def explain(
    url: str, number: str, step: str, kind: Kind | None, text: str, by: str, at: datetime
) -> DeviationWord:
    """Keep an explanation of the deviation in a step of the call with this number.

    Raises WordRefused, DeviationUnknown, NumberInvalid, NumberUnknown, DatabaseUnreachable.
    """

    def say(deviation: Deviation, _words: Sequence[DeviationWord], _names: object) -> DeviationWord:
        return deviation_words.explain(deviation, text, by, at)

    return await _say(url, number, step, kind, by, say)


async def decide(
    url: str,
    number: str,
    step: str,
    kind: Kind | None,
    verdict: Verdict,
    text: str,
    by: str,
    at: datetime,
) -> DeviationWord:
    """Keep a supervisor's decision; the same errors, and OperatorUnknown."""

    def say(deviation: Deviation, words: list[DeviationWord], names: list[str]) -> DeviationWord:
        return deviation_words.decide(deviation, words, verdict, text, by, at, names)

    return await _say(url, number, step, kind, by, say)


async def _say(
    url: str, number: str, step: str, kind: Kind | None, by: str, say: Say
) -> DeviationWord:
    """The deviation is held meanwhile, so that the word is about what stands there."""
    async with connected(url) as connection, connection.transaction():
        call_id = await find_call(connection, number)
        if _ACCOUNT.fullmatch(by) and not await connection.fetchval(sql("operator_name"), by):
            raise OperatorUnknown(f"There is no operator {by}: see `operator list`.")
        deviation = await _held(connection, call_id, number, step, kind)
        name = await connection.fetchval(sql("operator_name"), deviation.operator)
        rows = await connection.fetch(sql("read_deviation_words"), call_id)
        words = [msgspec.convert(dict(row), DeviationWord) for row in rows]
        word = say(deviation, words, [name] if name else [])
        values = msgspec.structs.asdict(word)
        order = ("kind", "step", "role", "verdict", "text", "by", "at")
        about = ("limit_s", "measured_s", "reason")
        await connection.execute(
            sql("add_deviation_word"), call_id, *(values[name] for name in (*order, *about))
        )
    return word


async def _held(
    connection: Connection, call_id: CallId, number: str, step: str, kind: Kind | None
) -> Deviation:
    rows = await connection.fetch(sql("hold_deviations"), call_id, step)
    found = [row for row in rows if kind in (None, row["kind"])]
    if not found:
        raise DeviationUnknown(
            f"The call {number} has no {kind + ' ' if kind else ''}deviation in step {step}: "
            "see `lpse-agent deviation show`."
        )
    if len(found) > 1:
        kinds = " or ".join(row["kind"] for row in found)
        raise DeviationUnknown(f"Step {step} has two deviations: say which, --kind {kinds}.")
    return _deviation(found[0])


def _deviation(row: asyncpg.Record) -> Deviation:
    values = dict(row)
    return msgspec.convert({name: values[name] for name in Deviation.__struct_fields__}, Deviation)
