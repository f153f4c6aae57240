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
    "among": "calls.call_id = ANY ({}::text[])",
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
        asked["after"] = _parse_cursor(after)
    return asked


def rendered(asked: Asked) -> tuple[str, list[Any]]:
    """FROM and WHERE of the question, with the values of its parameters."""
    where, values = conditions_of(asked)
    joins = " ".join(join for table, join in _JOINS.items() if f"{table}." in where)
    return f"FROM calls {joins} WHERE {where}", values


def conditions_of(asked: Asked) -> tuple[str, list[Any]]:
    """The WHERE alone, with the values of its parameters."""
    values: list[Any] = []
    conditions: dict[str, str] = {}
    for name, parameters in asked.items():
        places = [f"${len(values) + place}" for place in range(1, len(parameters) + 1)]
        conditions[name] = _CONDITIONS[name].format(*places)
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
    if name in ("name", "company"):
        words = re.findall(r"[^\W_]+", value.lower())
        if not words:
            raise FilterInvalid("name", f"{value}: a name is searched for by letters or digits.")
        return (" & ".join(f"'{word}':*" for word in words),)
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
