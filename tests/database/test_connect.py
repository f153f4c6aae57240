"""Deadlines of connections, on the server's side and on ours."""

import asyncio
import time

import asyncpg
import pytest

from agent.database.connect import Connection, borrowed, connected, open_connection
from agent.database.errors import DatabaseUnreachable

WIDE_MARGIN_S = 6.0


async def test_the_server_itself_limits_statements_and_names_us(url: str) -> None:
    async with connected(url) as connection:
        assert await connection.fetchval("SHOW statement_timeout") == "1500ms"
        assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") == "2500ms"
        assert await connection.fetchval("SHOW application_name") == "lpse-agent"


async def test_a_statement_that_takes_too_long_is_given_up(url: str) -> None:
    began = time.monotonic()
    with pytest.raises(DatabaseUnreachable, match="statement timeout"):
        async with connected(url) as connection:
            await connection.execute("SELECT pg_sleep(30)")
    assert time.monotonic() - began < WIDE_MARGIN_S


async def test_many_short_statements_share_one_deadline(url: str) -> None:
    connection = await open_connection(url)
    with pytest.raises(DatabaseUnreachable):
        async with borrowed(connection, 0.5):
            while True:
                await connection.execute("SELECT pg_sleep(0.1)")
    assert connection.is_closed()


async def test_a_cancelled_borrower_leaves_no_connection_behind(
    url: str, connection: Connection
) -> None:
    mine = await open_connection(url)
    pid = mine.get_server_pid()

    async def borrow() -> None:
        async with borrowed(mine):
            await mine.execute("SELECT pg_sleep(1.4)")

    async with asyncio.TaskGroup() as tasks:
        borrower = tasks.create_task(borrow())
        await asyncio.sleep(0.1)
        borrower.cancel()
    assert mine.is_closed()
    async with asyncio.timeout(WIDE_MARGIN_S):
        while await connection.fetchval(  # noqa: ASYNC110 a real server tells nobody
            "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid
        ):
            await asyncio.sleep(0.05)


async def test_a_refused_row_keeps_the_connection(url: str) -> None:
    async with connected(url) as connection:
        with pytest.raises(asyncpg.CheckViolationError, match="operator_account_of_another_form"):
            async with borrowed(connection):
                await connection.execute("INSERT INTO operators VALUES ('x', 'X', '', '')")
        assert await connection.fetchval("SELECT 1") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        "postgresql://nobody@127.0.0.1:1/none",
        "postgresql://nobody@/none?host=/nonexistent",
        "not a url",
    ],
)
async def test_a_database_that_is_not_there_is_said_in_one_sentence(wrong: str) -> None:
    with pytest.raises(DatabaseUnreachable, match="is PostgreSQL running at DATABASE_URL"):
        await open_connection(wrong)
