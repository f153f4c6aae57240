"""Erasure leaves nothing personal anywhere, and every statistic and judgement as it was."""

import tomllib
from datetime import timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.database.connect import Connection
from agent.database.erasure import COLUMNS, NotArchived
from agent.database.holds import add_hold, lift_hold
from agent.database.verification import Scope, verify
from agent.domain.call import decide, replay
from agent.domain.call_state import Call
from agent.domain.consultation import judge
from agent.domain.events import AnyEvent
from agent.domain.personal_data import ERASED, TELLING, parse_person
from agent.domain.sop import parse_sop
from agent.runtime.errors import EffectFailed
from agent.runtime.person_keys import PersonKeyUnreadable
from agent.settings import DATA
from tests.database.a_person import (
    FIELDS,
    PERSONAL,
    Office,
    everything,
    left_a_message,
    left_of,
    of_ratna,
    record,
    write_form,
)
from tests.database.stories import MORNING, Story, abandoned, escalated, solved
from tests.databases import database
from tests.domain.story import Story as DomainStory
from tests.domain.test_call_promises import any_events

PROCEDURE = parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text()))
WHY = "form_kept_years = 10"
_LOG = msgspec.json.Decoder(list[AnyEvent])
_CALL = msgspec.json.Decoder(Call)

STATISTICS = """
    SELECT calls.call_id, arrived_at, queued_at, answered_at, ended_at, operator, stage, events,
        outcome, decision, decided_at, form_number, ticket_number, archived_at, archive_sha256
    FROM calls JOIN consultations USING (call_id) ORDER BY 1"""
CHOICES = "SELECT fields -> 'category', fields -> 'user_type', category FROM consultation_forms"


async def fates(connection: Connection) -> list[list[asyncpg.Record]]:
    return [
        await connection.fetch(query)
        for query in (
            STATISTICS,
            CHOICES,
            "SELECT * FROM deviations ORDER BY call_id, kind, step",
            "SELECT * FROM consultation_steps ORDER BY call_id, step",
            "SELECT call_id, sequence, at, source, event, epoch FROM call_events ORDER BY 1, 2",
        )
    ]


async def test_nothing_personal_is_left_in_any_table_or_folder_and_statistics_stay(
    url: str, connection: Connection, tmp_path: Path
) -> None:
    office, story, message = Office(url, tmp_path), of_ratna(), left_a_message(2)
    await record(url, story, message)
    await write_form(connection, story)
    files = [office.document_of(story), office.document_of(message), office.message_of(message)]
    before = await fates(connection)
    assert left_of(await everything(connection)) == PERSONAL, "the test sees what is there"
    for one in (story, message):
        assert await office.eraser.erase(one.call_id, "form", by="agent", why=WHY)
    assert left_of(await everything(connection)) == []
    assert not any(file.exists() for file in files)
    assert await fates(connection) == before
    assert await connection.fetchval("SELECT count(*) FROM erasures WHERE by = 'agent'") == 4
    logged = await connection.fetch("SELECT action, forms, purpose FROM access_log ORDER BY at")
    assert [(row["action"], row["forms"]) for row in logged] == [
        ("erase", [story.form_number]),
        ("erase", [message.form_number]),
    ]


async def test_verify_finds_every_promise_kept_after_an_erasure(url: str, tmp_path: Path) -> None:
    office = Office(url, tmp_path)
    stories = [
        of_ratna(1),
        solved(2, MORNING + timedelta(minutes=10)),
        abandoned(3, MORNING + timedelta(minutes=20)),
        left_a_message(4),
    ]
    await record(url, *stories)
    scope = Scope(
        looked_at=MORNING + timedelta(hours=1), archived_within=timedelta(days=9),
        sha256_of=lambda path: "ab" * 32 if (office.archive / path).exists() else None,
    )  # fmt: skip
    kept = office.document_of(stories[1])
    for story in stories:
        office.document_of(story)
    before = await verify(url, scope)
    assert all(finding.holds for finding in before)
    for story in (stories[0], stories[2], stories[3]):
        await office.eraser.erase(story.call_id, "form", by="agent", why=WHY)
    assert await verify(url, scope) == before
    assert kept.exists()
    office.document_of(stories[0])
    left = {finding.promise: finding for finding in await verify(url, scope)}["documents_kept"]
    assert (left.holds, left.counts) == (False, {"document_left": 1})


