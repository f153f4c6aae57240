"""Accounts of people, their sessions, tokens of programs, and the log of what they did."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from agent.database.connect import Connection
from agent.database.errors import AccountInvalid, AccountUnknown, OperatorUnknown, TokenUnknown
from agent.database.pool import Pool
from agent.database.queries import sql
from agent.domain.rights import Role


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may log in, with what proves that it is he."""

    account: str
    name: str
    role: Role
    operator: str | None
    password_hash: str
    password_once: bool
    totp_seed: str | None
    """What its secret is made from, by a key that is not in the database."""
    totp_confirmed: bool


class AccountSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One account in the list, also one that was removed."""

    account: str
    name: str
    role: Role
    operator: str | None
    password_once: bool
    totp_confirmed: bool
    made_at: datetime
    made_by: str
    removed_at: datetime | None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who is logged in with a browser, and until when at most."""

    account: str
    name: str
    role: Role
    operator: str | None
    ends_at: datetime


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A program's key as it is kept."""

    id: str
    digest: bytes
    name: str
    scopes: tuple[str, ...]
    operator: str | None
    expires_at: datetime


class TokenSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One token in the list; its secret is nowhere."""

    id: str
    name: str
    scopes: tuple[str, ...]
    operator: str | None
    made_by: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the audit log."""

    id: int
    at: datetime
    by: str
    action: str
    subject: str
    detail: dict[str, Any]


