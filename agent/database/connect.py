"""Connections with deadlines on both sides; a connection that missed one is never waited for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TypeAlias

import asyncpg

from agent.database.errors import DatabaseUnreachable
from agent.runtime.errors import StandDown

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

CONNECT_S = 2.0
STATEMENT_S = 1.5
"""The server gives up first, so that its connection stays usable."""
COMMAND_S = 2.5
"""A statement that is new to a connection takes two round trips: with half a second of latency each
way it still has the time. No call waits for that long (agent/runtime/journal.py).
"""
DEADLINE_S = 3.0
"""For all that one borrowing of a connection does; no task may depend on asyncpg's own clock."""

FORMER_OWNER = "LP001"
"""The SQL state of refuse_former_owner."""

# asyncpg knows InterfaceError and InternalClientError beside what the server says; the second is
# what a statement gets on a connection that the server ended a moment before.
UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


async def open_connection(
    url: str, statement_s: float = STATEMENT_S, command_s: float = COMMAND_S
) -> Connection:
    """A new connection; seconds limit each statement. Raises DatabaseUnreachable."""
    try:
        async with asyncio.timeout(CONNECT_S + 0.5):
            return await asyncpg.connect(
                url,
                timeout=CONNECT_S,
                command_timeout=command_s,
                server_settings={
                    "application_name": "lpse-agent",
                    "statement_timeout": str(round(statement_s * 1000)),
                    "idle_in_transaction_session_timeout": str(round(command_s * 1000)),
                    # Compiling a plan costs more than any statement here runs.
                    "jit": "off",
                },
            )
    except (*UNREACHABLE, ValueError) as error:
        raise DatabaseUnreachable(_sentence(error)) from error


@contextlib.asynccontextmanager
async def borrowed(connection: Connection, deadline_s: float = DEADLINE_S) -> AsyncIterator[None]:
    """Use a connection until the deadline (seconds); one that fails in there is cut, not closed.

    Raises StandDown when the database refuses a former owner, and DatabaseUnreachable for
    whatever else is not the statement's own fault.
    """
    try:
        async with asyncio.timeout(deadline_s):
            yield
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError):
        raise
    except asyncpg.UndefinedTableError as error:
        raise DatabaseUnreachable(f"{error}: run `lpse-agent migrate` first.") from error
    except UNREACHABLE as error:
        if getattr(error, "sqlstate", None) == FORMER_OWNER:
            raise StandDown(str(error).partition("\n")[0]) from error
        connection.terminate()  # close() would wait for a server that may be gone
        raise DatabaseUnreachable(_sentence(error)) from error
    except asyncio.CancelledError:
        connection.terminate()
        raise


@contextlib.asynccontextmanager
async def connected(
    url: str, statement_s: float = STATEMENT_S, command_s: float = COMMAND_S
) -> AsyncIterator[Connection]:
    """A connection for one short piece of work, with the same deadlines and errors."""
    connection = await open_connection(url, statement_s, command_s)
    try:
        async with borrowed(connection, command_s + 0.5):
            yield connection
    finally:
        with contextlib.suppress(*UNREACHABLE):
            await connection.close(timeout=0.5)


def _sentence(error: Exception) -> str:
    said = str(error).strip().splitlines()
    reason = said[0] if said else type(error).__name__
    return f"The database did not do its work ({reason}): is PostgreSQL running at DATABASE_URL?"
