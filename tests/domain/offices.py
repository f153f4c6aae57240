"""The office of the data files, and calendars, for the tests of working time and tickets."""

import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from agent.domain.office_rules import OfficeRules, parse_office_rules
from agent.domain.office_time import ZONES
from agent.domain.priority import PriorityTable, parse_priority_table
from agent.domain.working_time import (
    Calendar,
    Holiday,
    OfficeHours,
    Period,
    WorkingTime,
    parse_office_hours,
)
from agent.settings import DATA

RAMADAN = Period(date(2026, 2, 19), date(2026, 3, 20))


def hours_content() -> dict[str, Any]:
    """The hours as the data file has them."""
    return tomllib.loads((DATA / "office" / "LPSE.BTG.toml").read_text())


def table_content() -> dict[str, Any]:
    """The priority table as the data file has it."""
    return tomllib.loads((DATA / "priority" / "usulan-1.toml").read_text())


def rules_of_calls(**other: Any) -> dict[str, Any]:
    """How calls are treated by the settings' defaults, but for these."""
    return {
        "version": "setelan-1",
        "ring_seconds": 20.0,
        "new_round_seconds": 5.0,
        "please_wait_seconds": 30.0,
        "longest_wait_seconds": 300.0,
        "wrap_up_seconds": 0.0,
        "archive_after_seconds": 480.0,
        "numbers_heard_by": "both",
        "audio_kept_days": 90,
        **other,
    }


HOURS: OfficeHours = parse_office_hours(hours_content())
TABLE: PriorityTable = parse_priority_table(table_content())
RULES_OF_CALLS: OfficeRules = parse_office_rules(rules_of_calls())


def calendar(
    *closed: date, version: str = "one", ramadan: Iterable[Period] = (RAMADAN,)
) -> Calendar:
    """A calendar of three years in which only these days are holidays."""
    return Calendar(
        version=version,
        covers=Period(date(2025, 1, 1), date(2027, 12, 31)),
        holidays=tuple(Holiday(on, "libur", "public") for on in closed),
        ramadan=tuple(ramadan),
    )


def office(*closed: date, hours: OfficeHours = HOURS, zone: str = "WIB") -> WorkingTime:
    """The office with only these holidays."""
    return WorkingTime(hours, calendar(*closed), zone)


def wib(text: str) -> datetime:
    """A moment by the office's wall clock, e.g. 2026-07-06 08:00."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONES["WIB"])
