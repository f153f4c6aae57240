from datetime import date, datetime
from itertools import pairwise

import pytest

from agent.domain.working_time import Period
from agent.runtime.public_holidays import read_calendar, working_time_at
from tests.domain.offices import HOURS, wib


def days(first_year: int, last_year: int, kind: str) -> set[date]:
    return {
        holiday.on
        for holiday in read_calendar(first_year, last_year).holidays
        if holiday.kind == kind
    }


def test_2026_has_the_days_of_the_three_ministers_decree() -> None:
    assert len(days(2026, 2026, "public")) == 17
    assert days(2026, 2026, "joint_leave") == {
        date(2026, 2, 16),
        date(2026, 3, 18),
        date(2026, 3, 20),
        date(2026, 3, 23),
        date(2026, 3, 24),
        date(2026, 5, 15),
        date(2026, 5, 28),
        date(2026, 12, 24),
    }


def test_names_are_indonesian() -> None:
    names = {holiday.on: holiday.name for holiday in read_calendar(2026, 2026).holidays}
    assert names[date(2026, 8, 17)] == "Hari Kemerdekaan Republik Indonesia"
    assert names[date(2026, 12, 24)] == "Cuti Bersama Hari Raya Natal"


def test_what_is_estimated_says_so() -> None:
    names = [holiday.name for holiday in read_calendar(2040, 2040).holidays]
    assert "Hari Raya Idul Fitri (perkiraan)" in names


@pytest.mark.parametrize(
    ("year", "first", "last"),
    [
        (2024, date(2024, 3, 12), date(2024, 4, 9)),
        (2026, date(2026, 2, 19), date(2026, 3, 20)),
    ],
)
def test_ramadan_is_the_announced_one_to_the_eve_of_idul_fitri(
    year: int, first: date, last: date
) -> None:
    assert read_calendar(year, year).ramadan == (Period(first, last),)


def test_every_fasting_month_of_a_generation_is_there_once_and_has_29_or_30_days() -> None:
    ramadan = read_calendar(2020, 2050).ramadan
    assert len(ramadan) == 32  # 2030 has two beginnings
    for month in ramadan:
        assert 29 <= (month.last - month.first).days + 1 <= 30
    for one, following in pairwise(ramadan):
        assert 353 <= (following.first - one.first).days <= 356


def test_a_fasting_month_across_two_years_belongs_to_both() -> None:
    across = Period(date(2030, 12, 26), date(2031, 1, 24))
    assert across in read_calendar(2030, 2030).ramadan
    assert across in read_calendar(2031, 2031).ramadan


def test_the_calendar_covers_the_years_and_nothing_else() -> None:
    calendar = read_calendar(2026, 2027)
    assert calendar.covers == Period(date(2026, 1, 1), date(2027, 12, 31))
    assert {holiday.on.year for holiday in calendar.holidays} == {2026, 2027}


def test_its_version_is_that_of_its_content() -> None:
    calendar = read_calendar(2026, 2026)
    assert calendar.version == read_calendar(2026, 2026).version
    assert calendar.version.startswith("holidays-0.")
    assert calendar.version != read_calendar(2026, 2027).version


def test_working_time_covers_the_year_that_is_asked_about() -> None:
    working_time = working_time_at(HOURS, "WIB")
    for year in (2026, 2031):
        at: datetime = wib(f"{year}-07-06 09:00")
        assert working_time(at).add_working_time(at, 3600) > at


def test_working_time_knows_the_years_in_which_a_ticket_waited_for_its_user() -> None:
    later = wib("2031-07-06 09:00")
    worked = working_time_at(HOURS, "WIB")(later).working_seconds_between(
        wib("2026-07-06 09:00"), later
    )
    assert worked > 0