@pytest.fixture(scope="module")
def stories() -> list[list[AnyEvent]]:
    """Scripted calls of every kind, as lists of events."""
    told = [of_ratna(1), escalated(2, greeting_s=15), solved(3), abandoned(4), left_a_message(5)]
    return [[record.event for record in story.records] for story in told]


async def erased(connection: Connection, document: bytes) -> bytes:
    return str(
        await connection.fetchval("SELECT without_person($1::jsonb, '{}')", document.decode())
    ).encode()


async def assert_judged_the_same(connection: Connection, log: list[AnyEvent]) -> None:
    call = replay(log)
    anew = replay(_LOG.decode(await erased(connection, msgspec.json.encode(log))))
    assert anew == _CALL.decode(await erased(connection, msgspec.json.encode(call)))
    assert judge(anew, PROCEDURE) == judge(call, PROCEDURE)
    assert anew.caller.raw is None
    assert anew.caller.shown == ERASED


async def test_scripted_calls_are_judged_the_same(
    connection: Connection, stories: list[list[AnyEvent]]
) -> None:
    for log in stories:
        await assert_judged_the_same(connection, log)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=st.lists(any_events(), max_size=60))
async def test_any_call_is_judged_the_same_after_its_erasure(
    connection: Connection, events: list[AnyEvent]
) -> None:
    story = DomainStory()
    story.arrives()
    for event in events:
        story.tell(event)
    assert decide(None, story.told[0]).call.caller.raw
    await assert_judged_the_same(connection, story.told)


async def test_every_text_that_tells_of_a_person_is_erased_in_sql_too(
    connection: Connection,
) -> None:
    """The lists of the domain and of the database are one."""
    for name in TELLING - {"FieldFilled.raw", "FieldFilled.value"}:
        _, field = name.split(".")
        body = {field: "Ratna"} if not name.startswith("Caller.") else {"caller": {field: "Ratna"}}
        assert b"Ratna" not in await erased(connection, msgspec.json.encode(body)), name
    for field in ("raw", "value"):
        body = {"field": "npwp", field: "Ratna"}
        assert b"Ratna" not in await erased(connection, msgspec.json.encode(body)), field


async def test_every_column_that_can_hold_text_has_its_fate(connection: Connection) -> None:
    rows = await connection.fetch(
        """
        SELECT table_name, column_name
        FROM information_schema.columns
        JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
          AND table_name <> 'schema_migrations'
          AND (data_type IN ('text', 'jsonb', 'json', 'bytea', 'character varying', 'xml',
                             'tsvector')
               OR (data_type = 'ARRAY' AND udt_name NOT IN ('_int4', '_int8', '_float8')))
        """
    )
    there: dict[str, set[str]] = {}
    for row in rows:
        there.setdefault(row["table_name"], set()).add(row["column_name"])
    assert {table: set(columns) for table, columns in COLUMNS.items()} == there


