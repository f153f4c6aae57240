import itertools
from datetime import date, timedelta
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.priority import (
    IMPACTS,
    PRIORITIES,
    URGENCIES,
    EscalationDue,
    Impact,
    Level,
    Override,
    Priority,
    PriorityTableInvalid,
    Urgency,
    due,
    higher,
    parse_priority_table,
)
from agent.domain.working_time import CalendarEnds
from tests.domain.offices import TABLE, office, table_content, wib


def test_the_table_of_the_data_file_is_the_proposed_one_and_says_so() -> None:
    assert TABLE.version == "usulan-1"
    assert TABLE.status == "usulan"
    cells = {
        (urgency, impact): TABLE.matrix.priority(urgency, impact)
        for urgency in URGENCIES
        for impact in IMPACTS
    }
    assert cells == {
        ("urgent", "large"): "high",
        ("urgent", "medium"): "high",
        ("urgent", "small"): "medium",
        ("not_urgent", "large"): "medium",
        ("not_urgent", "medium"): "medium",
        ("not_urgent", "small"): "low",
    }
    labels = [TABLE.priorities.terms(priority).label for priority in PRIORITIES]
    assert labels == ["Tinggi", "Menengah", "Rendah"]
    stages = [TABLE.priorities.terms(priority).before_stage_closes for priority in PRIORITIES]
    assert stages == [True, False, False]


def test_the_axes_are_complete() -> None:
    assert get_args(Urgency) == URGENCIES
    assert get_args(Impact) == IMPACTS
    assert get_args(Priority) == PRIORITIES


def test_levels_go_from_the_telephone_upward() -> None:
    assert list(Level) == ["helpdesk", "admin_ppe", "lkpp"]
    for low, high in itertools.combinations(Level, 2):
        assert higher(low, high) is higher(high, low) is high


def test_a_choice_tells_the_tables_word_and_who_overrode_it() -> None:
    choice = TABLE.choose("not_urgent", "small")
    assert (choice.priority, choice.table, choice.override) == ("low", "usulan-1", None)
    override = Override(priority="high", by="budi", reason="tender ditutup hari ini")
    choice = TABLE.choose("not_urgent", "small", override)
    assert (choice.priority, choice.by_table, choice.override) == ("high", "low", override)


def test_an_override_that_says_what_the_table_says_is_none() -> None:
    override = Override(priority="low", by="budi", reason="sama saja")
    assert TABLE.choose("not_urgent", "small", override).override is None


def test_what_a_person_has_overridden_outlives_every_change_of_urgency_and_impact() -> None:
    override = Override(priority="high", by="budi", reason="tender ditutup hari ini")
    choice = TABLE.choose("not_urgent", "small", override, ("impact",))
    choice = TABLE.choose_anew(choice, impact="medium")
    assert (choice.priority, choice.by_table, choice.assumed) == ("high", "medium", ())
    choice = TABLE.choose_anew(choice, urgency="urgent", impact="large")
    assert (choice.priority, choice.by_table) == ("high", "high")
    choice = TABLE.choose_anew(choice, urgency="not_urgent", impact="small")
    assert (choice.priority, choice.by_table, choice.override) == ("high", "low", override)


def test_only_another_override_ends_one_and_the_tables_own_word_gives_it_back() -> None:
    before = TABLE.choose(
        "not_urgent", "small", Override(priority="high", by="budi", reason="ditutup hari ini")
    )
    other = Override(priority="medium", by="siti", reason="ditutup besok")
    assert TABLE.choose_anew(before, override=other).override == other
    back = Override(priority="low", by="siti", reason="ditunda")
    choice = TABLE.choose_anew(before, override=back)
    assert (choice.priority, choice.override) == ("low", None)
    assert TABLE.choose_anew(choice, urgency="urgent").priority == "medium"


# Due times, in July 2026; Monday is the 6th.


