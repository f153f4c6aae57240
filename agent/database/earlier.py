"""Earlier consultations of the same people, found at once by telephone or tax number."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from agent.database.connect import Connection, connected
from agent.database.queries import sql
from agent.domain.consultation import Outcome
from agent.domain.identifiers import CallId


class EarlierConsultation(msgspec.Struct, frozen=True, kw_only=True):
    """One consultation in the list; an open ticket is one that the user has not confirmed yet."""

    form_number: str
    arrived_at: datetime
    outcome: Outcome
    category: str | None
    application: str | None
    problem: str | None
    ticket_number: str | None
    ticket_stage: str | None
    ticket_open: bool


async def read_earlier(
    connection: Connection,
    telephones: Sequence[str],
    npwp: str | None = None,
    besides: CallId | None = None,
    limit: int = 20,
) -> list[EarlierConsultation]:
    """Consultations, newest first, of callers' or contacts' telephones (E.164) or an NPWP (digits).

    Both in their normal form, as soft_checks makes it. `besides` is the call that goes on now.
    """
    rows = await connection.fetch(
        sql("earlier_consultations"), list(telephones), npwp, besides, limit
    )
    return [msgspec.convert(dict(row), EarlierConsultation) for row in rows]


async def count_earlier(
    connection: Connection,
    telephones: Sequence[str],
    npwp: str | None = None,
    besides: CallId | None = None,
) -> int:
    """How many read_earlier would answer without a limit."""
    found: int = await connection.fetchval(
        sql("count_earlier_consultations"), list(telephones), npwp, besides
    )
    return found


async def find_earlier(
    url: str, telephone: str | None = None, npwp: str | None = None, limit: int = 20
) -> list[EarlierConsultation]:
    """The same as read_earlier over a connection of its own. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        return await read_earlier(connection, [telephone] if telephone else [], npwp, limit=limit)
