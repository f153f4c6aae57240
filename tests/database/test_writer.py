"""The writer against a real PostgreSQL: durable, atomic, repeatable, never waited for too long."""

import asyncio

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace

from agent.database.connect import Connection
from agent.database.errors import RecordRefused
from agent.database.sops import all_sops
from agent.database.writer import Writer
from agent.domain.call import replay
from agent.domain.call_state import Call, Stage
from agent.domain.consultation import RECONCILED, judge
from agent.domain.events import AnyEvent, Caller, EffectRefused
from tests.database.agents import running_writer, until_healthy
from tests.database.stories import SOP_NAME, Story, abandoned, escalated, in_turn, solved

TABLES = ("calls", "call_events", "consultations", "consultation_steps", "deviations", "tickets")


async def counts(connection: Connection) -> dict[str, int]:
    return {
        table: await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 our names
        for table in TABLES
    }


async def record_all(writer: Writer, story: Story) -> None:
    for record in story.records:
        await writer.record(record)


async def test_an_escalated_call_fills_every_table(url: str, connection: Connection) -> None:
    story = escalated(412, greeting_s=15.0)
    async with running_writer(url) as writer:
        await record_all(writer, story)
    sop = (await all_sops(url))[SOP_NAME]
    judgement = judge(story.call, sop)
    assert await counts(connection) == {
        "calls": 1,
        "call_events": len(story.records),
        "consultations": 1,
        "consultation_steps": len(sop.steps),
        "deviations": len(judgement.deviations),
        "tickets": 1,
    }
    consultation = await connection.fetchrow("SELECT * FROM consultations")
    assert (consultation["form_year"], consultation["form_sequence"]) == (2026, 412)
    assert consultation["outcome"] == "escalated"
    ticket = await connection.fetchrow("SELECT * FROM tickets")
    assert (ticket["ticket_number"], ticket["year"], ticket["sequence"]) == (
        story.ticket_number,
        2026,
        412,
    )
    late = await connection.fetchrow("SELECT * FROM deviations WHERE step = '2'")
    expected = next(d for d in judgement.deviations if d.step == "2")
    assert (late["kind"], late["excess_s"], late["events"]) == (
        "time",
        expected.excess_s,
        list(expected.events),
    )


async def test_the_log_replayed_gives_the_recorded_call(url: str, connection: Connection) -> None:
    story = escalated()
    async with running_writer(url) as writer:
        await record_all(writer, story)
    rows = await connection.fetch("SELECT body FROM call_events ORDER BY sequence")
    events = [msgspec.json.decode(row["body"], type=AnyEvent) for row in rows]
    assert replay(events) == story.call
    state = await connection.fetchval("SELECT state FROM calls")
    assert msgspec.json.decode(state, type=Call) == story.call


async def test_a_record_that_is_there_already_changes_nothing(
    url: str, connection: Connection
) -> None:
    story = escalated()
    async with running_writer(url) as writer:
        await record_all(writer, story)
        first = await connection.fetchrow("SELECT calls::text FROM calls")
        before = await counts(connection)
        await record_all(writer, story)
        await asyncio.gather(*(writer.record(story.records[4]) for _ in range(5)))
    async with running_writer(url) as restarted:
        await record_all(restarted, story)
    assert await counts(connection) == before
    assert await connection.fetchrow("SELECT calls::text FROM calls") == first


async def test_an_older_state_never_overwrites_a_newer_one(
    url: str, connection: Connection
) -> None:
    story = solved()
    async with running_writer(url) as writer:
        await writer.record(story.records[-1])
        for record in story.records[:-1]:
            await writer.record(record)
    assert await connection.fetchval("SELECT stage FROM calls") == "archived"
    assert await connection.fetchval("SELECT count(*) FROM call_events") == len(story.records)


async def test_many_calls_at_once_share_transactions(url: str, connection: Connection) -> None:
    stories = [escalated(number) for number in range(1, 31)]
    async with running_writer(url) as writer:
        await until_healthy(writer)
        records = list(in_turn(stories))
        await asyncio.gather(*(writer.record(record) for record in records))
    assert await connection.fetchval("SELECT count(*) FROM call_events") == len(records)
    assert await connection.fetchval("SELECT count(*) FROM tickets") == 30
    transactions = await connection.fetchval("SELECT count(DISTINCT xmin::text) FROM call_events")
    assert transactions <= len(records) / 100


