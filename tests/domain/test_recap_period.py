from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.office_time import local
from agent.domain.recap_period import RecapPeriod, month_of, months_due

NOVEMBER = RecapPeriod(date(2026, 11, 1), date(2026, 11, 30))


def test_a_period_begins_and_ends_at_the_offices_midnight() -> None:
    assert NOVEMBER.begins_at("WIB") == datetime(2026, 10, 31, 17, tzinfo=UTC)
    assert NOVEMBER.ends_at("WIB") == datetime(2026, 11, 30, 17, tzinfo=UTC)
    assert NOVEMBER.begins_at("WIT") == datetime(2026, 10, 31, 15, tzinfo=UTC)


def test_only_a_whole_month_is_one() -> None:
    assert NOVEMBER.is_month
    assert not RecapPeriod(date(2026, 11, 1), date(2026, 11, 29)).is_month
    assert not RecapPeriod(date(2026, 11, 1), date(2026, 12, 31)).is_month


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sampled_from(["WIB", "WITA", "WIT"]))
def test_months_follow_each_other_without_gap(day: date, zone: str) -> None:
    month = month_of(day)
    assert month.first <= day <= month.last
    after = month_of(month.last + timedelta(days=1))
    assert month.ends_at(zone) == after.begins_at(zone)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-30T17:59:59+00:00", [9, 10]),  # the last calls of November may still go on
        ("2026-11-30T18:00:00+00:00", [9, 10, 11]),
        ("2026-12-31T23:00:00+00:00", [9, 10, 11, 12]),
        ("2026-09-15T00:00:00+00:00", []),
    ],
)
def test_a_month_is_due_an_hour_after_its_end_since_the_first_call(
    now: str, due: list[int]
) -> None:
    first_call = datetime(2026, 8, 31, 18, tzinfo=UTC)  # 1 September in WIB
    months = months_due(first_call, set(), datetime.fromisoformat(now), "WIB")
    assert [month.first.month for month in months] == due
    assert all(month.is_month for month in months)


def test_a_month_with_its_recap_is_not_due_and_an_office_without_calls_owes_nothing() -> None:
    now = datetime(2027, 2, 1, tzinfo=UTC)
    first_call = datetime(2026, 11, 10, tzinfo=UTC)
    made = {date(2026, 11, 1), date(2027, 1, 1)}
    assert months_due(first_call, made, now, "WIB") == (month_of(date(2026, 12, 5)),)
    assert months_due(None, set(), now, "WIB") == ()


@given(st.integers(1, 2000))
def test_the_month_that_runs_is_never_due(hours: int) -> None:
    now = datetime(2001, 1, 1, tzinfo=UTC) + timedelta(hours=7 * hours)
    months = months_due(datetime(2000, 12, 1, tzinfo=UTC), set(), now, "WITA")
    assert all(month.ends_at("WITA") <= now for month in months)
    assert local(now, "WITA").date().replace(day=1) not in {month.first for month in months}