async def test_logs_let_nothing_be_changed_but_by_an_erasure_on_record(
    url: str, connection: Connection, tmp_path: Path
) -> None:
    office, story = Office(url, tmp_path), of_ratna()
    await record(url, story)
    await write_form(connection, story)
    changes = (
        "UPDATE call_events SET body = without_person(body, '{}')",
        "UPDATE call_events SET at = now()",
        "UPDATE ticket_events SET body = without_person(body, '{}')",
        "DELETE FROM call_events",
        "TRUNCATE ticket_events",
    )
    for statement in changes:
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(statement)
    await office.eraser.erase(story.call_id, "form", by="agent", why=WHY)
    for statement in (
        *changes[1:2],
        *changes[3:],
        'UPDATE call_events SET body = body || \'{"at": "2026-01-01"}\' WHERE sequence = 1',
        "UPDATE call_events SET body = jsonb_set(body, '{caller,shown}', '\"Ratna\"')"
        " WHERE sequence = 1",
        "UPDATE ticket_events SET by = 'op-102'",
        "UPDATE access_log SET purpose = 'none'",
        "DELETE FROM access_log",
        "TRUNCATE access_log",
        "DELETE FROM erasures",
        "UPDATE erasures SET by = 'nobody'",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(statement)


async def test_a_hold_on_the_form_or_the_person_stops_erasure_until_it_is_lifted(
    url: str, connection: Connection, tmp_path: Path
) -> None:
    office, story = Office(url, tmp_path), of_ratna()
    await record(url, story)
    await write_form(connection, story)
    document = office.document_of(story)
    ratna = parse_person("npwp", "33.74.056.708.900001")
    by_form = await add_hold(url, "op-101", "perkara", story.form_number, office.keys)
    by_person = await add_hold(url, "op-101", "perkara", ratna, office.keys)
    for hold in (by_form, by_person):
        assert not await office.eraser.erase(story.call_id, "form", by="agent", why=WHY)
        assert document.exists()
        assert left_of(await everything(connection)) == PERSONAL
        await lift_hold(url, "op-101", "perkara selesai", hold)
    assert await office.eraser.erase(story.call_id, "form", by="agent", why=WHY)
    assert left_of(await everything(connection)) == []


async def test_with_another_key_than_a_persons_hold_was_made_with_nothing_is_erased(
    url: str, tmp_path: Path
) -> None:
    office, story = Office(url, tmp_path), of_ratna()
    await record(url, story)
    document = office.document_of(story)
    await add_hold(url, "op-101", "perkara", parse_person("nik", FIELDS["nik"]), office.keys)
    (tmp_path / "person.key").write_bytes(b"another key, of thirty-two bytes")
    with pytest.raises(PersonKeyUnreadable, match="Hold 1"):
        await office.eraser.erase(story.call_id, "form", by="agent", why=WHY)
    assert document.exists()


async def test_a_call_that_goes_on_is_not_erased(url: str, tmp_path: Path) -> None:
    story = Story(1)
    story.arrive()
    await record(url, story)
    with pytest.raises(NotArchived):
        await Office(url, tmp_path).eraser.erase(story.call_id, "audio", by="agent", why=WHY)


async def test_sounds_are_erased_without_the_form(
    url: str, connection: Connection, tmp_path: Path
) -> None:
    office, story = Office(url, tmp_path), left_a_message(1)
    await record(url, story)
    document, message = office.document_of(story), office.message_of(story)
    before = await everything(connection)
    assert await office.eraser.erase(story.call_id, "audio", by="op-101", why="permintaan")
    assert (document.exists(), message.exists()) == (True, False)
    assert set(before.splitlines()) <= set((await everything(connection)).splitlines())


async def test_what_cannot_be_removed_from_a_folder_is_not_believed_erased(
    url: str, connection: Connection, tmp_path: Path
) -> None:
    office, story = Office(url, tmp_path), of_ratna()
    await record(url, story)
    await write_form(connection, story)
    office.archive.rename(tmp_path / "elsewhere")
    before = await everything(connection)
    with pytest.raises(EffectFailed):
        await office.eraser.erase(story.call_id, "form", by="agent", why=WHY)
    assert await everything(connection) == before


async def test_an_erasure_that_is_cut_at_any_statement_leaves_all_or_nothing(
    server_url: str, template: str, tmp_path: Path
) -> None:
    async with database(server_url, template) as url:
        office, story = Office(url, tmp_path), of_ratna()
        await record(url, story)
        eyes = await asyncpg.connect(url)
        await write_form(eyes, story)
        office.document_of(story)
        before = await everything(eyes)
        for table in ("call_events", "consultation_forms", "ticket_events", "access_log"):
            kind = "INSERT" if table == "access_log" else "UPDATE"
            await eyes.execute(
                f"CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;"
                f"CREATE TRIGGER cut BEFORE {kind} ON {table}"
                f" FOR EACH ROW EXECUTE FUNCTION cut()"
            )
            with pytest.raises(Exception, match="database did not do its work"):
                await office.eraser.erase(story.call_id, "form", by="agent", why=WHY)
            await eyes.execute("DROP FUNCTION cut() CASCADE")
            assert await everything(eyes) == before
        assert await office.eraser.erase(story.call_id, "form", by="agent", why=WHY)
        assert left_of(await everything(eyes)) == []
        await eyes.close()
