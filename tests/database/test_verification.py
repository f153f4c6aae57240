"""Each promise of the record is kept by the stories, and found out when it is broken."""

import asyncio
import re
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.database.connect import Connection
from agent.database.errors import DatabaseUnreachable
from agent.database.findings import PROMISES, Finding
from agent.database.verification import Scope, verify
from agent.domain.consultation import Outcome
from tests.database.agents import running_writer
from tests.database.broken_promises import (
    BROKEN_BY_CALLS,
    BROKEN_BY_HAND,
    MINUTE,
    NOON,
    NOTED,
    OfAnotherYear,
    by_hand,
    leaves_at_once,
    three_calls,
)
from tests.database.stories import MORNING, Story, abandoned, escalated, in_turn, solved
from tests.databases import database


async def keep(url: str, *stories: Story, reserved: int = 20) -> None:
    """Record calls as an agent does, with numbers set aside before."""
    async with running_writer(url) as writer:
        if reserved:
            await writer.reserve("form", 2026, reserved)
            await writer.reserve("ticket", 2026, reserved)
        for record in in_turn(list(stories)):
            await writer.record(record)


async def found(url: str, **scope: object) -> dict[str, Finding]:
    """What is found at noon, by promise."""
    findings = await verify(url, Scope(looked_at=NOON, **scope))  # type: ignore[arg-type]  # by name
    return {finding.promise: finding for finding in findings}


def broken(findings: dict[str, Finding]) -> set[str]:
    return {promise for promise, finding in findings.items() if not finding.holds}


async def test_all_promises_hold_for_calls_as_the_agent_records_them(url: str) -> None:
    await keep(url, *three_calls())
    findings = await found(url, sha256_of=lambda _path: "ab" * 32)
    assert set(findings) == set(PROMISES)
    assert broken(findings) == set()
    assert findings["outcomes_add_up"].counts == {
        "offered": 3,
        Outcome.ESCALATED: 1,
        Outcome.SOLVED: 1,
        Outcome.ABANDONED_WAITING: 1,
    }
    assert findings["numbers_closed"].counts == {"set_aside": 36}


async def test_an_empty_database_keeps_every_promise(url: str) -> None:
    assert broken(await found(url)) == set()


@pytest.mark.parametrize("word", BROKEN_BY_HAND)
async def test_what_a_hand_has_broken_is_found(url: str, connection: Connection, word: str) -> None:
    await keep(url, *three_calls())
    promises, statements = BROKEN_BY_HAND[word]
    await by_hand(connection, statements)
    findings = await found(url)
    assert broken(findings) == promises
    assert any(finding.counts.get(word) for finding in findings.values())


@pytest.mark.parametrize("word", BROKEN_BY_CALLS)
async def test_what_calls_have_broken_is_found(url: str, word: str) -> None:
    promise, tell = BROKEN_BY_CALLS[word]
    await keep(url, *tell())
    findings = await found(url)
    assert broken(findings) == {promise}
    assert findings[promise].counts[word] >= 1
    assert re.fullmatch(r"\d{4}/FK-TLP/\S+", findings[promise].examples[0])


@pytest.mark.parametrize("word", NOTED)
async def test_what_only_looks_broken_is_noted(url: str, word: str) -> None:
    promise, tell = NOTED[word]
    await keep(url, *tell())
    findings = await found(url)
    assert broken(findings) == set()
    assert findings[promise].counts[word] >= 1
    assert findings[promise].examples
    assert "Noted: " in findings[promise].sentence


async def test_detail_that_was_shed_is_noted_and_judged_the_same(
    url: str, connection: Connection
) -> None:
    await keep(url, *three_calls())
    await by_hand(connection, "DELETE FROM call_events WHERE event = 'OperatorRinging'")
    findings = await found(url)
    assert broken(findings) == set()
    assert findings["log_complete"].counts == {"detail_shed": 3}


async def test_a_year_of_another_office_is_misspelt_too(url: str) -> None:
    await keep(url, *leaves_at_once(OfAnotherYear()))
    assert (await found(url))["numbers_well_formed"].counts == {"form_misspelt": 1}


