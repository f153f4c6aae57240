"""The call log: calls by everything that people know of one, newest first, a page at a time.

The question is put together of the fixed conditions below, so that each gets a plan of its own;
what was typed is always a parameter.
"""

import base64
import binascii
import re
from datetime import datetime
from typing import Any, Literal

import asyncpg
import msgspec

from agent.database.connect import Connection, connected
from agent.database.errors import DatabaseProblem, NumberUnknown
from agent.database.queries import sql
from agent.domain.consultation import Outcome
from agent.domain.identifiers import CallId, OperatorId
from agent.domain.numbers import parse_form_number, parse_ticket_number
from agent.domain.soft_checks import check_npwp
from agent.domain.suggestion import parse_typed

FEWEST_DIGITS = 4
SHORTEST_WHOLE = 9
"""Digits of a whole number with its zero; fewer are last ones, and a zero there is one of them."""
PAGE = 50
MOST_COUNTED = 10_000
COUNT_MS = 800
"""A page never waits longer for the number of all."""


class FilterInvalid(DatabaseProblem):
    """What was typed into the filter cannot be searched for; the message says why."""

    def __init__(
        self, reason: Literal["signs", "name", "text", "caller", "page", "slow"], sentence: str
    ) -> None:
        super().__init__(sentence)
        self.reason = reason


class CallFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls to list; None does not ask, and a call must meet all that is asked.

    `until` is the first moment no longer wanted; `caller` a whole number or its last digits, at
    least four; names and companies are words or their beginnings; `deviation_kind` and
    `deviation_step` are of one deviation; `unmet_step` was not met.
    """

    since: datetime | None = None
    until: datetime | None = None
    caller: str | None = None
    name: str | None = None
    company: str | None = None
    npwp: str | None = None
    form: str | None = None
    ticket: str | None = None
    external: str | None = None
    operator: OperatorId | None = None
    outcome: Outcome | None = None
    deviation: bool | None = None
    deviation_kind: str | None = None
    deviation_step: str | None = None
    unmet_step: str | None = None
    category: str | None = None
    application: str | None = None
    text: str | None = None


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


_JOINS = {
    "consultations": "JOIN consultations USING (call_id)",
    "consultation_forms": "JOIN consultation_forms USING (call_id)",
    "tickets": "JOIN tickets USING (call_id)",
}
_DEVIATIONS = "EXISTS (SELECT FROM deviations WHERE deviations.call_id = calls.call_id{})"
_CONDITIONS = {
    "since": "calls.arrived_at >= {}",
    "until": "calls.arrived_at < {}",
    "caller": "reverse(coalesce(calls.caller_number, calls.caller_raw)) LIKE reverse({}) || '%'",
    "name": "name_words(consultation_forms.caller_name) @@ {}::tsquery",
    "company": "name_words(consultation_forms.company) @@ {}::tsquery",
    "npwp": "consultation_forms.npwp = {}",
    "form": "consultations.form_sequence = {} AND consultations.form_year = {}",
    "ticket": "tickets.ticket_number = {}",
    "external": "tickets.external_number = {}",
    "operator": "calls.operator = {}",
    "outcome": "consultations.outcome = {}",
    "deviation": _DEVIATIONS.format(""),
    "no_deviation": "NOT " + _DEVIATIONS.format(""),
    "deviation_kind": "deviations.kind = {}",
    "deviation_step": "deviations.step = {}",
    "unmet_step": (
        "EXISTS (SELECT FROM consultation_steps AS steps WHERE steps.call_id = calls.call_id "
        "AND steps.state = 'unmet' AND steps.step = {})"
    ),
    "category": "consultation_forms.category = {}",
    "application": "consultation_forms.application = {}",
    "text": "form_words(consultation_forms.fields) @@ plainto_tsquery('indonesian', {})",
    "after": "(calls.arrived_at, calls.call_id) < ({}, {})",
}


async def find_calls(
    url: str, wanted: CallFilter, after: str | None = None, limit: int = PAGE
) -> CallPage:
    """At most `limit` calls, from the one after the cursor `after` of an earlier page.

    Whoever shows them keeps in the access log that they were seen. Raises NumberInvalid for form
    and ticket numbers, FilterInvalid, DatabaseUnreachable.
    """
    where, values = _asked(wanted, after)
    async with connected(url) as connection:
        try:
            async with connection.transaction(readonly=True):
                await _plan_by_values(connection)
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
    where, values = _asked(wanted, None)
    async with connected(url) as connection:
        try:
            async with connection.transaction(readonly=True):
                await _plan_by_values(connection)
                await connection.execute(f"SET LOCAL statement_timeout = {COUNT_MS}")
                calls = await connection.fetchval(
                    f"SELECT count(*) FROM (SELECT {where} LIMIT {most + 1}) AS found",  # noqa: S608 fixed
                    *values,
                )
        except asyncpg.QueryCanceledError:
            return CallCount(None, exact=False)
    return CallCount(min(calls, most), exact=calls <= most)


async def _plan_by_values(connection: Connection) -> None:
    # A plan for any values would take a common word and a rare one for the same.
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")


def cursor_of(call: CallSummary) -> str:
    """The opaque word with which the calls after this one are asked for."""
    return base64.urlsafe_b64encode(
        f"{call.arrived_at.isoformat()} {call.call_id}".encode()
    ).decode()


def _parse_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        at, _, call_id = base64.b64decode(cursor, b"-_", validate=True).decode().partition(" ")
        moment = datetime.fromisoformat(at)
    except (ValueError, binascii.Error) as error:
        raise FilterInvalid(
            "page", "This page is not known: begin again with the first."
        ) from error
    if moment.tzinfo is None or "\0" in call_id:
        raise FilterInvalid("page", "This page is not known: begin again with the first.")
    return moment, call_id


def _asked(wanted: CallFilter, after: str | None) -> tuple[str, list[Any]]:
    """FROM and WHERE of the question, with the values of its parameters."""
    asked: dict[str, tuple[Any, ...]] = {
        name: _values(name, value)
        for name, value in msgspec.structs.asdict(wanted).items()
        if value is not None
    }
    if wanted.deviation is not None:
        asked.pop("deviation")
        asked["deviation" if wanted.deviation else "no_deviation"] = ()
    if after is not None:
        asked["after"] = _parse_cursor(after)
    values: list[Any] = []
    conditions: dict[str, str] = {}
    for name, parameters in asked.items():
        places = [f"${len(values) + place}" for place in range(1, len(parameters) + 1)]
        conditions[name] = _CONDITIONS[name].format(*places)
        values += parameters
    parts = [conditions.pop(name) for name in ("deviation_kind", "deviation_step") if name in asked]
    if parts:
        conditions["deviations"] = _DEVIATIONS.format(" AND " + " AND ".join(parts))
    where = " AND ".join(conditions.values()) or "true"
    joins = " ".join(join for table, join in _JOINS.items() if f"{table}." in where)
    return f"FROM calls {joins} WHERE {where}", values


def _values(name: str, value: Any) -> tuple[Any, ...]:
    """What stands for the typed value in the question, in the form in which it is kept."""
    if isinstance(value, str) and not value.isprintable():
        raise FilterInvalid("signs", "What was typed holds signs that cannot be searched for.")
    if name == "caller":
        return (caller_digits(value),)
    if name in ("name", "company"):
        words = re.findall(r"[^\W_]+", value.lower())
        if not words:
            raise FilterInvalid("name", f"{value}: a name is searched for by letters or digits.")
        return (" & ".join(f"'{word}':*" for word in words),)
    if name == "text":
        typed = parse_typed(value).words
        if not typed:
            raise FilterInvalid("text", f"{value}: type a word that tells more.")
        return (" ".join(typed),)
    if name == "npwp":
        return (check_npwp(value).value,)
    if name == "form":
        number = parse_form_number(value)
        return (number.sequence, number.year)
    if name == "ticket":
        return (parse_ticket_number(value),)
    return (value,)


def caller_digits(typed: str) -> str:
    """The digits with which a caller's number ends; of a whole one without country code or zero.

    Raises FilterInvalid for fewer than four.
    """
    digits = re.sub(r"[^0-9]", "", typed)
    if len(digits) >= SHORTEST_WHOLE:
        digits = re.sub(r"^(?:0|62)", "", digits)
    if len(digits) < FEWEST_DIGITS:
        raise FilterInvalid(
            "caller",
            f"{typed}: type the caller's whole number, or its last digits, at least "
            f"{FEWEST_DIGITS}.",
        )
    return digits
