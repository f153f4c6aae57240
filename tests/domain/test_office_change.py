"""Each change of an office's decisions is a whole new version, or is refused with its place."""

import tomllib
from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
import pytest

from agent.domain.form import FormDefinition, Sentence, parse_form
from agent.domain.office_change import (
    CATEGORY,
    LONGEST,
    CategoryChange,
    HoursChange,
    OfficeChangeInvalid,
    TableChange,
    changed_categories,
    changed_hours,
    changed_rules,
    changed_table,
    check_usable,
    is_same,
    next_version,
    plain_reason,
)
from agent.domain.office_rules import OfficeRules, RulesChange, parse_office_rules
from agent.domain.priority import PriorityTable, parse_priority_table
from agent.domain.working_time import Closure, OfficeHours, parse_office_hours
from agent.settings import DATA
from tests.domain.offices import (
    HOURS,
    RULES_OF_CALLS,
    TABLE,
    hours_content,
    office,
    rules_of_calls,
    table_content,
    wib,
)

FORM = parse_form(tomllib.loads((DATA / "form" / "formulir-konsultasi-1.toml").read_text("utf-8")))
KNOWN = FORM.lists[CATEGORY]


def hours(**change: Any) -> OfficeHours:
    content = {k: v for k, v in hours_content().items() if k not in ("office", "version")}
    asked = msgspec.convert({**content, **change}, HoursChange)
    return parse_office_hours(changed_hours(HOURS, "kantor-1", asked))


def table(**change: Any) -> PriorityTable:
    content = table_content()
    wanted = {name: content[name] for name in ("status", "source", "matrix", "priorities")}
    for terms in wanted["priorities"].values():
        terms.pop("label")
    for path, value in change.items():
        at: Any = wanted
        *way, last = path.split("__")
        for step in way:
            at = at[step]
        at[last] = value
    asked = msgspec.convert(wanted, TableChange)
    return parse_priority_table(changed_table(TABLE, "kantor-1", asked))


def rules(**change: Any) -> OfficeRules:
    asked = {name: value for name, value in rules_of_calls(**change).items() if name != "version"}
    return parse_office_rules(changed_rules("kantor-1", RulesChange(**asked)))


def categories(*changed: CategoryChange, ever: tuple[str, ...] = ()) -> FormDefinition:
    content = changed_categories(FORM, "kantor-1", changed, ever)
    # As it comes back from a database, which keeps no order of keys.
    return parse_form(msgspec.json.decode(msgspec.json.encode(content, order="sorted")))


def as_they_are(**other: CategoryChange) -> list[CategoryChange]:
    return [
        other.get(f"c{code}", CategoryChange(code=code, label=label))
        for code, label in KNOWN.items()
    ]


def refused(make: Any, **change: Any) -> tuple[str, str]:
    with pytest.raises(OfficeChangeInvalid) as invalid:
        make(**change)
    return invalid.value.mistake, invalid.value.place


def test_a_version_is_named_by_itself_after_those_that_ever_were() -> None:
    assert next_version([], str) == "kantor-1"
    assert next_version(["usulan-1", "kantor-1", "kantor-2"], str) == "kantor-3"
    assert next_version(["LPSE.BTG kantor-1"], lambda v: f"LPSE.BTG {v}") == "kantor-2"


def test_what_stands_in_the_file_is_taken_as_it_is_and_says_the_same() -> None:
    assert is_same(HOURS, hours())
    assert is_same(TABLE, table())
    assert hours().version == table().version == "kantor-1"
    assert is_same(FORM, FORM)


def test_a_week_day_by_day_is_the_same_week() -> None:
    by_day = [
        {**line, "days": [day]} for line in hours_content()["regular"] for day in line["days"]
    ]
    assert is_same(HOURS, hours(regular=by_day[::-1]))


