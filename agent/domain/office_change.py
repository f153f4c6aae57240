"""What an administrator changes of the office's decisions, made into a whole new version.

A version is never changed: each change makes the next one out of the one before, judged by the
parsers that judge the files. What nobody can change here (whose office it is, the words of the
table, the fields of the form) is taken over as it stands.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from agent.domain.form import FormDefinition, FormInvalid, Sentence, parse_form
from agent.domain.office_rules import (
    OfficeRulesInvalid,
    RulesChange,
    parse_office_rules,
    rules_content,
)
from agent.domain.plain_text import one_paragraph
from agent.domain.priority import (
    PRIORITIES,
    Escalation,
    Matrix,
    PriorityTable,
    PriorityTableInvalid,
    Term,
    due,
    parse_priority_table,
)
from agent.domain.secret_words import tells_secret
from agent.domain.working_time import (
    WEEKDAYS,
    CalendarEnds,
    Closure,
    ExtraDay,
    OfficeHours,
    OfficeHoursInvalid,
    RamadanPeriod,
    Weekday,
    WeekHours,
    WorkingTime,
    parse_office_hours,
)

LONGEST = 1000
"""Characters of one text."""
MADE_HERE = "kantor"
"""How the versions begin that no file has: kantor-1, kantor-2 …"""
CATEGORY = "category"
"""Both the field and its list."""
OTHERS = 99
"""The usual code of "something else"; new ones are counted below it."""

Text = Annotated[str, Meta(min_length=1, max_length=LONGEST)]
Code = Annotated[str, Meta(min_length=1, max_length=20)]


class OfficeChangeInvalid(ValueError):
    """A change that makes no usable version; `mistake` and `place` are told to people."""

    def __init__(self, mistake: str, place: str = "", message: str = "") -> None:
        super().__init__(message or f"{place} {mistake}".strip())
        self.mistake = mistake
        self.place = place


class HoursChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of an office's hours, as they shall be."""

    source: Text
    regular: tuple[WeekHours, ...]
    ramadan: tuple[WeekHours, ...] = ()
    ramadan_periods: tuple[RamadanPeriod, ...] = ()
    closures: tuple[Closure, ...] = ()
    extra_days: tuple[ExtraDay, ...] = ()


class TermsChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one priority shall promise; each term is hours of working time, or working days."""

    first_response: Term | None = None
    target: Term
    before_stage_closes: bool = False
    escalations: tuple[Escalation, ...] = ()


class PrioritiesChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terms of each priority."""

    high: TermsChange
    medium: TermsChange
    low: TermsChange


class TableChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole priority table but its words."""

    status: Literal["usulan", "ditetapkan"]
    source: Text
    matrix: Matrix
    priorities: PrioritiesChange


class CategoryChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One category; a new one has no code yet, a retired one is offered on no new form."""

    code: Code | None = None
    label: Sentence
    retired: bool = False


def next_version(known: Collection[str], name_of: Callable[[str], str]) -> str:
    """The first version that was never used; `name_of` a version is the name it is kept under."""
    number = 1
    while name_of(f"{MADE_HERE}-{number}") in known:
        number += 1
    return f"{MADE_HERE}-{number}"


def changed_hours(before: OfficeHours, version: str, change: HoursChange) -> dict[str, Any]:
    """The content of the next version. Raises OfficeChangeInvalid."""
    change = replace(
        change,
        regular=_grouped(change.regular),
        ramadan=_grouped(change.ramadan),
        ramadan_periods=tuple(sorted(change.ramadan_periods, key=lambda one: one.first)),
        closures=tuple(sorted(change.closures, key=lambda one: one.first)),
        extra_days=tuple(sorted(change.extra_days, key=lambda one: one.on)),
    )
    content = {"office": before.office, "version": version, **_tidy(change)}
    try:
        parse_office_hours(content)
    except OfficeHoursInvalid as error:
        raise OfficeChangeInvalid(error.mistake, error.place, str(error)) from error
    return content


def changed_table(before: PriorityTable, version: str, change: TableChange) -> dict[str, Any]:
    """The content of the next version. Raises OfficeChangeInvalid."""
    content = {**msgspec.to_builtins(before), "version": version, **_tidy(change)}
    for priority in PRIORITIES:
        content["priorities"][priority]["label"] = before.priorities.terms(priority).label
    try:
        parse_priority_table(content)
    except PriorityTableInvalid as error:
        raise OfficeChangeInvalid(error.mistake, error.place, str(error)) from error
    return content


