"""The office's own clock: Indonesian zones and the time of day that a greeting names."""

from datetime import datetime, timedelta, timezone

# Keppres 41/1987: three zones, no daylight saving.
ZONES = {
    "WIB": timezone(timedelta(hours=7), "WIB"),
    "WITA": timezone(timedelta(hours=8), "WITA"),
    "WIT": timezone(timedelta(hours=9), "WIT"),
}

# From which hour each greeting is said: the usual limits of pagi, siang, sore and malam.
_GREETINGS = ((18, "evening"), (15, "afternoon"), (11, "noon"), (4, "morning"), (0, "evening"))


def local(at: datetime, zone: str) -> datetime:
    """The moment as the office's wall clock shows it."""
    return at.astimezone(ZONES[zone])


def welcome_prompt(at: datetime, zone: str) -> str:
    """Which welcome a caller hears at this moment."""
    hour = local(at, zone).hour
    return "welcome_" + next(name for start, name in _GREETINGS if hour >= start)
