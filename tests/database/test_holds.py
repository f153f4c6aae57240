"""Legal holds: an erasure and a hold never pass each other."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from agent.database.connect import Connection
from agent.database.holds import HoldUnknown, add_hold, lift_hold, list_holds
from agent.domain.personal_data import Person
from tests.database.a_person import Office, of_ratna, record

RATNA = Person("number", "+6281298765432")


async def test_a_hold_begins_only_when_no_erasure_is_under_way(
    url: str, connection: Connection, tmp_path: Path
) -> None:
    office, story = Office(url, tmp_path), of_ratna()
    await record(url, story)
    async with asyncio.TaskGroup() as tasks, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(20820)")
        adding = tasks.create_task(
            add_hold(url, "op-101", "perkara", story.form_number, office.keys)
        )
        await asyncio.sleep(0.2)
        assert not adding.done()
    assert adding.result() == 1


async def test_a_person_is_told_by_his_key_alone(
    url: str, connection: Connection, tmp_path: Path
) -> None:
    office = Office(url, tmp_path)
    await add_hold(url, "op-101", "perkara", RATNA, office.keys)
    (hold,) = await list_holds(url)
    assert (hold.form_number, hold.of_person) == (None, True)
    row = str(await connection.fetchrow("SELECT * FROM legal_holds"))
    assert RATNA.value not in row
    assert office.keys.of(RATNA) in row


async def test_a_hold_is_lifted_once(url: str, tmp_path: Path) -> None:
    hold = await add_hold(url, "op-101", "perkara", RATNA, Office(url, tmp_path).keys)
    await lift_hold(url, "op-102", "selesai", hold)
    with pytest.raises(HoldUnknown):
        await lift_hold(url, "op-102", "selesai", hold)
    (lifted,) = await list_holds(url)
    assert (lifted.lifted_by, lifted.lifted_why) == ("op-102", "selesai")


async def test_a_form_that_there_is_not_cannot_be_held(url: str, tmp_path: Path) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await add_hold(url, "op-101", "x", "9/FK", Office(url, tmp_path).keys)
