"""Deviations of the equipment: computed from stored facts, and kept as they are now."""

from datetime import datetime, time, timedelta

import asyncpg
import msgspec

from agent.database.connect import Connection, connected
from agent.database.queries import sql
from agent.domain.equipment import (
    ARCHIVED_WITHIN,
    EquipmentDeviation,
    OfficeMonth,
    OverdueForm,
    UnservedCall,
    archive_missing,
    form_service_missing,
    recap_missing,
)
from agent.domain.office_time import ZONES, local
from agent.runtime.equipment_watch import EquipmentChanges

LOOKED_BACK = timedelta(days=35)
"""How far archives are looked at again, or further while an older form still is not archived."""
STATEMENT_S = 60.0

_LOCK = 20820


async def compute_equipment(
    url: str, zone: str, now: datetime, looked_back: timedelta = LOOKED_BACK
) -> EquipmentChanges:
    """Bring the table up to what the stored facts give at this moment; a repeat changes nothing.

    Raises DatabaseUnreachable.
    """
    async with connected(url, STATEMENT_S, STATEMENT_S) as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        since = await _first_day(connection, zone, now - looked_back)
        computed = await _computed(connection, zone, since, now)
        rows = await connection.fetch(sql("stored_equipment_deviations"), since)
        stored = {(row["kind"], row["subject"]): _deviation(row) for row in rows}
        given = {(one.kind, one.subject): one for one in computed}
        changed = [one for place, one in given.items() if stored.get(place) != one]
        for one in changed:
            proof = msgspec.json.encode(one.proof).decode()
            values = one.kind, one.subject, one.began_at, one.ended_at, proof
            await connection.execute(sql("keep_equipment_deviation"), *values)
        gone = stored.keys() - given.keys()
        for kind, subject in gone:
            await connection.execute(sql("withdraw_equipment_deviation"), kind, subject)
    return EquipmentChanges(
        missing=sum(one.ended_at is None for one in computed),
        changed=len(changed),
        withdrawn=len(gone),
    )


async def list_equipment(
    url: str,
    since: datetime | None,
    until: datetime | None,
    *,
    still_missing: bool = False,
    limit: int | None = None,
) -> list[EquipmentDeviation]:
    """What equipment was missing in this time, newest first. Raises DatabaseUnreachable."""
    async with connected(url) as connection:
        rows = await connection.fetch(
            sql("list_equipment_deviations"), since, until, still_missing, limit
        )
    return [_deviation(row) for row in rows]


async def _first_day(connection: Connection, zone: str, since: datetime) -> datetime:
    """The beginning of the first day on which archives are looked at."""
    missing = await connection.fetchval(sql("equipment_still_missing"), "archive")
    first = local(min(since, missing or since), zone).date()
    return datetime.combine(first, time(), ZONES[zone])


async def _computed(
    connection: Connection, zone: str, since: datetime, now: datetime
) -> list[EquipmentDeviation]:
    calls = await connection.fetch(sql("unserved_calls"))
    forms = await connection.fetch(sql("overdue_forms"), since, now, ARCHIVED_WITHIN)
    distance = ZONES[zone].utcoffset(None)
    months = await connection.fetch(sql("months_with_calls"), distance, now)
    return [
        *form_service_missing(msgspec.convert(dict(row), UnservedCall) for row in calls),
        *archive_missing((msgspec.convert(dict(row), OverdueForm) for row in forms), zone),
        *recap_missing((msgspec.convert(dict(row), OfficeMonth) for row in months), zone, now),
    ]


def _deviation(row: asyncpg.Record) -> EquipmentDeviation:
    values = {**row, "proof": msgspec.json.decode(row["proof"])}
    return msgspec.convert(values, EquipmentDeviation)