async def test_numbers_that_nobody_set_aside_are_missing(url: str) -> None:
    await keep(
        url, escalated(2), solved(3, MORNING + 10 * MINUTE), escalated(6, MORNING + 20 * MINUTE),
        reserved=0,
    )  # fmt: skip
    finding = (await found(url))["numbers_closed"]
    assert finding.counts == {"form_missing": 2, "ticket_missing": 2}
    assert set(finding.examples) == {
        "form 1/2026", "form 4–5/2026", "ticket 1/2026", "ticket 3–5/2026",
    }  # fmt: skip


async def test_documents_are_compared_with_their_hash(url: str) -> None:
    await keep(url, *three_calls())
    there = {"forms/1.json": "ab" * 32, "forms/2.json": "cd" * 32}
    finding = (await found(url, sha256_of=there.get))["documents_kept"]
    assert finding.counts == {"document_changed": 1, "document_missing": 1}
    assert finding.examples == ("0002/FK-TLP/LPSE.BTG/2026", "0003/FK-TLP/LPSE.BTG/2026")
    assert "documents_kept" not in await found(url)


def test_every_word_of_every_promise_has_its_case() -> None:
    words = {w for p in PROMISES.values() for w in (*p.faults, *p.notes)}
    numbers = {"form_missing"}
    # What an erasure leaves is looked at in test_erasure.
    documents = {"document_missing", "document_changed", "document_left"}
    cases = {*BROKEN_BY_HAND, *BROKEN_BY_CALLS, *NOTED, "detail_shed", *numbers, *documents}
    assert words == cases


# What may be relied on


async def test_only_calls_of_the_period_are_looked_at(url: str, connection: Connection) -> None:
    await keep(url, *three_calls())
    await connection.execute("UPDATE calls SET operator = 'op-102' WHERE call_id = 'call-2'")
    second = MORNING + 10 * MINUTE
    assert broken(await found(url, since=second, until=second + MINUTE)) == {"judged_anew"}
    assert broken(await found(url, until=second)) == set()
    assert broken(await found(url, since=second + timedelta(microseconds=1))) == set()
    outcomes = (await found(url, since=second))["outcomes_add_up"].counts
    assert outcomes == {"offered": 2, Outcome.SOLVED: 1, Outcome.ABANDONED_WAITING: 1}


async def test_it_only_reads_and_waits_for_nobody(url: str, connection: Connection) -> None:
    await keep(url, *three_calls())
    tables = await connection.fetchval(
        "SELECT string_agg(tablename, ', ') FROM pg_tables WHERE schemaname = current_schema()"
    )
    async with connection.transaction():
        await connection.execute(f"LOCK TABLE {tables} IN EXCLUSIVE MODE")  # all but reading waits
        assert broken(await found(url)) == set()


async def test_calls_may_go_on_while_it_looks(url: str) -> None:
    looks = 0

    async def look_again_and_again(recorded: asyncio.Event) -> None:
        nonlocal looks
        while not recorded.is_set():
            findings = await verify(url, Scope(looked_at=MORNING))
            assert [one.sentence for one in findings if not one.holds] == []
            looks += 1

    async with asyncio.TaskGroup() as tasks:
        recorded = asyncio.Event()
        tasks.create_task(look_again_and_again(recorded))
        for number in range(1, 9):
            await keep(url, solved(number, MORNING + number * MINUTE))
        recorded.set()
    assert looks > 1


async def test_a_server_that_is_away_is_said_plainly() -> None:
    with pytest.raises(DatabaseUnreachable):
        await verify("postgresql://x@127.0.0.1:1/x")


@st.composite
def timetables(draw: st.DrawFn) -> list[Story]:
    """Calls that come at any time, each when one of two operators is free for it."""
    free = {"op-101": MORNING, "op-102": MORNING}
    stories: list[Story] = []
    start = MORNING
    for number in range(1, draw(st.integers(1, 6)) + 1):
        start += timedelta(seconds=draw(st.floats(0.5, 90)))
        operator = min(free, key=lambda name: free[name])
        start = max(start, free[operator])
        tell = draw(st.sampled_from([escalated, solved, abandoned]))
        stories.append(tell(number, start, operator=operator))
        free[operator] = stories[-1].now
    return stories


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(stories=timetables())
async def test_whatever_calls_a_floor_had_all_promises_hold(
    server_url: str, template: str, stories: list[Story]
) -> None:
    async with database(server_url, template) as url:
        await keep(url, *stories)
        assert broken(await found(url)) == set()