async def test_a_deviation_that_nobody_answers_for_any_more_is_withdrawn(
    url: str, connection: Connection
) -> None:
    """A late greeting in a call that the system itself then cut."""
    story = Story()
    story.arrive()
    story.hear_prompts()
    story.ring()
    operator = story.answer()
    story.greet(after_s=10.5)
    async with running_writer(url) as writer:
        await record_all(writer, story)
        assert await connection.fetchval("SELECT count(*) FROM deviations") == 1
        told = len(story.records)
        story.hang_up(operator, source=RECONCILED)
        story.hang_up(story.channel, source=RECONCILED)
        for record in story.records[told:]:
            await writer.record(record)
    assert await connection.fetchval("SELECT outcome FROM consultations") == "interrupted"
    assert await connection.fetchval("SELECT count(*) FROM deviations") == 0


async def test_the_log_is_append_only(url: str, connection: Connection) -> None:
    async with running_writer(url) as writer:
        await record_all(writer, abandoned())
    for statement in (
        "UPDATE call_events SET source = 'nobody'",
        "DELETE FROM call_events",
        "TRUNCATE call_events",
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match="only ever added to"):
            await connection.execute(statement)
    assert await connection.fetchval("SELECT count(*) FROM call_events") > 0


async def test_unfinished_calls_come_back_as_they_were(url: str) -> None:
    talking, done = Story(1), abandoned(2)
    talking.arrive()
    talking.hear_prompts()
    talking.ring()
    talking.answer()
    async with running_writer(url) as writer:
        await record_all(writer, talking)
        await record_all(writer, done)
        found = await writer.unfinished()
    assert [one.call for one in found] == [talking.call]
    assert found[0].call.stage is Stage.TALKING
    assert found[0].pending == talking.records[-1].pending


async def test_operators_come_with_the_numbers_of_their_last_call(
    url: str, connection: Connection
) -> None:
    await connection.execute("UPDATE operators SET removed_at = now() WHERE account = 'op-102'")
    first, last = solved(1), escalated(2)
    async with running_writer(url) as writer:
        await record_all(writer, first)
        await record_all(writer, last)
        operators = await writer.operators()
    assert [operator.account for operator in operators] == ["op-101"]
    assert operators[0].digest_sha256 == "sha of op-101"
    shared_start = {first.form_number, last.form_number}
    assert operators[0].previous_form_number in shared_start
    assert operators[0].last_call_ended_at == max(
        story.call.ended.at for story in (first, last) if story.call.ended
    )


async def test_a_callers_zero_character_does_not_stop_the_record(
    url: str, connection: Connection
) -> None:
    odd = "a\0b\\u0000c\\\0d\n🙂"
    story = Story(caller=Caller(raw=odd, shown="odd"))
    story.arrive()
    async with running_writer(url) as writer:
        await record_all(writer, story)
    kept = await connection.fetchval("SELECT caller_raw FROM calls")
    assert kept == odd.replace("\0", "\ufffd")


async def test_a_wrong_record_is_refused_alone(url: str, connection: Connection) -> None:
    good, wrong = [solved(number) for number in (1, 2)], solved(3)
    first = wrong.records[0]
    twice = replace(first, call=replace(first.call, form_number=good[0].form_number))
    unknown = replace(
        first, call=replace(first.call, rules=replace(first.call.rules, sop="SOP of nobody"))
    )
    async with running_writer(url) as writer:
        await until_healthy(writer)
        answers = await asyncio.gather(
            *(writer.record(record) for record in in_turn(good)),
            writer.record(twice),
            writer.record(unknown),
            return_exceptions=True,
        )
        assert writer.healthy
    refused = [answer for answer in answers if answer is not None]
    assert [type(answer) for answer in refused] == [RecordRefused, RecordRefused]
    assert "SOP of nobody" in str(refused[1])
    assert await connection.fetchval("SELECT count(*) FROM calls") == 2


def test_the_stories_reach_the_archive() -> None:
    """Otherwise the tests above would prove little."""
    for story in (escalated(), solved(), abandoned()):
        assert story.call.stage is Stage.ARCHIVED
        assert not any(isinstance(record.event, EffectRefused) for record in story.records)


async def test_a_refusal_says_why_without_the_callers_number(
    url: str, connection: Connection
) -> None:
    await connection.execute("ALTER TABLE calls ADD CONSTRAINT no_line CHECK (line = '')")
    async with running_writer(url) as writer:
        with pytest.raises(RecordRefused, match="no_line") as refused:
            await writer.record(solved().records[0])
    assert "8123456789" not in str(refused.value)
