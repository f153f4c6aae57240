"""A few connections are shared, and one that failed is never used again."""

import asyncio

import asyncpg
import pytest

from agent.database import pool as pools
from agent.database.errors import DatabaseUnreachable
from agent.database.pool import Pool


async def test_a_connection_is_used_again(url: str) -> None:
    pool = Pool(url)
    ids = []
    for _ in range(3):
        async with pool.connection() as connection:
            ids.append(await connection.fetchval("SELECT pg_backend_pid()"))
    await pool.aclose()
    assert len(set(ids)) == 1


async def test_one_that_failed_is_replaced(url: str) -> None:
    pool = Pool(url)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        async with pool.connection() as connection:
            first = await connection.fetchval("SELECT pg_backend_pid()")
            await connection.execute(
                "INSERT INTO operators (account, name, digest_sha256, digest_md5)"
                " VALUES (NULL, '', '', '')"
            )
    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT pg_backend_pid()") != first
    await pool.aclose()


async def test_what_failed_in_a_transaction_left_nothing(url: str) -> None:
    pool = Pool(url)
    with pytest.raises(ZeroDivisionError):
        async with pool.transaction() as connection:
            await connection.execute("INSERT INTO audit_log (by, action) VALUES ('a', 'b')")
            raise ZeroDivisionError
    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM audit_log") == 0
    await pool.aclose()


async def test_whoever_comes_when_all_are_taken_is_told_so(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "WAITS_S", 0.05)
    pool = Pool(url, most=1)
    async with pool.connection():
        with pytest.raises(DatabaseUnreachable):
            async with pool.connection():
                raise AssertionError("there is only one")
    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT 1") == 1
    await pool.aclose()


async def test_a_cancelled_work_gives_its_place_back(url: str) -> None:
    pool = Pool(url, most=1)

    async def long() -> None:
        async with pool.connection() as connection:
            await connection.execute("SELECT pg_sleep(1)")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await long()
    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT 1") == 1
    await pool.aclose()
