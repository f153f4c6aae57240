"""A person's calls are found and corrected only together with a line in the log."""

import tomllib
from pathlib import Path

import asyncpg
import pytest

from agent.database.connect import Connection
from agent.database.persons import (
    CorrectionRefused,
    change_of,
    correct_field,
    find_person,
    take_out,
)
from agent.domain.form import parse_form
from agent.domain.personal_data import parse_person
from tests.database.a_person import FORM_FILE, Office, of_ratna, record, write_form
from tests.database.stories import Story

DEFINITION = parse_form(tomllib.loads(FORM_FILE.read_text()))
NAME = change_of("caller_name", "Ratna Dewi", "op-101")


async def test_what_is_taken_out_is_all_that_the_tables_hold(
    url: str, connection: Connection
) -> None:
    story = of_ratna()
    await record(url, story)
    await write_form(connection, story, in_log=False)
    person = parse_person("name", "WULAN")
    found = await find_person(url, person, "op-101", "surat", "key")
    (taken,) = await take_out(url, found, "op-101", "surat", "key")
    assert taken.form
    assert taken.form["fields"]["npwp"] == "3374056708900001"
    assert next(event["event"] for event in taken.ticket_events or ()) == "UserAsked"
    assert taken.exchange
    assert (taken.corrections, taken.audio, taken.erasures) == (None, None, None)
    logged = await connection.fetch("SELECT action, person_key, forms FROM access_log ORDER BY at")
    assert [tuple(row) for row in logged] == [
        ("search", "key", [story.form_number]),
        ("export", "key", [story.form_number]),
    ]


async def test_a_form_that_is_open_or_erased_is_not_corrected(
    url: str, connection: Connection, tmp_path: Path
) -> None:
    office, story, opened = Office(url, tmp_path), of_ratna(1), Story(2)
    opened.arrive()
    await record(url, story, opened)
    with pytest.raises(CorrectionRefused, match="not archived yet"):
        await correct_field(url, opened.call_id, NAME, "surat", office.keys.digest, DEFINITION)
    await correct_field(url, story.call_id, NAME, "surat", office.keys.digest, DEFINITION)
    await office.eraser.erase(story.call_id, "form", by="agent", why="form_kept_years = 10")
    with pytest.raises(CorrectionRefused, match="erased"):
        await correct_field(url, story.call_id, NAME, "surat", office.keys.digest, DEFINITION)
    row = await connection.fetchrow("SELECT * FROM form_corrections")
    assert row
    assert (row["raw"], row["value"]) == ("(dihapus)", "(dihapus)")
    assert row["new_digest"] == office.keys.digest("Ratna Dewi")


async def test_a_correction_without_its_line_in_the_log_is_not_kept(
    url: str, connection: Connection, tmp_path: Path
) -> None:
    story = of_ratna()
    await record(url, story)
    await connection.execute(
        "ALTER TABLE access_log ADD CONSTRAINT no_room CHECK (by = 'x') NOT VALID"
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await correct_field(
            url, story.call_id, NAME, "surat", Office(url, tmp_path).keys.digest, DEFINITION
        )
    assert await connection.fetchval("SELECT count(*) FROM form_corrections") == 0
