"""What the call log may be asked for, and the conditions that stand for it in SQL.

The question is put together of the fixed conditions below, so that each gets a plan of its own;
what was typed is always a parameter.
"""

import base64
import binascii
import re
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from agent.database.days import day_number
from agent.database.errors import DatabaseProblem
from agent.domain.consultation import Outcome
from agent.domain.identifiers import OperatorId
from agent.domain.numbers import parse_form_number, parse_ticket_number
from agent.domain.soft_checks import check_npwp
from agent.domain.suggestion import parse_typed

FEWEST_DIGITS = 4
SHORTEST_WHOLE = 9
"""Digits of a whole number with its zero; fewer are last ones, and a zero there is one of them."""
WORDED = ("name", "company", "text")
OF_NAMES = ("name", "company")
OF_CALLS = ("since", "until", "operator", "after")
"""What the indexes of calls in the order of their arrival know."""
NEWEST_FIRST = "ORDER BY calls.arrived_at DESC, calls.call_id DESC"
OF_FEW = ("caller", "npwp", "form", "ticket", "external")
"""What only few calls have: an index of its own leads to them."""
OF_MANY = (
    *WORDED, "outcome", "deviation", "no_deviation", "deviation_kind", "deviation_step",
    "unmet_step", "category", "application",
)  # fmt: skip
"""What very many calls may have, or none; no index has them in the order of their arrival."""
OF_ONE_DEVIATION = ("deviation_kind", "deviation_step")


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


Asked: TypeAlias = dict[str, tuple[Any, ...]]


class Question(msgspec.Struct, frozen=True):
    """The question but for its columns, with the values of its parameters.

    `sifts`: it begins with few rows, each of which leads on by keys; no table is read as a whole.
    """

    before: str
    after: str
    values: list[Any]
    sifts: bool = False

    def of(self, columns: str) -> str:
        """The whole, for these columns."""
        return f"{self.before}SELECT {columns} {self.after}"


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
    "name": "lower(consultation_forms.caller_name) ~ {}",
    "company": "lower(consultation_forms.company) ~ {}",
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
    "days": (
        "day_key(coalesce(consultation_forms.arrived_at, consultation_forms.changed_at)) "
        "&& {}::integer[]"
    ),
    "after": "(calls.arrived_at, calls.call_id) < ({}, {})",
}


def parsed(wanted: CallFilter, after: str | None) -> Asked:
    """The conditions with the values of their parameters.

    Raises NumberInvalid for form and ticket numbers, FilterInvalid.
    """
    asked: Asked = {
        name: _values(name, value)
        for name, value in msgspec.structs.asdict(wanted).items()
        if value is not None
    }
    if wanted.deviation is not None:
        asked.pop("deviation")
        asked["deviation" if wanted.deviation else "no_deviation"] = ()
    if after is not None:
        asked["after"] = parse_cursor(after)
    return asked


def among_many(asked: Asked) -> bool:
    """Whether the calls have to be sifted out of all, with nothing that leads to a few."""
    return any(name in asked for name in OF_MANY) and not any(name in asked for name in OF_FEW)


def within_days(asked: Asked, begins_at: datetime, last: datetime) -> Asked:
    """The question for calls that arrived from `begins_at` on, where none is later than `last`."""
    # A form that an older program wrote may stand under the day after the call's.
    days = list(range(day_number(begins_at), day_number(last) + 2))
    return {**asked, "since": (begins_at,), "days": (days,)}


def with_words(asked: Asked) -> bool:
    """Whether calls are sifted by words, which lead to forms that the index of words has."""
    return among_many(asked) and any(name in asked for name in WORDED)


def among_newest(asked: Asked, calls: int) -> Question:
    """The question for those of the newest calls; words are no part of it."""
    inside = {name: value for name, value in asked.items() if name in OF_CALLS}
    bounds, values = _conditions(inside, 0)
    where, more = _conditions({k: v for k, v in asked.items() if k not in inside}, len(values))
    newest = f"SELECT * FROM calls WHERE {bounds} {NEWEST_FIRST} LIMIT {calls}"  # noqa: S608 fixed
    after = f"FROM ({newest}) AS calls {_joins(where)} WHERE {where}"
    return Question("", after, [*values, *more], sifts=True)


def rendered(asked: Asked) -> Question:
    """The question; `days` count where words are asked for.

    What the words lead to is found first: to make words of every form anew that the others lead to
    takes longer by far.
    """
    worded = {name: asked[name] for name in (*WORDED, "days") if name in asked}
    others = {name: value for name, value in asked.items() if name != "days"}
    if not with_words(asked):
        where, values = _conditions(others, 0)
        return Question("", f"FROM calls {_joins(where)} WHERE {where}", values)
    words, values = _conditions(worded, 0)
    others = {name: value for name, value in others.items() if name not in WORDED}
    where, more = _conditions(others, len(values))
    return Question(
        f"WITH worded AS MATERIALIZED (SELECT call_id FROM consultation_forms WHERE {words}) ",  # noqa: S608 fixed words
        f"FROM worded JOIN calls USING (call_id) {_joins(where)} WHERE {where}",
        [*values, *more],
        sifts=True,
    )


def _joins(where: str) -> str:
    return " ".join(join for table, join in _JOINS.items() if f"{table}." in where)


def _conditions(asked: Asked, before: int) -> tuple[str, list[Any]]:
    """The WHERE with the values of its parameters; so many parameters come before them."""
    values: list[Any] = []
    conditions: dict[str, str] = {}
    for name, parameters in asked.items():
        places = [f"${before + len(values) + place + 1}" for place in range(len(parameters))]
        # A name's is asked for each of its words.
        each = [(place,) for place in places] if name in OF_NAMES else [tuple(places)]
        conditions[name] = " AND ".join(_CONDITIONS[name].format(*one) for one in each)
        values += parameters
    of_one = [conditions.pop(name) for name in OF_ONE_DEVIATION if name in asked]
    if of_one:
        conditions["of_one"] = _DEVIATIONS.format(" AND " + " AND ".join(of_one))
    return " AND ".join(conditions.values()) or "true", values


def _values(name: str, value: Any) -> tuple[Any, ...]:
    """What stands for the typed value in the question, in the form in which it is kept."""
    if isinstance(value, str) and not value.isprintable():
        raise FilterInvalid("signs", "What was typed holds signs that cannot be searched for.")
    if name == "caller":
        return (caller_digits(value),)
    if name in OF_NAMES:
        words = re.findall(r"[^\W_]+", value.lower())
        if not words:
            raise FilterInvalid("name", f"{value}: a name is searched for by letters or digits.")
        # Nothing in a word of letters and digits has a meaning of its own here.
        return tuple(f"(^|[^[:alnum:]]){word}" for word in words)
    if name == "text":
        telling = " ".join(parse_typed(value).words)
        if not telling:
            raise FilterInvalid("text", f"{value}: type a word that tells more.")
        return (telling,)
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


def make_cursor(arrived_at: datetime, call_id: str) -> str:
    """The opaque word with which the calls after this one, newest first, are asked for."""
    return base64.urlsafe_b64encode(f"{arrived_at.isoformat()} {call_id}".encode()).decode()


def parse_cursor(cursor: str) -> tuple[datetime, str]:
    """The call that it names. Raises FilterInvalid."""
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
