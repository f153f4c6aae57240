"""Accounts, sessions, tokens and the audit log, in a real database."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
import pytest_asyncio

from agent.database.accounts import Accounts
from agent.database.errors import AccountInvalid, AccountUnknown, TokenUnknown
from agent.database.pool import Pool
from agent.domain.rights import Role

HOUR = timedelta(hours=1)


@pytest_asyncio.fixture
async def pool(url: str) -> AsyncIterator[Pool]:
    pool = Pool(url)
    yield pool
    await pool.aclose()


@pytest_asyncio.fixture
async def accounts(pool: Pool) -> Accounts:
    accounts = Accounts(pool)
    await accounts.add("siti", "Siti Aminah", Role.SUPERVISOR, None, "hash", "root")
    return accounts


async def test_an_account_is_kept_once(accounts: Accounts) -> None:
    known = await accounts.read("siti")
    assert known
    assert (known.role, known.password_once, known.totp_confirmed) == (Role.SUPERVISOR, True, False)
    with pytest.raises(AccountInvalid):
        await accounts.add("siti", "Another", Role.OPERATOR, None, "hash", "root")
    with pytest.raises(AccountInvalid):
        await accounts.add("budi", "Budi", Role.OPERATOR, "op-999", "hash", "root")
    assert [account.account for account in await accounts.known()] == ["siti"]


async def test_a_session_lasts_until_it_is_idle_ended_or_its_account_removed(
    accounts: Accounts, pool: Pool
) -> None:
    for digest in (b"one", b"two"):
        await accounts.begin_session(digest, "siti", HOUR)
    assert (await accounts.session(b"one", HOUR)) is not None
    assert await accounts.session(b"three", HOUR) is None
    async with pool.connection() as connection:
        await connection.execute("UPDATE sessions SET seen_at = now() - interval '2 hours'")
    assert await accounts.session(b"one", HOUR) is None
    await accounts.end_old_sessions(HOUR)
    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM sessions") == 0
    await accounts.begin_session(b"one", "siti", HOUR)
    await accounts.end_session(b"one", "siti")
    assert await accounts.session(b"one", HOUR) is None
    await accounts.begin_session(b"one", "siti", HOUR)
    await accounts.remove("siti", "root")
    assert await accounts.session(b"one", HOUR) is None
    assert await accounts.read("siti") is None
    with pytest.raises(AccountUnknown):
        await accounts.remove("siti", "root")


async def test_who_chooses_a_password_stays_logged_in_here_alone(accounts: Accounts) -> None:
    await accounts.begin_session(b"here", "siti", HOUR)
    await accounts.begin_session(b"there", "siti", HOUR)
    await accounts.choose_password("siti", "other", b"here")
    assert await accounts.session(b"here", HOUR)
    assert await accounts.session(b"there", HOUR) is None
    known = await accounts.read("siti")
    assert known
    assert (known.password_hash, known.password_once) == ("other", False)


async def test_no_code_opens_twice(accounts: Accounts) -> None:
    assert not await accounts.use_code("siti", 100), "there is no seed yet"
    await accounts.offer_second_factor("siti", "SEED")
    assert await accounts.use_code("siti", 100)
    assert not await accounts.use_code("siti", 100)
    assert not await accounts.use_code("siti", 99)
    assert await accounts.use_code("siti", 101)
    await accounts.offer_second_factor("siti", "ANOTHER")
    known = await accounts.read("siti")
    assert known
    kept = known.totp_seed
    assert kept == "SEED", "who has proved one is not offered another"


async def test_a_token_ends_when_it_is_revoked(accounts: Accounts) -> None:
    await accounts.add_token("abc", b"digest", "wallboard", ("live",), "siti", HOUR)
    token = await accounts.token("abc")
    assert token
    assert (token.digest, token.scopes) == (b"digest", ("live",))
    await accounts.revoke_token("abc", "siti")
    assert await accounts.token("abc") is None
    with pytest.raises(TokenUnknown):
        await accounts.revoke_token("abc", "siti")
    assert (await accounts.tokens())[0].revoked_at


async def test_what_was_done_is_on_record_and_stays_so(accounts: Accounts, pool: Pool) -> None:
    await accounts.audit("siti", "listened", "0001/FK", {"mode": "whisper"})
    acts = await accounts.acts()
    assert [act.action for act in acts] == ["listened", "account_added"]
    assert acts[0].detail == {"mode": "whisper"}
    assert [act.action for act in await accounts.acts(before=acts[0].id)] == ["account_added"]
    for statement in ("DELETE FROM audit_log", "UPDATE audit_log SET by = 'x'"):
        with pytest.raises(asyncpg.RestrictViolationError):
            async with pool.connection() as connection:
                await connection.execute(statement)
