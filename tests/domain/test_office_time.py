from datetime import UTC, datetime, timedelta

import pytest

from agent.domain.office_time import ZONES, local, welcome_prompt

MIDNIGHT_WIB = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)


def test_indonesia_has_three_zones_one_hour_apart() -> None:
    hours = {name: local(MIDNIGHT_WIB, name).hour for name in ZONES}
    assert hours == {"WIB": 0, "WITA": 1, "WIT": 2}


def test_the_year_changes_by_the_wall_clock_of_the_office() -> None:
    before = MIDNIGHT_WIB - timedelta(microseconds=1)
    assert (local(before, "WIB").year, local(MIDNIGHT_WIB, "WIB").year) == (2026, 2027)
    assert local(before, "WITA").year == 2027


@pytest.mark.parametrize(
    ("hour", "welcome"),
    [
        (0, "welcome_evening"),
        (3, "welcome_evening"),
        (4, "welcome_morning"),
        (10, "welcome_morning"),
        (11, "welcome_noon"),
        (14, "welcome_noon"),
        (15, "welcome_afternoon"),
        (17, "welcome_afternoon"),
        (18, "welcome_evening"),
        (23, "welcome_evening"),
    ],
)
def test_each_greeting_has_its_hours_from_the_first_to_the_last_moment(
    hour: int, welcome: str
) -> None:
    begins = MIDNIGHT_WIB + timedelta(hours=hour)
    assert welcome_prompt(begins, "WIB") == welcome
    assert welcome_prompt(begins + timedelta(minutes=59, seconds=59.999), "WIB") == welcome


def test_the_same_moment_is_greeted_by_the_time_of_each_office() -> None:
    at = MIDNIGHT_WIB + timedelta(hours=9.5)
    assert [welcome_prompt(at, zone) for zone in ("WIB", "WITA", "WIT")] == [
        "welcome_morning",
        "welcome_morning",
        "welcome_noon",
    ]