@pytest.mark.parametrize(
    ("priority", "begins", "response", "target", "escalations"),
    [
        (
            "high",
            "2026-07-06 10:00",
            None,
            "2026-07-06 14:00",
            [(Level.ADMIN_PPE, "2026-07-06 10:00"), (Level.LKPP, "2026-07-06 11:00")],
        ),
        (
            "high",
            "2026-07-10 15:00",
            None,
            "2026-07-13 09:00",
            [(Level.ADMIN_PPE, "2026-07-10 15:00"), (Level.LKPP, "2026-07-10 16:00")],
        ),
        (
            "medium",
            "2026-07-06 10:00",
            "2026-07-06 16:00",
            "2026-07-07 16:00",
            [(Level.ADMIN_PPE, "2026-07-06 15:00"), (Level.LKPP, "2026-07-07 10:00")],
        ),
        (
            "low",
            "2026-07-06 10:00",
            "2026-07-07 16:00",
            "2026-07-13 16:00",
            [(Level.ADMIN_PPE, "2026-07-08 16:00")],
        ),
        (  # Ramadan: the days are shorter
            "medium",
            "2026-02-23 10:00",
            "2026-02-23 15:00",
            "2026-02-24 15:00",
            [(Level.ADMIN_PPE, "2026-02-23 14:30"), (Level.LKPP, "2026-02-24 11:00")],
        ),
    ],
)
def test_each_priority_has_its_times(
    priority: Priority,
    begins: str,
    response: str | None,
    target: str,
    escalations: list[tuple[Level, str]],
) -> None:
    times = due(TABLE, priority, wib(begins), office())
    assert times.first_response_at == (wib(response) if response else None)
    assert times.target_at == wib(target)
    assert list(times.escalations) == [EscalationDue(level, wib(at)) for level, at in escalations]


def test_the_highest_priority_is_due_when_the_tender_stage_closes_at_the_latest() -> None:
    begins, closes = wib("2026-07-06 10:00"), wib("2026-07-06 10:40")
    times = due(TABLE, "high", begins, office(), closes)
    assert times.target_at == closes
    assert [escalation.at for escalation in times.escalations] == [begins, closes]
    assert times.stage_closes_at == closes
    late = due(TABLE, "high", begins, office(), wib("2026-07-08 10:00"))
    assert late.target_at == wib("2026-07-06 14:00")


def test_a_stage_that_closes_while_the_office_is_closed_binds_all_the_same() -> None:
    closes = wib("2026-07-11 23:59")
    times = due(TABLE, "high", wib("2026-07-10 15:00"), office(), closes)
    assert times.target_at == closes


def test_a_stage_binds_no_other_priority_and_not_when_it_had_closed_before() -> None:
    begins = wib("2026-07-06 10:00")
    cases: list[tuple[Priority, str]] = [
        ("medium", "2026-07-06 10:40"),
        ("high", "2026-07-06 10:00"),
    ]
    for priority, closes in cases:
        times = due(TABLE, priority, begins, office(), wib(closes))
        assert times == due(TABLE, priority, begins, office())
        assert times.stage_closes_at is None


def test_due_times_keep_the_versions_that_they_were_computed_from() -> None:
    times = due(TABLE, "low", wib("2026-07-06 10:00"), office())
    assert (times.priority, times.table) == ("low", "usulan-1")
    assert (times.hours, times.calendar) == ("LPSE.BTG usulan-1 WIB", "one")


def test_a_due_time_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(CalendarEnds):
        due(TABLE, "low", wib("2027-12-30 10:00"), office())


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    minutes=st.integers(0, 365 * 24 * 60),
    stage_minutes=st.none() | st.integers(-600, 6000),
    zone=st.sampled_from(["WIB", "WITA", "WIT"]),
    closed=st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=30),
)
def test_nothing_is_due_before_it_began_or_after_the_stage_that_binds_it(
    minutes: int, stage_minutes: int | None, zone: str, closed: set[date]
) -> None:
    begins = wib("2026-01-01 00:00") + timedelta(minutes=minutes)
    stage = None if stage_minutes is None else begins + timedelta(minutes=stage_minutes)
    there = office(*closed, zone=zone)
    for priority in PRIORITIES:
        times = due(TABLE, priority, begins, there, stage)
        escalations = [escalation.at for escalation in times.escalations]
        all_times = [times.target_at, *escalations]
        if times.first_response_at:
            all_times.append(times.first_response_at)
            assert times.first_response_at <= times.target_at
        assert min(all_times) >= begins
        assert times.target_at > begins
        if priority == "high" and stage and stage > begins:
            assert max(all_times) <= stage
        assert escalations == sorted(escalations)
    targets = [due(TABLE, priority, begins, there).target_at for priority in PRIORITIES]
    assert targets == sorted(targets)


