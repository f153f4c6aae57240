"""The country's calendar out of the library `holidays`, which nothing else imports."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.metadata import version

import msgspec
from holidays.constants import GOVERNMENT, PUBLIC
from holidays.countries.indonesia import Indonesia

from agent.domain.working_time import Calendar, Holiday, OfficeHours, Period, WorkingTime

ONE_DAY = timedelta(days=1)
_FASTING_BEGINS, _FASTING_IS_OVER = "1 Ramadan", "1 Syawal"


class _FastingMonth(Indonesia):
    """The library knows when Ramadan begins, but no holiday of Indonesia asks it."""

    def _populate_public_holidays(self) -> None:
        self._add_ramadan_beginning_day(_FASTING_BEGINS)
        self._add_eid_al_fitr_day(_FASTING_IS_OVER)


def read_calendar(first_year: int, last_year: int) -> Calendar:
    """Public holidays, cuti bersama and Ramadan of these years, both included.

    What the library only estimates carries "(perkiraan)" in its name; the beginning of Ramadan can
    be wrong by a day. Joint leave of a year is there once the government has decided it and the
    library was taken up anew. The version tells content: with any other day it is another.
    """
    years = range(first_year, last_year + 1)
    covers = Period(date(first_year, 1, 1), date(last_year, 12, 31))
    days = (
        *(Holiday(on, name, "public") for on, name in _days(Indonesia, years, PUBLIC)),
        *(Holiday(on, name, "joint_leave") for on, name in _days(Indonesia, years, GOVERNMENT)),
    )
    ramadan = _ramadan(first_year, last_year)
    content = hashlib.sha256(msgspec.json.encode((covers, days, ramadan))).hexdigest()
    return Calendar(
        version=f"holidays-{version('holidays')}-{content[:8]}",
        covers=covers,
        holidays=days,
        ramadan=ramadan,
    )


def working_time_at(hours: OfficeHours, zone: str) -> Callable[[datetime], WorkingTime]:
    """The office's working time as a question of the moment: no calendar covers all years.

    It goes far back, because a ticket may have waited for its user for years.
    """

    @lru_cache(maxsize=2)
    def of_year(year: int) -> WorkingTime:
        return WorkingTime(hours, read_calendar(year - 5, year + 2), zone)

    return lambda at: of_year(at.year)


def _days(country: type[Indonesia], years: range, category: str) -> list[tuple[date, str]]:
    found = country(years=years, categories=category, language=Indonesia.default_language)
    return sorted(found.items())


def _ramadan(first_year: int, last_year: int) -> tuple[Period, ...]:
    """From each beginning to the day before the Idul Fitri that follows it."""
    # A Ramadan can begin in the last days of one year and end in the next.
    days = _days(_FastingMonth, range(first_year - 1, last_year + 2), PUBLIC)
    begins = [on for on, name in days if _FASTING_BEGINS in name]
    over = [on for on, name in days if _FASTING_IS_OVER in name]
    return tuple(
        Period(first, last)
        for first in begins
        for last in [min((eid for eid in over if eid > first), default=first) - ONE_DAY]
        if first <= last and last.year >= first_year and first.year <= last_year
    )
