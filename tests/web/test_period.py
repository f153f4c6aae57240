from datetime import date

import pytest

from agent.domain.recap_period import RecapPeriod
from agent.web.period import PeriodAsked, period_of
from agent.web.problems import Refused


def test_a_period_is_the_days_that_are_named() -> None:
    asked = PeriodAsked(date(2026, 11, 1), date(2026, 11, 30))
    assert period_of(asked, "WIB") == RecapPeriod(date(2026, 11, 1), date(2026, 11, 30))


def test_where_no_day_is_named_it_is_the_last_thirty() -> None:
    period = period_of(PeriodAsked(), "WIB")
    assert (period.last - period.first).days == 29
    assert period_of(PeriodAsked(last=date(2026, 3, 30)), "WIB").first == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 2, 1), date(2026, 1, 31)),
        (date(2000, 1, 1), date(2026, 1, 1)),
        (date(1, 1, 1), None),
        (None, date(9999, 12, 31)),
        (None, date(2000, 1, 1)),
    ],
)
def test_a_period_that_is_none_is_refused(first: date | None, last: date | None) -> None:
    with pytest.raises(Refused):
        period_of(PeriodAsked(first, last), "WIB")
