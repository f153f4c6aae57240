"""Made-up calls come when the office is open, and their number is exact."""

from collections import Counter
from datetime import date

import pytest

from agent.domain.synthetic_days import arrivals, counts_of_days
from tests.domain.made_up import dice
from tests.domain.offices import office

HOLIDAY = date(2026, 5, 1)


@pytest.mark.parametrize("calls", [1, 7, 12_345])
def test_the_days_have_together_exactly_the_calls_and_none_on_a_closed_day(calls: int) -> None:
    first, last = date(2025, 7, 1), date(2026, 6, 30)
    days = counts_of_days(dice(), office(HOLIDAY), first, last, calls)
    assert sum(count for _, count in days) == calls
    assert all(day.weekday() < 5 and day != HOLIDAY for day, _ in days)


def test_more_comes_on_mondays_than_on_fridays_and_in_november_than_in_january() -> None:
    days = counts_of_days(dice(), office(), date(2025, 1, 1), date(2025, 12, 31), 100_000)
    weekdays, months = Counter[int](), Counter[int]()
    for day, count in days:
        weekdays[day.weekday()] += count
        months[day.month] += count
    assert weekdays[0] > 1.2 * weekdays[4]
    assert months[11] > 1.3 * months[1]


def test_arrivals_are_in_order_within_office_hours_and_most_before_noon() -> None:
    spans = office().open_on(date(2026, 7, 6))
    moments = list(arrivals(dice(), spans, 3000))
    assert moments == sorted(moments)
    assert len(moments) == 3000
    assert all(any(opens <= at < closes for opens, closes in spans) for at in moments)
    hours = Counter(at.hour for at in moments)
    assert hours[9] > hours[15]
    assert all(at.microsecond == 0 for at in moments)
