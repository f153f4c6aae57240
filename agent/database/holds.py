"""Legal holds: what nobody may erase while somebody may need it as evidence."""

from datetime import datetime

import msgspec

from agent.database.access import Access, keep_access
from agent.database.connect import connected
from agent.database.errors import DatabaseProblem
from agent.database.queries import sql
from agent.domain.personal_data import Person
from agent.runtime.person_keys import PersonKeys


class HoldUnknown(DatabaseProblem):
    """There is no such hold, or it was lifted before."""


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A legal hold on a form or on a person, whom only his key tells."""

    id: int
    form_number: str | None
    of_person: bool
    reason: str
    by: str
    held_at: datetime
    lifted_at: datetime | None
    lifted_by: str | None
    lifted_why: str | None


async def add_hold(url: str, by: str, reason: str, held: str | Person, keys: PersonKeys) -> int:
    """Stop both clocks for a form, by its number, or a person; answers the hold's id.

    It waits for an erasure under way, and no erasure begins before it is there.
    Raises DatabaseUnreachable, PersonKeyUnreadable.
    """
    form_number = held if isinstance(held, str) else None
    person_key = keys.of(held) if isinstance(held, Person) else None
    key_check = keys.check() if person_key else None
    forms = (form_number,) if form_number else ()
    async with connected(url) as connection, connection.transaction():
        await connection.execute(sql("erasure_turn"))
        number = await connection.fetchval(
            sql("add_hold"), form_number, person_key, key_check, reason, by
        )
        access = Access(by=by, action="hold", purpose=reason, forms=forms, person_key=person_key)
        await keep_access(connection, access)
    return int(number)


async def lift_hold(url: str, by: str, why: str, hold: int) -> None:
    """Let the clocks run again. Raises HoldUnknown, DatabaseUnreachable."""
    async with connected(url) as connection, connection.transaction():
        await connection.execute(sql("erasure_turn"))
        row = await connection.fetchrow(sql("lift_hold"), hold, by, why)
        if row is None:
            raise HoldUnknown(f"No hold {hold} stands: see `lpse-agent hold list`.")
        forms = (row["form_number"],) if row["form_number"] else ()
        access = Access(
            by=by, action="lift", purpose=why, forms=forms, person_key=row["person_key"]
        )
        await keep_access(connection, access)


async def list_holds(url: str) -> list[Hold]:
    """All holds, the newest first. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        rows = await connection.fetch(sql("list_holds"))
    return [msgspec.convert(dict(row), Hold) for row in rows]
