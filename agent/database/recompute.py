"""Every consultation judged anew from its own log, and beside it what is stored.

On sound data nothing differs. Where something does, `repair` writes what the log gives, each call
in a transaction of its own. Calls may go on meanwhile: one that learnt more since it was looked at
is left alone.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Literal

import asyncpg
import msgspec

from agent.database.batch import Batch
from agent.database.connect import Connection, connected
from agent.database.queries import sql
from agent.database.rejudging import (
    WholeCall,
    judgement_differences,
    parse_whole_call,
    rejudge,
    stored_calls,
)
from agent.database.rows import as_jsonb
from agent.database.sops import read_sops
from agent.domain.call import CallUnknown
from agent.domain.identifiers import CallId
from agent.domain.sop import Sop

STATEMENT_S = 60.0
WHOLE_S = 3 * 3600.0

Ending = Literal[
    "same", "differs", "repaired", "went_on", "refused", "gap", "unreadable", "no_procedure"
]
"""`went_on`: it learnt more meanwhile; `refused`: the tables' own guards do not take what the log
gives; `gap`: facts are missing in the log, which proves nothing then; `no_procedure`: the revision
it ran under is not there."""


class Recomputed(msgspec.Struct, frozen=True):
    """One consultation judged anew; differences are `stored → recomputed`, one line each."""

    form_number: str
    ending: Ending
    differences: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether what is stored now is what the log gives."""
        return self.ending in ("same", "repaired")


async def recompute(
    url: str, since: datetime | None, until: datetime | None, *, repair: bool = False
) -> AsyncGenerator[Recomputed, None]:
    """Every consultation of calls that arrived in this time, in the order of arrival.

    Raises DatabaseUnreachable.
    """
    async with connected(url, STATEMENT_S, WHOLE_S) as connection:
        sops = await read_sops(connection)
        async with aclosing(stored_calls(connection, since, until)) as calls:
            async for example, document, _erased in calls:
                yield await _recomputed(connection, example, document, sops, repair)


async def _recomputed(
    connection: Connection, example: str, document: str, sops: Mapping[str, Sop], repair: bool
) -> Recomputed:
    try:
        whole = parse_whole_call(document)
        anew = rejudge(whole, sops)
    except (msgspec.DecodeError, CallUnknown):
        return Recomputed(example, "unreadable")
    if anew.rows is None:
        return Recomputed(example, "no_procedure")
    if not anew.differing:
        return Recomputed(example, "same")
    differences = tuple(judgement_differences(whole, anew.rows))
    if not anew.gap and anew.rows.calls[0].state != whole.call.state:
        differences = ("call: its state is not what the log gives", *differences)
    if not differences:
        return Recomputed(example, "same")  # the rest of the record is looked at by `verify`
    if anew.gap:
        return Recomputed(example, "gap", differences)
    if not repair:
        return Recomputed(example, "differs", differences)
    try:
        written = await _repair(connection, whole, anew.rows)
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError):
        return Recomputed(example, "refused", differences)
    return Recomputed(example, "repaired" if written else "went_on", differences)


async def _repair(connection: Connection, whole: WholeCall, anew: Batch) -> bool:
    """Write what the log gives, unless the call has learnt more since it was looked at."""
    call_id: CallId = whole.call.call_id
    async with connection.transaction():
        if await connection.fetchval(sql("hold_call"), call_id) != whole.call.events:
            return False
        await connection.execute(sql("rewrite_state"), as_jsonb(anew.calls))
        await connection.execute(sql("rewrite_consultation"), as_jsonb(anew.consultations))
        await connection.execute(sql("forget_steps"), call_id)
        await connection.execute(sql("rewrite_steps"), as_jsonb(anew.steps))
        await connection.execute(sql("forget_deviations"), call_id)
        await connection.execute(sql("rewrite_deviations"), as_jsonb(anew.deviations))
    return True
