"""How moments and durations are shown."""

from datetime import UTC, datetime

from agent.commands.plain import clock_of, milliseconds, seconds

LATE = datetime(2026, 12, 31, 18, 30, 5, 123456, tzinfo=UTC)


def test_moments_are_shown_in_the_offices_zone_with_its_name() -> None:
    assert clock_of("WIB")(LATE) == "2027-01-01 01:30 WIB"
    assert milliseconds(LATE, "WITA") == "02:30:05.123 WITA"
    assert milliseconds(datetime(2026, 1, 1, tzinfo=UTC), "WIT") == "09:00:00.000 WIT"


def test_durations_have_a_comma_and_what_is_missing_a_dash() -> None:
    assert seconds(0.2) == "0,200 dtk"
    assert seconds(None) == milliseconds(None, "WIB") == clock_of("WIB")(None) == "–"
