"""What a supervisor sees over time: the calls of any period, counted as the recap counts them.

The service figures are those of the recap, by the same formulas (recap_figures). A span is a day, a
week from its Monday, or a month, by the office's own calendar.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

import msgspec

from agent.domain.recap_figures import Figure, ServiceTimes, StepFigures, Times, figures_of
from agent.domain.recap_period import A_DAY, RecapPeriod, month_of
from agent.domain.recap_tally import ServiceCounts

Grain = Literal["day", "week", "month"]

MOST_DAYS, MOST_WEEKS = 62, 200
"""Spans that a picture of them still shows one by one; above, the next longer ones are counted."""
HOURS, WEEKDAYS = 24, 7


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """The calls that arrived in one span of a period."""

    first: date
    last: date
    offered: int
    outcomes: dict[str, int]
    answered: int
    left_queue: int
    service_level: float | None
    waits: Times


class DeviationCount(msgspec.Struct, frozen=True):
    """How many consultations deviate in this kind at this step."""

    kind: str
    step: str
    count: int


class ChoiceCount(msgspec.Struct, frozen=True):
    """How many consultations have this choice on their form; the empty one where it has none."""

    choice: str
    count: int


class OperatorFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What one operator did; account and name are None where the record names nobody.

    Talk and the time from its end to the archived form are the parts of a handling time that are on
    record.
    """

    account: str | None
    name: str | None
    answered: int
    talks: Times
    after_calls: Times
    judged: int
    without_deviation: int


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of a period from every side; seconds, and shares between 0 and 1."""

    first: date
    last: date
    grain: Grain
    zone: str
    offered: int
    outcomes: dict[str, int]
    figures: tuple[Figure, ...]
    waits: Times
    talks: Times
    spans: tuple[Span, ...]
    steps: tuple[StepFigures, ...]
    load: tuple[tuple[int, ...], ...]
    """Calls that arrived in each hour of each weekday, Monday first."""
    days: tuple[int, ...]
    """Days of each weekday on which anybody called: a day without a call was none of work."""
    categories: tuple[ChoiceCount, ...]
    applications: tuple[ChoiceCount, ...]
    deviations: tuple[DeviationCount, ...]
    with_deviation: int
    operators: tuple[OperatorFigures, ...]

    @property
    def hourly_load(self) -> tuple[tuple[float, ...], ...]:
        """Calls in each hour of an ordinary day of each weekday."""
        return tuple(
            tuple(calls / days if days else 0.0 for calls in hours)
            for hours, days in zip(self.load, self.days, strict=True)
        )


def grain_of(period: RecapPeriod) -> Grain:
    """The span by which a period is shown where nobody chose one."""
    days = (period.last - period.first).days + 1
    if days <= MOST_DAYS:
        return "day"
    return "week" if days <= 7 * MOST_WEEKS else "month"


def spans_of(period: RecapPeriod, grain: Grain) -> tuple[RecapPeriod, ...]:
    """The spans of a period in their order; the first and the last may be cut by its ends."""
    spans = []
    first = period.first
    while first <= period.last:
        last = min(_last_of(first, grain), period.last)
        spans.append(RecapPeriod(first, last))
        first = last + A_DAY
    return tuple(spans)


def span_of(
    span: RecapPeriod, outcomes: Mapping[str, int], service: ServiceCounts, waits: Times
) -> Span:
    """One span, its service level by the formula of the recap."""
    level = figures_of(service, ServiceTimes(waits=waits))[0]
    return Span(
        first=span.first,
        last=span.last,
        offered=sum(outcomes.values()),
        outcomes=dict(outcomes),
        answered=service.answered,
        left_queue=service.left_queue,
        service_level=level.value,
        waits=waits,
    )


def _last_of(day: date, grain: Grain) -> date:
    if grain == "day":
        return day
    if grain == "week":
        return day + timedelta(days=6 - day.weekday())
    return month_of(day).last
