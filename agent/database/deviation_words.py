"""Deviations with what people said about them, and the one way to say more."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, get_args

import asyncpg
import msgspec

from agent.database.accounts import keep_act
from agent.database.call_filter import make_cursor, parse_cursor
from agent.database.connect import Connection, connected
from agent.database.errors import DeviationUnknown, OperatorUnknown
from agent.database.operators import operator_names
from agent.database.queries import sql
from agent.database.reports import find_call
from agent.domain import deviation_words
from agent.domain.consultation import Deviation
from agent.domain.deviation_words import DeviationWord, Role, Verdict
from agent.domain.identifiers import CallId, OperatorId

Kind = Literal["time", "output", "equipment"]
State = Literal["open", "explained", "decided", "all"]
STATES: tuple[State, ...] = get_args(State)
"""Not decided yet, of these the explained ones, decided, or all: as `standing_of` has it."""

LIST_S = 30.0
"""Where few of many deviations are wanted, many are looked at."""

_SAID: dict[State, tuple[str, ...] | None] = {
    "open": ("nothing", "explanation"),
    "explained": ("explanation",),
    "decided": ("decision",),
    "all": None,
}
"""How far what was said of a deviation's present values has come."""
_ACTS: dict[Role, str] = {"explanation": "deviation_explained", "decision": "deviation_decided"}
_ACCOUNT = re.compile(r"op-[0-9]+")
_WORDS = msgspec.json.Decoder(tuple[DeviationWord, ...])

Say = Callable[[Deviation, list[DeviationWord], list[str]], DeviationWord]
"""A new word, out of the deviation, all that was said of its call, and its operator's names."""


class DeviationFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which deviations to list; None does not ask. `until` is the first moment no longer wanted."""

    since: datetime | None = None
    until: datetime | None = None
    operator: OperatorId | None = None
    kind: Kind | None = None
    step: str | None = None
    state: State = "all"


class ListedDeviation(msgspec.Struct, frozen=True, kw_only=True):
    """One deviation in a list, with all that was said of it."""

    form_number: str
    arrived_at: datetime
    deviation: Deviation
    words: tuple[DeviationWord, ...]


class DeviationPage(msgspec.Struct, frozen=True):
    """Some deviations, and the cursor with which the page after them is asked for."""

    deviations: tuple[ListedDeviation, ...]
    following: str | None


async def list_deviations(
    url: str, wanted: DeviationFilter, after: str | None = None, limit: int = 200
) -> DeviationPage:
    """Deviations of calls, newest first, from the call after the cursor of an earlier page.

    At most so many calls, each with all of its deviations that are wanted. Raises FilterInvalid
    for a cursor that is none, DatabaseUnreachable.
    """
    at, call_id = parse_cursor(after) if after else (None, None)
    async with connected(url, LIST_S, LIST_S) as connection:
        rows = await connection.fetch(
            sql("list_deviations"),
            *(wanted.since, wanted.until, wanted.operator, wanted.kind, wanted.step),
            *(_SAID[wanted.state], at, call_id, limit + 1),
        )
    calls = list(dict.fromkeys((row["arrived_at"], row["call_id"]) for row in rows))
    following = make_cursor(*calls[limit - 1]) if len(calls) > limit else None
    shown = {call_id for _, call_id in calls[:limit]}
    return DeviationPage(
        tuple(
            ListedDeviation(
                form_number=row["form_number"],
                arrived_at=row["arrived_at"],
                deviation=_deviation(row),
                words=_WORDS.decode(row["words"]),
            )
            for row in rows
            if row["call_id"] in shown
        ),
        following,
    )


async def explain(
    url: str,
    number: str,
    step: str,
    kind: Kind | None,
    text: str,
    by: str,
    at: datetime,
    account: str | None = None,
) -> DeviationWord:
    """Keep an explanation of the deviation in a step of the call with this number.

    The audit log tells of it in the same transaction, as an act of `account`, else of `by`.
    Raises WordRefused, DeviationUnknown, NumberInvalid, NumberUnknown, DatabaseUnreachable.
    """

    def say(deviation: Deviation, _words: Sequence[DeviationWord], _names: object) -> DeviationWord:
        return deviation_words.explain(deviation, text, by, at)

    return await _say(url, number, step, kind, by, say, account or by)


async def decide(
    url: str,
    number: str,
    step: str,
    kind: Kind | None,
    verdict: Verdict,
    text: str,
    by: str,
    at: datetime,
    also_by: Sequence[str] = (),
) -> DeviationWord:
    """Keep a supervisor's decision and its line in the audit log; the same errors, OperatorUnknown.

    `also_by` are other names of his, so that he is known as the operator who he may be too.
    """

    def say(deviation: Deviation, words: list[DeviationWord], names: list[str]) -> DeviationWord:
        return deviation_words.decide(deviation, words, verdict, text, by, at, names, also_by)

    return await _say(url, number, step, kind, by, say, by)


async def _say(
    url: str, number: str, step: str, kind: Kind | None, by: str, say: Say, account: str
) -> DeviationWord:
    """The deviation is held meanwhile, so that the word is about what stands there."""
    async with connected(url) as connection, connection.transaction():
        call_id = await find_call(connection, number)
        if _ACCOUNT.fullmatch(by) and not await operator_names(connection, [by]):
            raise OperatorUnknown(f"There is no operator {by}: see `operator list`.")
        deviation = await _held(connection, call_id, number, step, kind)
        operators = [deviation.operator] if deviation.operator else []
        called = await operator_names(connection, operators)
        rows = await connection.fetch(sql("read_deviation_words"), call_id)
        words = [msgspec.convert(dict(row), DeviationWord) for row in rows]
        word = say(deviation, words, list(called.values()))
        values = msgspec.structs.asdict(word)
        order = ("kind", "step", "role", "verdict", "text", "by", "at")
        about = ("limit_s", "measured_s", "reason")
        await connection.execute(
            sql("add_deviation_word"), call_id, *(values[name] for name in (*order, *about))
        )
        detail = {"step": word.step, "kind": word.kind, "verdict": word.verdict}
        await keep_act(connection, account, _ACTS[word.role], number, detail)
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
