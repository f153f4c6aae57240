"""What differs between two versions is named by its place; an added entry moves no other."""

from datetime import date

import msgspec

from agent.domain.office_comparison import Difference, compare_decisions
from agent.domain.working_time import Closure
from tests.domain.offices import HOURS, TABLE


def closure(day: int, reason: str = "libur") -> Closure:
    on = date(2026, 4, day)
    return Closure(first=on, last=on, reason=reason, source="SE")


def test_the_same_content_differs_in_nothing_but_its_version() -> None:
    table = msgspec.to_builtins(TABLE)
    assert compare_decisions(table, {**table, "version": "kantor-1"}) == []


def test_an_added_closure_stands_alone_and_a_changed_one_names_what_changed() -> None:
    before = msgspec.structs.replace(HOURS, closures=(closure(8), closure(20)))
    after = msgspec.structs.replace(HOURS, closures=(closure(1), closure(8, "pilkada")))
    found = compare_decisions(msgspec.to_builtins(before), msgspec.to_builtins(after))
    parts = ("first", "last", "reason", "source")
    assert [(one.where, one.change) for one in found] == [
        *((("closures", "2026-04-01", part), "added") for part in parts),
        (("closures", "2026-04-08", "reason"), "changed"),
        *((("closures", "2026-04-20", part), "removed") for part in parts),
    ]
    where = ("closures", "2026-04-08", "reason")
    changed = Difference(where=where, change="changed", before="libur", after="pilkada")
    assert found[4] == changed


def test_a_term_that_was_hours_and_is_days_went_and_came() -> None:
    found = compare_decisions({"target": {"hours": 3.0}}, {"target": {"days": 1, "hours": None}})
    assert [(one.where[-1], one.before, one.after) for one in found] == [
        ("days", None, "1"),
        ("hours", "3", None),
    ]


def test_lists_of_plain_values_are_one_value() -> None:
    found = compare_decisions(
        {"breaks": [["12:00", "13:00"]], "x": [1], "list": [{"a": 1}]},
        {"breaks": [], "x": [1, 2], "list": [{"a": 2}]},
    )
    assert [(one.where, one.before, one.after) for one in found] == [
        (("x",), "1", "1, 2"),
        (("list", "1", "a"), "1", "2"),
        (("breaks",), "12:00–13:00", None),
    ]