# The data file and its mistakes.


def test_the_table_survives_being_kept_as_json() -> None:
    assert parse_priority_table(msgspec.json.decode(msgspec.json.encode(TABLE))) == TABLE


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (("status",), "perhaps", "at `$.status`"),
        (("version",), "", "at `$.version`"),
        (("colour",), "red", "unknown field `colour`"),
        (("matrix", "urgent", "huge"), "high", "unknown field `huge` - at `$.matrix.urgent`"),
        (("matrix", "urgent", "large"), "highest", "at `$.matrix.urgent.large`"),
        (("matrix", "urgent", "large"), None, "required field `large` - at `$.matrix.urgent`"),
        (
            ("matrix", "urgent", "large"),
            "low",
            "matrix: urgent large is lower than not_urgent large",
        ),
        (
            ("matrix", "not_urgent", "small"),
            "medium",
            None,
        ),
        (
            ("matrix", "urgent", "small"),
            "low",
            None,
        ),
        (
            ("matrix", "urgent", "medium"),
            "medium",
            None,
        ),
        (
            ("matrix", "urgent", "small"),
            "high",
            None,
        ),
        (
            ("matrix", "not_urgent", "large"),
            "low",
            "matrix: not_urgent: a smaller impact has a higher priority",
        ),
        (("priorities", "high"), None, "required field `high` - at `$.priorities`"),
        (("priorities", "urgent"), {}, "unknown field `urgent` - at `$.priorities`"),
        (("priorities", "low", "target"), None, "required field `target`"),
        (("priorities", "low", "target"), {}, "low: target must be either hours or days"),
        (
            ("priorities", "low", "target"),
            {"hours": 1, "days": 1},
            "low: target must be either hours or days",
        ),
        (("priorities", "low", "target"), {"hours": 0}, "low: target must leave some time"),
        (("priorities", "low", "target"), {"hours": -1}, "at `$.priorities.low.target.hours`"),
        (("priorities", "low", "target"), {"days": 1.5}, "at `$.priorities.low.target.days`"),
        (
            ("priorities", "low", "target"),
            {"hours": float("inf")},
            "at `$.priorities.low.target.hours`",
        ),
        (("priorities", "low", "target"), {"weeks": 1}, "unknown field `weeks`"),
        (
            ("priorities", "low", "first_response"),
            {},
            "low: first_response must be either hours or days",
        ),
        (
            ("priorities", "low", "escalations"),
            [{"level": "lkpp", "after": {}}],
            "low: escalation to lkpp must be either hours or days",
        ),
        (
            ("priorities", "low", "escalations"),
            [
                {"level": "lkpp", "after": {"hours": 1}},
                {"level": "admin_ppe", "after": {"hours": 1}},
            ],
            "low: escalations must go up, each level once",
        ),
        (
            ("priorities", "low", "escalations"),
            [{"level": "lkpp", "after": {"hours": n}} for n in (1, 2)],
            "low: escalations must go up, each level once",
        ),
        (
            ("priorities", "low", "escalations"),
            [{"level": "helpdesk", "after": {"hours": 1}}],
            "low: escalations must go up, each level once",
        ),
        (
            ("priorities", "low", "escalations"),
            [{"level": "minister", "after": {"hours": 1}}],
            "at `$.priorities.low.escalations[0].level`",
        ),
    ],
)
def test_a_mistake_is_refused_in_one_sentence_and_a_sensible_change_is_not(
    place: tuple[str, ...], value: object, sentence: str | None
) -> None:
    changed: dict[str, Any] = table_content()
    table = changed
    for name in place[:-1]:
        table = table[name]
    if value is None:
        del table[place[-1]]
    else:
        table[place[-1]] = value
    if sentence is None:
        parse_priority_table(changed)
        return
    with pytest.raises(PriorityTableInvalid) as refused:
        parse_priority_table(changed)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_not_a_number_is_no_time() -> None:
    changed = table_content()
    changed["priorities"]["low"]["target"] = {"hours": float("nan")}
    with pytest.raises(PriorityTableInvalid):
        parse_priority_table(changed)


def test_something_that_is_no_table_is_refused() -> None:
    nonsense: tuple[object, ...] = (None, [], "table", 17)
    for wrong in nonsense:
        with pytest.raises(PriorityTableInvalid):
            parse_priority_table(wrong)
