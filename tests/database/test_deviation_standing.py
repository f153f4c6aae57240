"""Beside each deviation stands how far the words about it have come, whatever happens to either."""

import asyncio
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from agent.database.connect import Connection
from agent.database.deviation_words import (
    _SAID,
    STATES,
    DeviationFilter,
    decide,
    explain,
    list_deviations,
)
from agent.database.migrations import read_migrations
from agent.database.queries import sql
from agent.database.recompute import recompute
from agent.domain.deviation_words import standing_of
from agent.domain.events import OperatorAnswered
from tests.database.a_person import Office
from tests.database.agents import running_writer
from tests.database.broken_promises import MINUTE, by_hand
from tests.database.stories import MORNING, Story, escalated

NOW = MORNING + 60 * MINUTE
BOSS = "Kepala Bidang"
STANDINGS = {"open": "nothing", "explained": "explanation"}


async def standings(url: str, connection: Connection) -> dict[str, str]:
    """What stands beside the deviations of each call; the rules say the same of their words."""
    rows = await connection.fetch(
        "SELECT form_number, deviations.arrived_at, calls.arrived_at AS of_call, standing"
        " FROM deviations JOIN calls USING (call_id) JOIN consultations USING (call_id)"
    )
    assert [row["arrived_at"] for row in rows] == [row["of_call"] for row in rows]
    kept = {row["form_number"][:4]: row["standing"] for row in rows}
    assert kept == {
        one.form_number[:4]: STANDINGS.get(standing_of(one.deviation, one.words).state, "decision")
        for one in (await list_deviations(url, DeviationFilter())).deviations
    }
    return kept


@pytest.fixture
async def two(url: str) -> str:
    """Two calls that were greeted late; the first is decided, the second explained."""
    async with running_writer(url) as writer:
        for story in (
            escalated(1, greeting_s=12.5),
            escalated(2, MORNING + 10 * MINUTE, greeting_s=11),
        ):
            for record in story.records:
                await writer.record(record)
    await decide(url, "1/2026", "2", None, "upheld", "Tidak dilaporkan", BOSS, NOW)
    await explain(url, "2/2026", "2", None, "Headset rusak", "op-101", NOW)
    return url


SAID = {"0001": "decision", "0002": "explanation"}


async def test_it_follows_each_word_and_is_nothing_before_the_first(
    two: str, connection: Connection
) -> None:
    assert await standings(two, connection) == SAID
    await explain(two, "1/2026", "2", None, "Headset rusak", "op-101", NOW)
    assert await standings(two, connection) == SAID, "an explanation after it changes nothing"
    await decide(two, "2/2026", "2", None, "excused", "Baik", BOSS, NOW)
    assert await standings(two, connection) == {"0001": "decision", "0002": "decision"}
    async with running_writer(two) as writer:
        for record in escalated(3, MORNING + 20 * MINUTE, greeting_s=11).records:
            await writer.record(record)
    assert (await standings(two, connection))["0003"] == "nothing"


async def test_a_judgement_that_is_written_anew_keeps_the_words_of_its_values_alone(
    two: str, connection: Connection
) -> None:
    await by_hand(
        connection,
        """DELETE FROM deviations WHERE call_id = 'call-1';
        UPDATE deviations SET measured_s = 99 WHERE call_id = 'call-2'""",
    )
    await explain(two, "2/2026", "2", None, "Dari 99", "op-101", NOW)
    await decide(two, "2/2026", "2", None, "upheld", "Tentang 99", BOSS, NOW)
    assert await standings(two, connection) == {"0002": "decision"}
    repaired = [one.ending async for one in recompute(two, None, None, repair=True)]
    assert repaired == ["repaired", "repaired"]
    assert await standings(two, connection) == SAID


async def test_a_call_that_learns_a_better_time_is_open_again(
    url: str, connection: Connection
) -> None:
    story = Story()
    story.arrive()
    story.hear_prompts()
    story.ring()
    answered = story.now
    channel = story.answer()
    story.greet(12.5)
    async with running_writer(url) as writer:
        for record in story.records:
            await writer.record(record)
        await decide(url, "1/2026", "2", None, "excused", "Baik", BOSS, NOW)
        told = len(story.records)
        story.press("*3")
        for record in story.records[told:]:
            await writer.record(record)
        assert await standings(url, connection) == {"0001": "decision"}
        told = len(story.records)
        better = answered - timedelta(seconds=1)
        story.tell(1, OperatorAnswered(at=better, source="CEL ANSWER", channel=channel))
        for record in story.records[told:]:
            await writer.record(record)
    assert await connection.fetchval("SELECT measured_s FROM deviations") == 13.59
    assert await standings(url, connection) == {"0001": "nothing"}


