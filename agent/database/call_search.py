"""The call log: calls by everything that people know of one, newest first, a page at a time."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from agent.database.call_filter import (
    NEWEST_FIRST,
    Asked,
    CallFilter,
    FilterInvalid,
    Question,
    among_many,
    among_newest,
    make_cursor,
    parsed,
    rendered,
    with_words,
    within_days,
)
from agent.database.connect import Connection, connected
from agent.database.days import FIRST_DAY
from agent.database.errors import NumberUnknown
from agent.database.queries import sql
from agent.domain.consultation import Outcome
from agent.domain.identifiers import CallId, OperatorId

PAGE = 50
NEWEST = 5000
"""Calls that are sifted one by one before an index is asked for what few calls have."""
DAYS = (1, 8, 64)
"""So many before the page's first call are looked through for words before all are."""
MOST_COUNTED = 10_000
PLANNED = (
    # A plan for any values would take a common word and a rare one for the same.
    "SET LOCAL plan_cache_mode = force_custom_plan;"
    # What is read all day is in memory.
    "SET LOCAL random_page_cost = 1.1;"
    # Calls need the other processor.
    "SET LOCAL max_parallel_workers_per_gather = 0;"
)
PLANNED_BY_KEYS = (
    "SET LOCAL enable_seqscan = {others};"
    "SET LOCAL enable_hashjoin = {others};"
    "SET LOCAL enable_mergejoin = {others}"
)
COUNT_MS = 800
"""A page never waits longer for the number of all."""


class CallSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One call in a list."""

    call_id: CallId
    form_number: str
    ticket_number: str | None
    caller: str
    caller_name: str | None
    company: str | None
    category: str | None
    operator: OperatorId | None
    outcome: Outcome
    arrived_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    deviations: int


class CallPage(msgspec.Struct, frozen=True):
    """Some calls, and the cursor with which the page after them is asked for."""

    calls: tuple[CallSummary, ...]
    following: str | None


class CallCount(msgspec.Struct, frozen=True):
    """How many calls meet a filter: exactly, at least `calls`, or not known in time (None)."""

    calls: int | None
    exact: bool


async def find_calls(
    url: str, wanted: CallFilter, after: str | None = None, limit: int = PAGE
) -> CallPage:
    """As `calls_page`, over a connection of its own."""
    async with connected(url) as connection:
        return await calls_page(connection, wanted, after, limit)


async def calls_page(
    connection: Connection, wanted: CallFilter, after: str | None = None, limit: int = PAGE
) -> CallPage:
    """At most `limit` calls, from the one after the cursor `after` of an earlier page.

    Whoever shows them keeps in the access log that they were seen. Raises NumberInvalid for form
    and ticket numbers, FilterInvalid, DatabaseUnreachable.
    """
    asked = parsed(wanted, after)
    shown: list[str] = []
    try:
        async with connection.transaction(readonly=True):
            for question in await narrowed(connection, asked):
                await plan(connection, question)
                rows = await connection.fetch(*newest_of(question, limit + 1))
                shown = [row["call_id"] for row in rows]
                if len(shown) > limit:
                    break
            found = await connection.fetch(sql("show_calls"), shown[:limit])
    except asyncpg.QueryCanceledError as error:
        raise FilterInvalid(
            "slow", "This search takes too long: narrow it, by a period for example."
        ) from error
    calls = tuple(msgspec.convert(dict(row), CallSummary) for row in found)
    return CallPage(
        calls, make_cursor(calls[-1].arrived_at, calls[-1].call_id) if len(shown) > limit else None
    )


def newest_of(question: Question, limit: int) -> tuple[Any, ...]:
    """The question for the newest of these calls, and the values of its parameters."""
    return f"{question.of('calls.call_id')} {NEWEST_FIRST} LIMIT {limit}", *question.values


async def cursor_after(url: str, number: str) -> str:
    """The cursor after the call of this form or ticket number.

    Raises NumberInvalid, NumberUnknown, DatabaseUnreachable.
    """
    wanted = CallFilter(form=number) if "/" in number else CallFilter(ticket=number)
    found = (await find_calls(url, wanted, limit=1)).calls
    if not found:
        raise NumberUnknown(f"No call has the number {number}.")
    return make_cursor(found[0].arrived_at, found[0].call_id)


async def count_calls(url: str, wanted: CallFilter, most: int = MOST_COUNTED) -> CallCount:
    """As `calls_counted`, over a connection of its own."""
    async with connected(url) as connection:
        return await calls_counted(connection, wanted, most)


async def calls_counted(
    connection: Connection, wanted: CallFilter, most: int = MOST_COUNTED
) -> CallCount:
    """How many calls meet the filter, counted up to `most` and for less than a second.

    Raises as find_calls does.
    """
    asked = parsed(wanted, None)
    try:
        async with connection.transaction(readonly=True):
            await connection.execute(f"SET LOCAL statement_timeout = {COUNT_MS}")
            if "since" in asked and with_words(asked):
                asked = within_days(asked, *await _bounds(connection, asked))
            question = rendered(asked)
            await plan(connection, question)
            calls = await connection.fetchval(
                f"SELECT count(*) FROM ({question.of('')} LIMIT {most + 1}) AS found",  # noqa: S608 fixed
                *question.values,
            )
    except asyncpg.QueryCanceledError:
        return CallCount(None, exact=False)
    return CallCount(min(calls, most), exact=calls <= most)


async def plan(connection: Connection, question: Question) -> None:
    """How PostgreSQL is to look for it, within the transaction.

    It cannot know how rare a word is that it has not counted, or how few rows a question begins
    with, and would read whole tables.
    """
    others = "off" if question.sifts else "on"
    await connection.execute(PLANNED + PLANNED_BY_KEYS.format(others=others))


async def narrowed(connection: Connection, asked: Asked) -> list[Question]:
    """The question for few calls before the first of the page, and at last for all.

    What many calls have fills a page at once; what few have costs little anyway. Words are looked
    for in more and more days.
    """
    if not among_many(asked):
        return [rendered(asked)]
    if not with_words(asked):
        return [among_newest(asked, NEWEST), rendered(asked)]
    first, last = await _bounds(connection, asked)
    begins = [last - timedelta(days=days) for days in DAYS]
    some = [within_days(asked, begin, last) for begin in begins if begin > first]
    whole = within_days(asked, first, last) if "since" in asked else asked
    return [rendered(part) for part in (*some, whole)]


async def _bounds(connection: Connection, asked: Asked) -> tuple[datetime, datetime]:
    """Moments before and after which no call is asked for."""
    newest = await connection.fetchval(sql("newest_call"))
    last = [newest or FIRST_DAY, *(asked[name][0] for name in ("until", "after") if name in asked)]
    return asked.get("since", (FIRST_DAY,))[0], min(last)
