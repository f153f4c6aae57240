"""A day has the same number here and in the schema."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from agent.database.connect import Connection
from agent.database.days import FIRST_DAY, day_number


@pytest.mark.parametrize(
    "at",
    [
        FIRST_DAY,
        FIRST_DAY - timedelta(microseconds=1),
        datetime(2026, 11, 20, 23, 59, 59, 999_999, UTC),
        datetime(2026, 11, 21, 6, 30, tzinfo=timezone(timedelta(hours=7))),
    ],
)
async def test_a_moments_day_has_the_number_that_the_schema_gives_it(
    connection: Connection, at: datetime
) -> None:
    assert await connection.fetchval("SELECT day_key($1)", at) == [day_number(at)]


def test_a_day_alone_is_the_day_of_its_midnight() -> None:
    assert day_number(date(2000, 1, 1)) == 0
    assert day_number(date(2026, 11, 20)) == day_number(datetime(2026, 11, 20, tzinfo=UTC))