def changed_categories(
    before: FormDefinition,
    version: str,
    categories: tuple[CategoryChange, ...],
    ever: Collection[str],
) -> dict[str, Any]:
    """The content of the form's next version, whose categories are these, in this order.

    `ever` are the codes of all forms that ever were: none is used for something else, and none
    that this form knows may be missing. Raises OfficeChangeInvalid.
    """
    known = before.lists.get(CATEGORY)
    if known is None:
        raise OfficeChangeInvalid("no_categories")
    codes = [one.code for one in categories if one.code]
    if unknown := [code for code in codes if code not in known]:
        raise OfficeChangeInvalid("category_unknown", unknown[0])
    if twice := [code for code in codes if codes.count(code) > 1]:
        raise OfficeChangeInvalid("category_twice", twice[0])
    if missing := [code for code in known if code not in codes]:
        raise OfficeChangeInvalid("category_missing", missing[0])
    used = {*ever, *known}
    labels: dict[str, Any] = {}
    offered: list[str] = []
    for one in categories:
        code = one.code or _new_code(used)
        used.add(code)
        labels[code] = _label(one.label)
        if not one.retired:
            offered.append(code)
    if not offered:
        raise OfficeChangeInvalid("all_retired")
    if same := _repeated([labels[code]["id"].casefold() for code in offered]):
        raise OfficeChangeInvalid("label_twice", same)
    content: dict[str, Any] = {**msgspec.to_builtins(before), "version": version}
    content["lists"] = {**content["lists"], CATEGORY: labels}
    content["offered"] = {**content["offered"], CATEGORY: offered}
    try:
        parse_form(content)
    except FormInvalid as error:
        raise OfficeChangeInvalid("unreadable", "", str(error)) from error
    return content


def changed_rules(version: str, change: RulesChange) -> dict[str, Any]:
    """The content of the next version of the rules of calls. Raises OfficeChangeInvalid."""
    content = rules_content(version, change)
    try:
        parse_office_rules(content)
    except OfficeRulesInvalid as error:
        raise OfficeChangeInvalid("unreadable", "", str(error)) from error
    return content


def check_usable(
    table: PriorityTable, working_time: Callable[[datetime], WorkingTime], at: datetime
) -> None:
    """Whether every ticket of this year could be given its due times.

    An office that never opens again, or a term of years, would leave tickets without any. Raises
    OfficeChangeInvalid.
    """
    for begins in (at, at.replace(month=12, day=31)):
        for priority in PRIORITIES:
            try:
                due(table, priority, begins, working_time(begins))
            except CalendarEnds as error:
                raise OfficeChangeInvalid("never_due", priority) from error


def is_same(before: msgspec.Struct, after: msgspec.Struct) -> bool:
    """Whether one parsed version says what the other says, the version itself aside."""
    return replace(before, version="") == replace(after, version="") and _in_order(
        before
    ) == _in_order(after)


def _in_order(decided: msgspec.Struct) -> list[str]:
    """Dictionaries are equal in whatever order, people see one."""
    return list(decided.lists.get(CATEGORY, ())) if isinstance(decided, FormDefinition) else []


def plain_reason(text: str) -> str:
    """Why something was decided, fit to keep. Raises OfficeChangeInvalid."""
    return _plain("reason", text)


def _label(label: Sentence) -> dict[str, str]:
    """In one language alone where the other has no words of its own."""
    if not one_paragraph(label.id):
        raise OfficeChangeInvalid("empty", CATEGORY)
    return {"id": _plain(CATEGORY, label.id), "en": _plain(CATEGORY, label.en.strip() or label.id)}


def _new_code(used: Collection[str]) -> str:
    numbers = {int(code) for code in used if code.isascii() and code.isdecimal()}
    number = max((known for known in numbers if known < OTHERS), default=0) + 1
    while number in numbers:
        number += 1
    return f"{number:02}"


def _repeated(words: list[str]) -> str | None:
    return next((word for word in words if words.count(word) > 1), None)


def _tidy(change: HoursChange | TableChange) -> dict[str, Any]:
    # What else a subclass carries (by whom, why) is no part of the content.
    kind = HoursChange if isinstance(change, HoursChange) else TableChange
    parts = {name: getattr(change, name) for name in kind.__struct_fields__}
    return {name: _plainly(name, part) for name, part in msgspec.to_builtins(parts).items()}


def _grouped(week: Sequence[WeekHours]) -> tuple[WeekHours, ...]:
    """Days with the same hours as one line, so that the same hours are the same content."""
    lines: dict[tuple[object, ...], list[Weekday]] = {}
    for hours in week:
        same = (hours.opens, hours.closes, hours.breaks)
        lines.setdefault(same, []).extend(hours.days)
    grouped = [
        WeekHours(days=tuple(sorted(days, key=WEEKDAYS.index)), **_hours(same))
        for same, days in lines.items()
    ]
    return tuple(sorted(grouped, key=lambda hours: WEEKDAYS.index(hours.days[0])))


def _hours(same: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(("opens", "closes", "breaks"), same, strict=True))


def _plainly(place: str, part: Any) -> Any:
    """The same with every text fit to keep; dates, hours and codes are unchanged by that."""
    if isinstance(part, str):
        return _plain(place, part)
    if isinstance(part, list | tuple):
        return [_plainly(place, one) for one in part]
    if isinstance(part, dict):
        return {name: _plainly(place, one) for name, one in part.items()}
    return part


def _plain(place: str, text: str) -> str:
    plain = one_paragraph(text)
    if not plain:
        raise OfficeChangeInvalid("empty", place)
    if len(plain) > LONGEST:
        raise OfficeChangeInvalid("too_long", place)
    if tells_secret(plain):
        raise OfficeChangeInvalid("secret", place)
    return plain
