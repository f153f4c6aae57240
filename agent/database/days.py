"""Days as the indexes of words number them: since the first of 2000, in UTC."""

from datetime import UTC, date, datetime

FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def day_number(of: date) -> int:
    """The number of a day, or of a moment's day, as the schema's function day_key makes it."""
    day = of.astimezone(UTC).date() if isinstance(of, datetime) else of
    return (day - FIRST_DAY.date()).days
