"""The days of a recap by the office's own calendar, and which months still lack theirs."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

import msgspec

from agent.domain.office_time import ZONES, local

A_DAY = timedelta(days=1)
MONTH_SETTLED_AFTER = timedelta(hours=1)
"""After midnight: calls of the last evening are over by then, and archived (SOP step 7)."""


class RecapPeriod(msgspec.Struct, frozen=True):
    """From the first moment of one day to the last of another, both days included."""

    first: date
    last: date

    def begins_at(self, zone: str) -> datetime:
        """The first moment of the period."""
        return _midnight(self.first, zone)

    def ends_at(self, zone: str) -> datetime:
        """The first moment that no longer belongs to it."""
        return _midnight(self.last + A_DAY, zone)

    @property
    def is_month(self) -> bool:
        """Whether it is exactly one month of the calendar."""
        return self == month_of(self.first)


def month_of(day: date) -> RecapPeriod:
    """The month in which a day lies."""
    return RecapPeriod(day.replace(day=1), _next_month(day) - A_DAY)


def months_due(
    first_call_at: datetime | None, made: Collection[date], now: datetime, zone: str
) -> tuple[RecapPeriod, ...]:
    """Months that are over and have no recap, oldest first, since that of the first call.

    `made` are the first days of the months that have one.
    """
    if first_call_at is None:
        return ()
    current = local(now - MONTH_SETTLED_AFTER, zone).date().replace(day=1)
    month = local(first_call_at, zone).date().replace(day=1)
    due = []
    while month < current:
        if month not in made:
            due.append(month_of(month))
        month = _next_month(month)
    return tuple(due)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONES[zone])