class Accounts:
    """All of this over one pool. Every method raises DatabaseUnreachable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(
        self, account: str, name: str, role: Role, operator: str | None, hashed: str, by: str
    ) -> None:
        """Keep a new account, and that it was made. Raises AccountInvalid."""
        async with self._pool.transaction() as connection:
            try:
                await connection.execute(
                    sql("add_account"), account, name, role, operator, hashed, by
                )
            except asyncpg.UniqueViolationError as error:
                raise AccountInvalid(f"There is or was an account {account} already.") from error
            except asyncpg.ForeignKeyViolationError as error:
                raise AccountInvalid(f"There is no operator {operator}.") from error
            except asyncpg.CheckViolationError as error:
                raise AccountInvalid(
                    f"{account} is no name of an account: a-z, 0-9, . _ - and 60 of them at most."
                ) from error
            await keep_act(connection, by, "account_added", account, {"role": role})

    async def read(self, account: str) -> Account | None:
        """An account that was not removed."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(sql("read_account"), account)
        return msgspec.convert(dict(row), Account) if row else None

    async def known(self) -> list[AccountSummary]:
        """All accounts that ever were."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(sql("list_accounts"))
        return [msgspec.convert(dict(row), AccountSummary) for row in rows]

    async def remove(self, account: str, by: str) -> str:
        """Nobody logs in with it any more, and who is is put out. Raises AccountUnknown."""
        return await self._change("remove_account", "account_removed", by, account)

    async def change_role(self, account: str, role: Role, operator: str | None, by: str) -> str:
        """Another role or telephone; he logs in anew. Raises AccountUnknown, AccountInvalid."""
        try:
            return await self._change("change_role", "role_changed", by, account, role, operator)
        except asyncpg.ForeignKeyViolationError as error:
            raise AccountInvalid(f"There is no operator {operator}.") from error

    async def give_password(self, account: str, hashed: str, by: str) -> str:
        """A password to log in with once, and choose one's own. Raises AccountUnknown."""
        return await self._change("set_password", "password_given", by, account, hashed, True)

    async def choose_password(self, account: str, hashed: str, session: bytes) -> str:
        """His own; his other browsers are logged out. Raises AccountUnknown."""
        async with self._pool.transaction() as connection:
            name = await connection.fetchval(sql("set_password"), account, hashed, False)
            if name is None:
                raise AccountUnknown(f"There is no account {account}.")
            await connection.execute(sql("end_sessions_of"), account, session)
            await keep_act(connection, account, "password_chosen", account)
        return str(name)

    async def forget_second_factor(self, account: str, by: str) -> str:
        """The next login shows a new secret. Raises AccountUnknown."""
        return await self._change("forget_second_factor", "second_factor_forgotten", by, account)

    async def offer_second_factor(self, account: str, seed: str) -> None:
        """Keep the seed of a secret that its owner has yet to prove."""
        async with self._pool.connection() as connection:
            await connection.execute(sql("offer_second_factor"), account, seed)

    async def use_code(self, account: str, period: int) -> bool:
        """Use up the code of this period of 30 seconds; False when it was used already."""
        async with self._pool.connection() as connection:
            return await connection.fetchval(sql("use_code"), account, period) is not None

    async def begin_session(self, digest: bytes, account: str, length: timedelta) -> None:
        """Log a browser in."""
        async with self._pool.transaction() as connection:
            await connection.execute(sql("begin_session"), digest, account, length)
            await keep_act(connection, account, "logged_in", account)

    async def session(self, digest: bytes, idle: timedelta) -> Session | None:
        """Who this browser's user is, if he is logged in; he is seen now."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(sql("read_session"), digest, idle)
        return msgspec.convert(dict(row), Session) if row else None

    async def end_session(self, digest: bytes, account: str) -> None:
        """Log a browser out."""
        async with self._pool.transaction() as connection:
            await connection.execute(sql("end_session"), digest)
            await keep_act(connection, account, "logged_out", account)

    async def end_old_sessions(self, idle: timedelta) -> None:
        """Let go of sessions that are over."""
        async with self._pool.connection() as connection:
            await connection.execute(sql("end_old_sessions"), idle)

    async def add_token(
        self,
        token_id: str,
        digest: bytes,
        name: str,
        scopes: tuple[str, ...],
        by: str,
        length: timedelta,
        operator: str | None = None,
    ) -> None:
        """Keep a program's key, and that it was made; it acts at the operator's telephone.

        Raises OperatorUnknown.
        """
        async with self._pool.transaction() as connection:
            if operator and not await connection.fetchval(sql("is_on_duty"), operator):
                raise OperatorUnknown(f"There is no operator {operator} on duty.")
            await connection.execute(
                sql("add_token"), token_id, digest, name, list(scopes), by, length, operator
            )
            detail = {"scopes": list(scopes)} | ({"operator": operator} if operator else {})
            await keep_act(connection, by, "token_added", token_id, detail)

    async def token(self, token_id: str) -> Token | None:
        """A key that is neither over nor revoked."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(sql("read_token"), token_id)
        return msgspec.convert(dict(row), Token) if row else None

    async def tokens(self) -> list[TokenSummary]:
        """All keys that ever were."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(sql("list_tokens"))
        return [msgspec.convert(dict(row), TokenSummary) for row in rows]

    async def revoke_token(self, token_id: str, by: str) -> str:
        """The key opens nothing any more. Raises TokenUnknown."""
        async with self._pool.transaction() as connection:
            name = await connection.fetchval(sql("revoke_token"), token_id)
            if name is None:
                raise TokenUnknown(f"There is no token {token_id}, or it was revoked before.")
            await keep_act(connection, by, "token_revoked", token_id)
        return str(name)

    async def audit(
        self, by: str, action: str, subject: str = "", detail: dict[str, Any] | None = None
    ) -> None:
        """Add a line to the audit log; nothing personal and no secret goes in there."""
        async with self._pool.connection() as connection:
            await keep_act(connection, by, action, subject, detail)

    async def acts(
        self, before: int | None = None, by: str | None = None, limit: int = 100
    ) -> list[Act]:
        """The audit log, newest first, from before the line `before`."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(sql("read_audit"), before, by, limit)
        return [
            msgspec.convert({**row, "detail": msgspec.json.decode(row["detail"])}, Act)
            for row in rows
        ]

    async def _change(self, query: str, action: str, by: str, account: str, *values: Any) -> str:
        """Change an account, log its browsers out and keep that it was done."""
        async with self._pool.transaction() as connection:
            name = await connection.fetchval(sql(query), account, *values)
            if name is None:
                raise AccountUnknown(f"There is no account {account}.")
            await connection.execute(sql("end_sessions_of"), account, None)
            await keep_act(connection, by, action, account)
        return str(name)


async def keep_act(
    connection: Connection,
    by: str,
    action: str,
    subject: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add a line to the log of acts within the caller's own transaction."""
    text = msgspec.json.encode(detail or {}).decode()
    await connection.execute(sql("audit"), by, action, subject, text)
