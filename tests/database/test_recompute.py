"""Judgements computed anew: nothing on sound data, and repaired where a hand was at them."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.database import recompute as recomputing
from agent.database.connect import Connection
from agent.database.queries import sql
from agent.database.recompute import Recomputed, recompute
from agent.database.rows import ConsultationRow, DeviationRow, StepRow
from agent.database.verification import Scope, verify
from tests.database.agents import running_writer
from tests.database.broken_promises import MINUTE, NOON, by_hand, still_talking, three_calls
from tests.database.stories import (
    MORNING,
    Story,
    abandoned,
    escalated,
    handed_over,
    in_turn,
    solved,
)
from tests.databases import database

TABLES = ("call_events", "calls", "consultations", "consultation_steps", "deviations", "tickets")
SPOILT = """
UPDATE consultations SET outcome = 'undecided', decision = NULL WHERE call_id = 'call-2';
UPDATE consultation_steps SET seconds = 1, state = 'unmet' WHERE (call_id, step) = ('call-2', '2');
DELETE FROM deviations WHERE call_id = 'call-4';
INSERT INTO deviations
VALUES ('call-3', 'time', '2', 10, 11, 1, 'op-101', 'met_late', '{1}', now())
"""


async def keep(url: str, *stories: Story) -> None:
    async with running_writer(url) as writer:
        for record in in_turn(list(stories)):
            await writer.record(record)


async def recomputed(url: str, *, repair: bool = False) -> dict[str, Recomputed]:
    found = [one async for one in recompute(url, None, None, repair=repair)]
    return {one.form_number.partition("/")[0]: one for one in found}


async def endings(url: str, *, repair: bool = False) -> dict[str, str]:
    return {form: one.ending for form, one in (await recomputed(url, repair=repair)).items()}


async def everything(connection: Connection) -> dict[str, list[str]]:
    """All rows with their place, so that one that was written anew with equal values is seen."""
    return {
        table: sorted(
            row[0]
            for row in await connection.fetch(f"SELECT t.ctid::text || t::text FROM {table} t")  # noqa: S608
        )
        for table in TABLES
    }


@pytest.fixture
async def four(url: str) -> str:
    """Four calls; the last is greeted late."""
    await keep(url, *three_calls(), escalated(4, MORNING + 30 * MINUTE, greeting_s=12.5))
    return url


async def test_sound_data_is_left_as_it_is_even_when_it_may_be_repaired(
    four: str, connection: Connection
) -> None:
    before = await everything(connection)
    for repair in (False, True):
        assert set((await endings(four, repair=repair)).values()) == {"same"}
    assert await everything(connection) == before


async def test_what_a_hand_changed_is_named_and_nothing_is_written(
    four: str, connection: Connection
) -> None:
    await by_hand(connection, SPOILT)
    before = await everything(connection)
    found = await recomputed(four)
    assert {form: one.ending for form, one in found.items()} == {
        "0001": "same",
        "0002": "differs",
        "0003": "differs",
        "0004": "differs",
    }
    assert found["0004"].differences == ("deviation 2 (time): is missing",)
    assert not found["0004"].is_sound
    assert await everything(connection) == before


async def test_a_repair_writes_what_the_events_give_and_is_not_needed_twice(
    four: str, connection: Connection
) -> None:
    sound = {(p.promise, p.holds) for p in await verify(four, Scope(looked_at=NOON))}
    await by_hand(connection, SPOILT)
    differences = {f: one.differences for f, one in (await recomputed(four)).items()}
    repaired = await recomputed(four, repair=True)
    assert {f: one.differences for f, one in repaired.items()} == differences
    assert [one.ending for one in repaired.values()] == ["same", *["repaired"] * 3]
    assert set((await endings(four)).values()) == {"same"}
    # verify, whose questions go further, agrees.
    assert {(p.promise, p.holds) for p in await verify(four, Scope(looked_at=NOON))} == sound


async def test_what_an_older_program_did_not_know_is_added_by_a_repair(
    url: str, connection: Connection
) -> None:
    """It kept no proof of what was never done, and nothing of what was taken off a form again."""
    story = handed_over()
    story.fill({"caller_name": ""})
    story.archive()
    await keep(url, story)
    await by_hand(
        connection,
        "UPDATE calls SET state = state - 'form_lacking'; "
        "DELETE FROM deviations WHERE reason = 'form_incomplete'",
    )
    broken = {one.promise for one in await verify(url, Scope(looked_at=NOON)) if not one.holds}
    assert "judged_anew" in broken
    [found] = [one async for one in recompute(url, None, None, repair=True)]
    assert found.ending == "repaired"
    assert found.differences == (
        "call: its state is not what the log gives",
        "deviation 3 (output): is missing",
    )
    told = {one.promise: one.holds for one in await verify(url, Scope(looked_at=NOON))}
    assert told["judged_anew"]


async def test_a_consultation_that_was_lost_is_written_again(
    four: str, connection: Connection
) -> None:
    await by_hand(
        connection,
        """DELETE FROM consultation_steps WHERE call_id = 'call-2';
        DELETE FROM consultations WHERE call_id = 'call-2'""",
    )
    found = [one async for one in recompute(four, None, None, repair=True)]
    assert [one.ending for one in found].count("repaired") == 1
    assert set((await endings(four)).values()) == {"same"}


async def test_a_log_with_a_gap_proves_nothing_and_is_not_used_for_a_repair(
    four: str, connection: Connection
) -> None:
    await by_hand(
        connection,
        """DELETE FROM call_events WHERE call_id = 'call-2' AND event = 'OperatorSpoke';
        DELETE FROM call_events WHERE call_id = 'call-4' AND event = 'OperatorRinging'""",
    )
    before = await everything(connection)
    told = await endings(four, repair=True)
    assert (told["0002"], told["0004"]) == ("gap", "same")
    assert await everything(connection) == before


async def test_what_cannot_be_judged_is_said_and_left_alone(
    four: str, connection: Connection
) -> None:
    await by_hand(
        connection,
        """DELETE FROM call_events WHERE (call_id, sequence) = ('call-1', 1);
        UPDATE call_events SET body = '{"event": "Nonsense"}'
        WHERE (call_id, sequence) = ('call-2', 2);
        UPDATE calls SET state = jsonb_set(state, '{rules,sop}', '"Lain"')
        WHERE call_id = 'call-3';
        UPDATE call_events SET body = jsonb_set(body, '{rules,sop}', '"Lain"')
        WHERE (call_id, sequence) = ('call-3', 1)""",
    )
    before = await everything(connection)
    told = await endings(four, repair=True)
    assert list(told.values()) == ["unreadable", "unreadable", "no_procedure", "same"]
    assert await everything(connection) == before


async def test_what_the_tables_refuse_is_said_and_the_others_are_repaired(
    four: str, connection: Connection
) -> None:
    await by_hand(connection, SPOILT)
    await connection.execute(
        "ALTER TABLE consultations ADD CONSTRAINT none_solved CHECK (outcome <> 'solved') NOT VALID"
    )
    told = await endings(four, repair=True)
    assert list(told.values()) == ["same", "refused", "repaired", "repaired"]


async def test_a_call_that_learnt_more_meanwhile_is_left_to_its_owner(
    url: str, connection: Connection
) -> None:
    living = still_talking(MORNING)[0]
    await keep(url, living)
    await by_hand(connection, "UPDATE consultations SET outcome = 'solved'")
    looked_at = [one async for one in recompute(url, None, None)]
    assert [one.ending for one in looked_at] == ["differs"]
    [row] = await connection.fetch(sql("whole_calls"), MORNING, "", NOON, 1)
    whole = recomputing.parse_whole_call(row["document"])
    rows = recomputing.rejudge(whole, await recomputing.read_sops(connection)).rows
    assert rows is not None
    behind = replace(whole, call=replace(whole.call, events=whole.call.events - 1))
    assert not await recomputing._repair(connection, behind, rows)
    assert await connection.fetchval("SELECT outcome FROM consultations") == "solved"
    assert await recomputing._repair(connection, whole, rows)
    assert await connection.fetchval("SELECT outcome FROM consultations") == "in_progress"


async def test_a_call_goes_on_after_it_was_repaired_in_its_course(
    url: str, connection: Connection
) -> None:
    story = escalated(greeting_s=12.5)
    half = len(story.records) * 2 // 3
    async with running_writer(url) as writer:
        for record in story.records[:half]:
            await writer.record(record)
        await by_hand(
            connection, "DELETE FROM deviations; UPDATE consultation_steps SET seconds = 1"
        )
        assert await endings(url, repair=True) == {"0001": "repaired"}
        for record in story.records[half:]:
            await writer.record(record)
    assert await endings(url) == {"0001": "same"}


def test_a_repair_writes_every_column_that_is_compared() -> None:
    for row, query in (
        (ConsultationRow, "rewrite_consultation"),
        (StepRow, "rewrite_steps"),
        (DeviationRow, "rewrite_deviations"),
    ):
        columns = sql(query).partition("SELECT")[0]
        assert [field for field in row.__struct_fields__ if field not in columns] == []


@st.composite
def spoilt_stories(draw: st.DrawFn) -> list[Story]:
    """Calls of which events are lost, repeated, late and overtaken on their way."""
    tellers = (lambda n: escalated(n, greeting_s=30), solved, abandoned)
    spoilt = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        told = draw(st.sampled_from(tellers))(number)
        arrival, *events = (record.event for record in told.records)
        story = Story(number)
        story.tell(0, arrival)
        for event in draw(st.permutations(events)) if draw(st.booleans()) else events:
            for _time in range(draw(st.sampled_from([0, 1, 1, 1, 1, 2]))):
                late = timedelta(seconds=draw(st.sampled_from([0, 0, 0, 5, 700])))
                story.tell(0, replace(event, at=event.at + late))
        spoilt.append(story)
    return spoilt


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(stories=spoilt_stories())
async def test_whatever_calls_were_told_a_recomputation_gives_the_same_twice(
    server_url: str, template: str, stories: list[Story]
) -> None:
    async with database(server_url, template) as url:
        await keep(url, *stories)
        first = await recomputed(url, repair=True)
        assert {one.ending for one in first.values()} == {"same"}
        assert await recomputed(url) == first
