"""Tables without indexes and keys: all is back at the end, and rows that do not fit are refused."""

import asyncpg
import pytest

from agent.database.bare_tables import bare
from agent.database.connect import Connection
from agent.database.schema import render_schema
from agent.database.seed import WRITTEN

ORPHAN = """
INSERT INTO ticket_events (ticket_number, sequence, at, by, event, body)
VALUES ('26-00001-0', 1, now(), 'op-101', 'TicketTaken', '{}')
"""


async def counted(connection: Connection) -> int:
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM pg_index WHERE indrelid = ANY ($1::text[]::regclass[])", WRITTEN
        )
    )


async def test_indexes_keys_and_triggers_are_away_and_come_back(connection: Connection) -> None:
    before, indexes = await render_schema(connection), await counted(connection)
    assert indexes > 20
    async with connection.transaction(), bare(connection, WRITTEN):
        assert await counted(connection) == 0
        assert "FOREIGN KEY (call_id) REFERENCES calls" not in await render_schema(connection)
    assert await render_schema(connection) == before
    with pytest.raises(asyncpg.RestrictViolationError):
        await connection.execute("DELETE FROM call_events")


async def test_rows_that_refer_to_nothing_leave_all_as_it_was(connection: Connection) -> None:
    before = await render_schema(connection)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with connection.transaction(), bare(connection, WRITTEN):
            await connection.execute(ORPHAN)
    assert await render_schema(connection) == before
    assert await connection.fetchval("SELECT count(*) FROM ticket_events") == 0