def test_a_closure_is_added_with_its_source_and_all_stand_by_time() -> None:
    made = hours(
        closures=[
            {"first": "2026-12-31", "last": "2026-12-31", "reason": " Tutup  buku ", "source": "x"},
            {"first": "2026-04-08", "last": "2026-04-08", "reason": "Hari Jadi", "source": "SE 1"},
        ]
    )
    assert not is_same(HOURS, made)
    assert [one.first for one in made.closures] == [date(2026, 4, 8), date(2026, 12, 31)]
    assert made.closures[1].reason == "Tutup buku"
    assert made.regular == HOURS.regular


@pytest.mark.parametrize(
    ("closure", "told"),
    [
        ({"last": "2026-04-07"}, ("last_first", "closures, 2026-04-08")),
        ({"reason": " \n "}, ("empty", "closures")),
        ({"source": "kata sandi saya Rahasia#1"}, ("secret", "closures")),
        ({"reason": "x" * (LONGEST + 1)}, ("too_long", "closures")),
    ],
)
def test_a_closure_that_cannot_be_is_refused(
    closure: Mapping[str, str], told: tuple[str, str]
) -> None:
    usual = {"first": "2026-04-08", "last": "2026-04-08", "reason": "x", "source": "y"}
    assert refused(hours, closures=[{**usual, **closure}]) == told


def test_days_and_hours_that_contradict_are_refused_with_their_place() -> None:
    usual = hours_content()
    monday = {**usual["regular"][0], "days": ["monday"]}
    later = {**monday, "closes": "15:00:00"}
    assert refused(hours, regular=[monday, later], ramadan=[]) == ("day_twice", "regular, monday")
    assert refused(hours, regular=[monday]) == ("ramadan_days", "ramadan")


def test_rules_of_calls_are_replaced_as_a_whole() -> None:
    assert is_same(RULES_OF_CALLS, rules())
    made = rules(ring_seconds=25.0, numbers_heard_by="operator")
    assert (made.version, made.ring_seconds, made.numbers_heard_by) == ("kantor-1", 25, "operator")
    assert made.longest_wait_seconds == RULES_OF_CALLS.longest_wait_seconds
    assert not is_same(RULES_OF_CALLS, made)
    assert refused(rules, ring_seconds=0.0) == ("unreadable", "")


def test_a_table_keeps_its_words_and_takes_new_terms() -> None:
    made = table(priorities__low__target={"days": 3}, matrix__not_urgent__small="medium")
    assert made.priorities.low.target.days == 3
    assert made.matrix.not_urgent.small == "medium"
    assert made.priorities.low.label == TABLE.priorities.low.label
    assert (made.urgencies, made.impacts) == (TABLE.urgencies, TABLE.impacts)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"priorities__high__target": {}}, ("term_unclear", "high")),
        ({"priorities__high__target": {"hours": 1, "days": 1}}, ("term_unclear", "high")),
        ({"priorities__low__target": {"hours": 0}}, ("target_zero", "low")),
        ({"matrix__urgent__large": "low"}, ("matrix_gentler", "matrix")),
        (
            {"priorities__low__escalations": [{"level": "helpdesk", "after": {"hours": 1}}]},
            ("escalations_down", "low"),
        ),
        ({"source": "PIN saya 4821"}, ("secret", "source")),
    ],
)
def test_a_table_that_cannot_be_is_refused_with_its_place(
    change: dict[str, Any], told: tuple[str, str]
) -> None:
    assert refused(table, **change) == told


def test_categories_are_renamed_retired_moved_and_added() -> None:
    renamed = CategoryChange(code="04", label=Sentence("SIKaP baru", ""))
    retired = CategoryChange(code="14", label=KNOWN["14"], retired=True)
    rows = as_they_are(c04=renamed, c14=retired)
    made = categories(
        CategoryChange(label=Sentence(" Audit  probity ", "Probity audit")), *rows[::-1]
    )
    assert list(made.choices(CATEGORY))[:3] == ["18", "99", "17"]
    assert made.lists[CATEGORY]["18"].id == "Audit probity"
    assert made.lists[CATEGORY]["04"] == Sentence("SIKaP baru", "SIKaP baru")
    assert "14" not in made.choices(CATEGORY)
    assert list(made.lists[CATEGORY])[-1] == "14", "it can be read on old forms"
    assert made.name == "formulir-konsultasi-kantor-1"
    assert made.sections == FORM.sections


