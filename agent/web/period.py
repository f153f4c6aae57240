"""The days that somebody asks for, by the office's calendar."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from agent.domain.office_time import ZONES, local
from agent.domain.recap_period import RecapPeriod
from agent.domain.statistics import Grain
from agent.runtime import clock
from agent.web.problems import Refused

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
FIRST_YEAR, LAST_YEAR, MOST_YEARS = 2000, 2100, 20
USUAL = timedelta(days=29)
"""Before today, where no day is named."""

Day = Annotated[date, Meta(description="A day of the office, e.g. 2026-11-01.")]


class PeriodAsked(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}
):
    """From one day to another, both included; the last thirty days where none is named."""

    first: Day | None = None
    last: Day | None = None


class SpansAsked(PeriodAsked, frozen=True, forbid_unknown_fields=True):
    """A period by day, week or month; the fitting one where none is named."""

    grain: Grain | None = None


def begin_of_day(day: date | None, zone: str, days_later: int = 0) -> datetime | None:
    """The office's midnight before this day, or so many days later. Raises Refused."""
    if day is None:
        return None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Refused(400, "filter_period")
    return datetime.combine(day + timedelta(days=days_later), time(), ZONES[zone])


def period_of(asked: PeriodAsked, zone: str) -> RecapPeriod:
    """The period asked for. Raises Refused for one that ends before it begins, or is too long."""
    last = asked.last or local(clock.now(), zone).date()
    if not FIRST_YEAR < last.year < LAST_YEAR:
        raise Refused(400, "period_invalid")
    first = asked.first or last - USUAL
    years = last.year - first.year
    if first.year < FIRST_YEAR or first > last or years > MOST_YEARS:
        raise Refused(400, "period_invalid")
    return RecapPeriod(first, last)
