"""How moments and durations are shown, and how a command ends."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import typer

from agent.commands.plain import (
    clock_of,
    milliseconds,
    parse_period,
    print_json,
    print_json_line,
    refuse,
    seconds,
)

LATE = datetime(2026, 12, 31, 18, 30, 5, 123456, tzinfo=UTC)


def test_moments_are_shown_in_the_offices_zone_with_its_name() -> None:
    assert clock_of("WIB")(LATE) == "2027-01-01 01:30 WIB"
    assert milliseconds(LATE, "WITA") == "02:30:05.123 WITA"
    assert milliseconds(datetime(2026, 1, 1, tzinfo=UTC), "WIT") == "09:00:00.000 WIT"


def test_durations_have_a_comma_and_what_is_missing_a_dash() -> None:
    assert seconds(0.2) == "0,200 dtk"
    assert seconds(None) == milliseconds(None, "WIB") == clock_of("WIB")(None) == "–"


def test_what_was_typed_is_quoted_without_what_a_terminal_obeys(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit) as ended:
        refuse("No call has the number 1\n\x1b[31m2\u202e\udcff.")
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == "No call has the number 1??[31m2??.\n"


@pytest.mark.parametrize("show", [print_json, print_json_line])
def test_json_reaches_a_terminal_without_what_it_obeys_and_is_the_same_value(
    show: Callable[[object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    value = ["Réné 🙂", "\x1b[2J\x7f\x9b1m", "\u202e\u2066\u200b", "\U000e0041"]
    show(value)
    told = capsys.readouterr().out
    assert json.loads(told) == value
    assert "Réné 🙂" in told
    assert all(line.isprintable() for line in told.splitlines())


def test_a_period_begins_with_its_first_day_and_ends_with_the_midnight_after_its_last() -> None:
    first, end = parse_period("2026-03-02", "2026-03-02", "WIB")
    assert first == datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert end == datetime(2026, 3, 2, 17, tzinfo=UTC)
    moment = "2026-03-02T09:00+00:00"
    assert parse_period(None, moment, "WIB") == (None, datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert parse_period(None, None, "WIB") == (None, None)
