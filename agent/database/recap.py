"""What a recap is made of, call by call; who took it out, and the record of the monthly ones."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import asyncpg
import msgspec

from agent.database.connect import connected
from agent.database.queries import sql
from agent.database.statistics import PLANNED
from agent.domain.call_form import NO_CONSULTATION
from agent.domain.recap import RecapCall, RecapDeviation, StepTime
from agent.runtime.monthly_recap import MadeRecap

STATEMENT_S = 600.0
WHOLE_S = 3600.0
"""For a period of millions of calls; the service itself never asks for one."""
PAGE = 1000

_FIELDS = msgspec.json.Decoder(dict[str, str])
_STEPS = msgspec.json.Decoder(tuple[StepTime, ...])
_DEVIATIONS = msgspec.json.Decoder(tuple[RecapDeviation, ...])


async def read_recap(
    url: str,
    begins_at: datetime,
    ends_at: datetime,
    take: Callable[[RecapCall], None],
) -> None:
    """Hand over every call that arrived in the period, by its arrival, as all were at one moment.

    No more than a thousand are held at once. Raises DatabaseUnreachable, and whatever `take` does.
    """
    async with (
        connected(url, STATEMENT_S, WHOLE_S) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        for setting in PLANNED:
            await connection.execute(setting)
        async for row in connection.cursor(sql("recap_calls"), begins_at, ends_at, prefetch=PAGE):
            take(_call(row))


async def log_recap(
    url: str, by: str, purpose: str, begins_at: datetime, ends_at: datetime
) -> None:
    """Keep who takes out the consultations of the period, before he has them.

    Raises DatabaseUnreachable.
    """
    async with connected(url, STATEMENT_S, WHOLE_S) as connection:
        await connection.execute(
            sql("log_recap"), by, purpose, begins_at, ends_at, list(NO_CONSULTATION)
        )


class RecapStore:
    """Implements runtime.monthly_recap.RecapStore."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def first_call_at(self) -> datetime | None:
        """When the first call on record arrived. Raises DatabaseUnreachable."""
        async with connected(self._url) as connection:
            at: datetime | None = await connection.fetchval(sql("first_call"))
        return at

    async def months(self) -> frozenset[date]:
        """The first days of the months that have a recap. Raises DatabaseUnreachable."""
        async with connected(self._url) as connection:
            rows = await connection.fetch(sql("recapped_months"))
        return frozenset(row["month"] for row in rows)

    async def keep(self, month: date, made: MadeRecap) -> None:
        """Put a month's recap on record; one that has a record already keeps it.

        Raises DatabaseUnreachable.
        """
        async with connected(self._url) as connection:
            await connection.execute(
                sql("keep_recap"),
                month,
                made.path,
                made.sha256,
                made.made_at,
                made.rows,
                msgspec.json.encode(made.totals).decode(),
            )


def _call(row: asyncpg.Record) -> RecapCall:
    values: dict[str, Any] = dict(row)
    values["fields"] = _FIELDS.decode(row["fields"])
    values["steps"] = _STEPS.decode(row["steps"] or "[]")
    values["deviations"] = _DEVIATIONS.decode(row["deviations"] or "[]")
    return msgspec.convert(values, RecapCall)
