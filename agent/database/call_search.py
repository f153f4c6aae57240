"""The call log: calls by everything that people know of one, newest first, a page at a time."""

import base64
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from agent.database.call_filter import (
    WORDED,
    Asked,
    CallFilter,
    FilterInvalid,
    conditions_of,
    parsed,
    rendered,
)
from agent.database.connect import Connection, connected
from agent.database.errors import NumberUnknown
from agent.database.queries import sql
from agent.domain.consultation import Outcome
from agent.domain.identifiers import CallId, OperatorId

PAGE = 50
FEW_FORMS = 5000
"""Forms with these words that are looked at one by one; more are met soon among the newest."""
MOST_COUNTED = 10_000
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
    """At most `limit` calls, from the one after the cursor `after` of an earlier page.

    Whoever shows them keeps in the access log that they were seen. Raises NumberInvalid for form
    and ticket numbers, FilterInvalid, DatabaseUnreachable.
    """
    asked = parsed(wanted, after)
    async with connected(url) as connection:
        try:
            async with connection.transaction(readonly=True):
                where, values = await prepared(connection, asked)
                rows = await connection.fetch(
                    f"SELECT call_id {where} ORDER BY calls.arrived_at DESC, calls.call_id DESC "
                    f"LIMIT ${len(values) + 1}",
                    *values,
                    limit + 1,
                )
                shown = [row["call_id"] for row in rows[:limit]]
                found = await connection.fetch(sql("show_calls"), shown)
        except asyncpg.QueryCanceledError as error:
            raise FilterInvalid(
                "slow", "This search takes too long: narrow it, by a period for example."
            ) from error
    calls = tuple(msgspec.convert(dict(row), CallSummary) for row in found)
    return CallPage(calls, cursor_of(calls[-1]) if len(rows) > limit else None)


async def cursor_after(url: str, number: str) -> str:
    """The cursor after the call of this form or ticket number.

    Raises NumberInvalid, NumberUnknown, DatabaseUnreachable.
    """
    wanted = CallFilter(form=number) if "/" in number else CallFilter(ticket=number)
    found = (await find_calls(url, wanted, limit=1)).calls
    if not found:
        raise NumberUnknown(f"No call has the number {number}.")
    return cursor_of(found[0])


async def count_calls(url: str, wanted: CallFilter, most: int = MOST_COUNTED) -> CallCount:
    """How many calls meet the filter, counted up to `most` and for less than a second.

    Raises as find_calls does.
    """
    asked = parsed(wanted, None)
    async with connected(url) as connection:
        try:
            async with connection.transaction(readonly=True):
                await connection.execute(f"SET LOCAL statement_timeout = {COUNT_MS}")
                where, values = await prepared(connection, asked)
                calls = await connection.fetchval(
                    f"SELECT count(*) FROM (SELECT {where} LIMIT {most + 1}) AS found",  # noqa: S608 fixed
                    *values,
                )
        except asyncpg.QueryCanceledError:
            return CallCount(None, exact=False)
    return CallCount(min(calls, most), exact=calls <= most)


async def prepared(connection: Connection, asked: Asked) -> tuple[str, list[Any]]:
    """FROM and WHERE of the question, with the values of its parameters; within a transaction.

    PostgreSQL cannot know how rare a word is that it has not counted, and would look for it through
    all calls: so what few forms have is looked for first.
    """
    # A plan for any values would take a common word and a rare one for the same.
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    worded = {name: asked[name] for name in WORDED if name in asked}
    if not worded:
        return rendered(asked)
    where, values = conditions_of(worded)
    await connection.execute("SET LOCAL enable_seqscan = off")
    rows = await connection.fetch(
        f"SELECT call_id FROM consultation_forms WHERE {where} LIMIT {FEW_FORMS + 1}",  # noqa: S608
        *values,
    )
    await connection.execute("SET LOCAL enable_seqscan = on")
    if len(rows) > FEW_FORMS:
        # It takes words for rarer together than they are; these are soon met among the newest.
        await connection.execute("SET LOCAL enable_bitmapscan = off")
        return rendered(asked)
    others = {name: value for name, value in asked.items() if name not in WORDED}
    return rendered({**others, "among": ([row["call_id"] for row in rows],)})


def cursor_of(call: CallSummary) -> str:
    """The opaque word with which the calls after this one are asked for."""
    return base64.urlsafe_b64encode(
        f"{call.arrived_at.isoformat()} {call.call_id}".encode()
    ).decode()
