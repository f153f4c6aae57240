"""A database with any number of calls in it: an hour of told ones, copied hour by hour.

A copy is the same call some hours later under numbers of its own, in its columns as in its events,
so that a replay of it comes to what its record says.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from agent.database.batch import batch_of
from agent.database.connect import connected
from agent.database.queries import sql
from agent.domain.numbers import YearNumber, render_form_number, render_ticket_number
from agent.domain.sop import Sop
from tests.database.stories import OFFICE, abandoned, escalated, solved

YEAR = 2026
FIRST_HOUR = datetime(YEAR, 1, 1, 11, tzinfo=UTC)
HOURS_A_DAY = 10
"""Those of one welcome, good evening, which copies cannot change: from 18:00 to 04:00 WIB."""
AN_HOUR = 300
EVERY = timedelta(minutes=58) / AN_HOUR
OPERATORS = 6
MOST_CALLS = AN_HOUR * HOURS_A_DAY * 360
FIRST_TOLD = 9001
"""Of one length, so that no number is the beginning of another."""
STATEMENT_S = 60.0


class _Told(msgspec.Struct):
    """A call as the rows of each table, in JSON, and the words that are another copy's own."""

    rows: dict[str, str]
    call_id: str
    form: str
    ticket: str | None


async def fill(url: str, calls: int, sops: dict[str, Sop]) -> None:
    """Record calls, as the writer does, a whole hour's at a time."""
    told = [_told(place, sops) for place in range(AN_HOUR)]
    tickets = 0
    async with connected(url, STATEMENT_S, 24 * 3600.0) as connection:
        for first in range(0, calls, AN_HOUR):
            days, hours = divmod(first // AN_HOUR, HOURS_A_DAY)
            hour = FIRST_HOUR + timedelta(days=days, hours=hours)
            parts: dict[str, list[str]] = {}
            for place, one in enumerate(told[: calls - first], start=1):
                tickets += one.ticket is not None
                for table, rows in one.rows.items():
                    if rows:
                        moved = _moved(rows, one, first + place, tickets, hour)
                        parts.setdefault(table, []).append(moved)
            lists = (f'"{table}": [{",".join(rows)}]' for table, rows in parts.items())
            await connection.execute(sql("record_batch"), f"{{{', '.join(lists)}}}", 0)
        await connection.execute("VACUUM ANALYZE")


def _told(place: int, sops: dict[str, Sop]) -> _Told:
    tell = (escalated, solved, solved, abandoned)[place % 4]
    operator = f"op-{101 + place % OPERATORS}"
    story = tell(FIRST_TOLD + place, FIRST_HOUR + place * EVERY, operator=operator)
    batch, _ = batch_of(story.records, sops, {})
    lists = msgspec.json.decode(msgspec.json.encode(batch), type=dict[str, msgspec.Raw])
    rows = {table: bytes(raw).decode()[1:-1] for table, raw in lists.items()}
    return _Told(rows, story.call_id, story.form_number, story.call.ticket_number)


def _moved(rows: str, told: _Told, number: int, ticket: int, hour: datetime) -> str:
    rows = rows.replace(_hour(FIRST_HOUR), _hour(hour)).replace(told.call_id, f"call-{number}")
    rows = rows.replace(told.form, render_form_number(YearNumber(YEAR, number), OFFICE))
    if told.ticket:
        rows = rows.replace(told.ticket, render_ticket_number(YearNumber(YEAR, ticket)))
    return rows


def _hour(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:}"