def test_the_order_alone_is_a_change() -> None:
    same, other = categories(*as_they_are()), categories(*as_they_are()[::-1])
    assert not is_same(same, other)
    assert is_same(same, categories(*as_they_are()))


def test_no_code_is_ever_used_for_something_else() -> None:
    new = CategoryChange(label=Sentence("Baru", "New"))
    other = CategoryChange(label=Sentence("Lagi", "Again"))
    made = categories(*as_they_are(), new, other, ever=("18", "20", "x", "98", "100"))
    assert [code for code in made.lists[CATEGORY] if code not in KNOWN] == ["101", "102"]
    made = categories(*as_they_are(), new, other, ever=("18",))
    assert [code for code in made.lists[CATEGORY] if code not in KNOWN] == ["19", "20"]


def test_categories_that_cannot_be_are_refused() -> None:
    rows = as_they_are()

    def make(rows: list[CategoryChange]) -> FormDefinition:
        return categories(*rows)

    assert refused(make, rows=rows[1:]) == ("category_missing", "01")
    assert refused(make, rows=[*rows, rows[0]]) == ("category_twice", "01")
    unknown = CategoryChange(code="77", label=Sentence("x", "x"))
    assert refused(make, rows=[*rows, unknown]) == ("category_unknown", "77")
    gone = [CategoryChange(code=one.code, label=one.label, retired=True) for one in rows]
    assert refused(make, rows=gone)[0] == "all_retired"
    twice = CategoryChange(label=Sentence("sikap", "x"))
    assert refused(make, rows=[*rows, twice]) == ("label_twice", "sikap")
    assert refused(make, rows=[*rows, CategoryChange(label=Sentence(" ", "x"))])[0] == "empty"
    told = CategoryChange(label=Sentence("OTP saya 482913", "x"))
    assert refused(make, rows=[*rows, told]) == ("secret", CATEGORY)


def test_a_form_without_categories_has_none_to_change() -> None:
    fields = msgspec.to_builtins(FORM)
    for section in fields["sections"]:
        section["fields"] = [one for one in section["fields"] if one["id"] != CATEGORY]
    del fields["lists"][CATEGORY]
    with pytest.raises(OfficeChangeInvalid, match="no_categories"):
        changed_categories(parse_form(fields), "kantor-1", tuple(as_they_are()), ())


def test_an_office_that_never_opens_and_a_target_of_years_are_no_decision() -> None:
    at = wib("2026-07-06 09:00")
    check_usable(TABLE, lambda _at: office(), at)
    closure = Closure(first=date(2026, 7, 1), last=date(2999, 1, 1), reason="x", source="y")
    shut = msgspec.structs.replace(HOURS, closures=(closure,))
    with pytest.raises(OfficeChangeInvalid) as invalid:
        check_usable(TABLE, lambda _at: office(hours=shut), at)
    assert (invalid.value.mistake, invalid.value.place) == ("never_due", "high")
    with pytest.raises(OfficeChangeInvalid, match="low never_due"):
        check_usable(table(priorities__low__target={"days": 300}), lambda _at: office(), at)


def test_a_reason_is_plain_and_tells_no_secret() -> None:
    assert plain_reason(" Surat\tEdaran 12 ") == "Surat Edaran 12"
    for text, mistake in ((" ", "empty"), ("PIN 4821 adalah PIN saya", "secret")):
        with pytest.raises(OfficeChangeInvalid, match=mistake):
            plain_reason(text)