async def test_a_word_and_a_new_judgement_at_once_leave_what_the_words_say(
    two: str, connection: Connection
) -> None:
    async def judged_anew(measured_s: int) -> None:
        rows = await asyncpg.connect(two)
        await rows.execute(
            "UPDATE deviations SET measured_s = $1 WHERE call_id = 'call-1'", float(measured_s)
        )
        await rows.close()

    async def decided(number: int) -> None:
        await decide(two, "1/2026", "2", None, "excused", f"Alasan {number}", BOSS, NOW)

    for _ in range(5):
        await asyncio.gather(*(act(n) for n in range(12, 16) for act in (judged_anew, decided)))
        assert (await standings(two, connection))["0001"] in ("nothing", "decision")


async def test_it_outlives_an_erasure(two: str, connection: Connection, tmp_path: Path) -> None:
    office = Office(two, tmp_path)
    for number in (1, 2):
        assert await office.eraser.erase(escalated(number).call_id, "form", by="agent", why="x")
    assert await standings(two, connection) == SAID
    await explain(two, "2/2026", "2", None, "Lagi", "op-101", NOW)
    await decide(two, "2/2026", "2", None, "excused", "Baik", BOSS, NOW)
    assert (await standings(two, connection))["0002"] == "decision"


async def test_a_hand_that_writes_something_else_is_not_heard(
    two: str, connection: Connection
) -> None:
    await connection.execute("UPDATE deviations SET standing = 'nothing', arrived_at = now()")
    assert await standings(two, connection) == SAID
    await by_hand(connection, "UPDATE deviations SET standing = 'nothing', arrived_at = now()")
    assert await connection.fetchval("SELECT count(*) FROM deviations WHERE standing = 'nothing'")
    await connection.execute("UPDATE deviations SET reason = reason")
    assert await standings(two, connection) == SAID, "whatever touches it, puts it right"


OF_BEFORE = """
INSERT INTO sop_revisions (name, document, revision, content, sha256)
VALUES ('rev 00', 'SOP', '00', '{}', 'x');
INSERT INTO calls (
    call_id, channel, line, caller_shown, stage, arrived_at, ended_at, events, state, pending
) SELECT 'call-' || n, 'c-' || n, '1500', '', 'archived', day, day, 1, '{}', '[]'
FROM generate_series(1, 5) AS n, make_timestamptz(2026, 3, n, 9, 0, 0) AS day;
INSERT INTO consultations (call_id, form_number, sop, outcome)
SELECT call_id, '000' || substr(call_id, 6) || '/FK-TLP/LPSE.BTG/2026', 'rev 00', 'solved'
FROM calls;
INSERT INTO deviations (call_id, kind, step, limit_s, measured_s, excess_s, reason, events)
SELECT call_id, 'time', '2', 10, CASE WHEN call_id <> 'call-5' THEN 12 END, 2, 'met_late', '{1}'
FROM calls;
INSERT INTO deviation_words
SELECT call_id, 'time', '2', n, role, verdict, 'x', 'x', now(), 10, measured_s, 'met_late'
FROM (
    VALUES
        ('call-1', 1, 'explanation', NULL, 12),
        ('call-1', 2, 'decision', 'upheld', 12),
        ('call-1', 3, 'explanation', NULL, 12),
        ('call-2', 1, 'explanation', NULL, 12),
        ('call-2', 2, 'decision', 'upheld', 11),
        ('call-3', 1, 'decision', 'upheld', NULL),
        ('call-5', 1, 'decision', 'excused', NULL)
) AS said (call_id, n, role, verdict, measured_s)
"""


async def test_deviations_from_before_are_put_where_their_words_put_them(empty_url: str) -> None:
    connection = await asyncpg.connect(empty_url)
    for migration in read_migrations():
        if "find_open_deviations" in migration.name:
            await connection.execute(OF_BEFORE)
        await connection.execute(migration.sql)
    assert await standings(empty_url, connection) == {
        "0001": "decision",
        "0002": "explanation",
        "0003": "nothing",
        "0004": "nothing",
        "0005": "decision",
    }
    await connection.close()


async def test_each_state_is_found_by_its_index(two: str, connection: Connection) -> None:
    """That the planner takes them in large tables too tests/bench/deviation_speed.py shows."""
    assert (await list_deviations(two, DeviationFilter(state="explained"))).deviations
    await connection.execute("SET enable_seqscan = off")
    await connection.execute("SET enable_sort = off")
    for state in STATES:
        rows = await connection.fetch(
            f"EXPLAIN {sql('list_deviations')}",
            *(*[None] * 5, _SAID[state], None, None, 51),
        )
        plan = "\n".join(row[0] for row in rows)
        index = {"all": "deviations_by_arrival"}.get(state, f"deviations_{state}")
        assert f"Backward using {index} on" in plan, plan
