from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.recap_figures import Times, service_figures
from agent.domain.recap_period import A_DAY, RecapPeriod
from agent.domain.recap_tally import RecapTally
from agent.domain.statistics import Grain, grain_of, span_of, spans_of
from tests.domain.recap_calls import november

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@given(days, st.integers(0, 900), st.sampled_from(["day", "week", "month"]))
def test_the_spans_of_a_period_are_all_its_days_once(first: date, more: int, grain: Grain) -> None:
    period = RecapPeriod(first, first + timedelta(days=more))
    spans = spans_of(period, grain)
    assert (spans[0].first, spans[-1].last) == (period.first, period.last)
    for span, following in pairwise(spans):
        assert span.last + A_DAY == following.first
    for span in spans[1:]:
        assert grain != "week" or span.first.weekday() == 0
        assert grain != "month" or span.first.day == 1
    assert grain != "day" or len(spans) == more + 1


@pytest.mark.parametrize(
    ("last", "grain"),
    [
        (date(2026, 1, 1), "day"),
        (date(2026, 2, 28), "day"),
        (date(2026, 12, 31), "week"),
        (date(2030, 12, 31), "month"),
    ],
)
def test_a_longer_period_is_shown_by_longer_spans(last: date, grain: Grain) -> None:
    assert grain_of(RecapPeriod(date(2026, 1, 1), last)) == grain


def test_a_span_has_the_service_level_of_the_recap() -> None:
    tally = RecapTally("WIB")
    for call in november(50):
        tally.add(call)
    span = span_of(
        RecapPeriod(date(2026, 11, 1), date(2026, 11, 30)),
        tally.totals.outcomes,
        tally.service,
        Times(),
    )
    assert span.offered == 50
    assert span.service_level == service_figures(tally)[0].value
