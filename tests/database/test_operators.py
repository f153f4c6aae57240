"""The list of operators: accounts in turn, never given to a second person."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from agent.database.connect import Connection
from agent.database.errors import OperatorUnknown, RecordRefused
from agent.database.operators import (
    add_operator,
    free_operators,
    list_operators,
    operator_names,
    presence_of_period,
    remove_operator,
)
from agent.domain.identifiers import OperatorId
from agent.domain.presence import PresenceKind
from agent.runtime.errors import StandDown
from agent.runtime.recorder import PresenceEntry
from tests.database.agents import running_writer
from tests.database.stories import Story, solved


def digests_of(account: OperatorId) -> tuple[str, str]:
    return f"sha of {account}", f"md5 of {account}"


async def test_accounts_are_given_in_turn_even_to_many_at_once(url: str) -> None:
    added = await asyncio.gather(
        *(add_operator(url, f"N{i}", digests_of, by="ratna") for i in range(5))
    )
    assert sorted(added) == ["op-103", "op-104", "op-105", "op-106", "op-107"]


async def test_a_removed_operators_account_is_not_given_again(url: str) -> None:
    assert await remove_operator(url, OperatorId("op-102"), "ratna") == "Budi Santoso"
    assert await add_operator(url, "Dewi", digests_of, by="ratna") == "op-103"
    async with running_writer(url) as writer:
        on_duty = await writer.operators()
    assert [operator.account for operator in on_duty] == ["op-101", "op-103"]
    assert on_duty[1].digest_md5 == "md5 of op-103"
    assert on_duty[1].previous_form_number is None


async def test_names_are_known_also_of_who_was_removed(url: str, connection: Connection) -> None:
    await remove_operator(url, OperatorId("op-102"), "ratna")
    assert await operator_names(connection, ["op-102", "op-999"]) == {"op-102": "Budi Santoso"}
    assert await operator_names(connection, []) == {}


async def test_removing_an_operator_who_is_not_on_duty_is_refused(url: str) -> None:
    await remove_operator(url, OperatorId("op-102"), "ratna")
    for account in ("op-102", "op-999", "'; --"):
        with pytest.raises(OperatorUnknown, match="on duty"):
            await remove_operator(url, OperatorId(account), "ratna")


async def test_the_list_counts_the_calls_of_each(url: str) -> None:
    stories = [solved(1), solved(2)]
    async with running_writer(url) as writer:
        for story in stories:
            for record in story.records:
                await writer.record(record)
    siti, budi = await list_operators(url)
    assert (siti.name, siti.calls, budi.calls) == ("Siti Aminah", 2, 0)
    assert stories[1].call.ended is not None
    assert siti.last_call_ended_at == stories[1].call.ended.at


async def test_free_is_who_is_on_duty_and_in_no_call(url: str) -> None:
    assert await free_operators(url) == ["op-101", "op-102"]
    story = Story(1)
    story.arrive()
    story.hear_prompts()
    story.ring("op-101")
    story.answer()
    async with running_writer(url) as writer:
        for record in story.records:
            await writer.record(record)
    assert await free_operators(url) == ["op-102"]
    await remove_operator(url, OperatorId("op-102"), "ratna")
    assert await free_operators(url) == []


NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
SITI, BUDI = OperatorId("op-101"), OperatorId("op-102")


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def entry(seconds: float, presence: PresenceKind, **more: Any) -> PresenceEntry:
    more = {"operator": SITI, "by": "agent", **more}
    return PresenceEntry(at=at(seconds), presence=presence, **more)


def paused(seconds: float, reason: str = "rapat", operator: OperatorId = SITI) -> PresenceEntry:
    return entry(seconds, "paused", reason=reason, operator=operator)


def wrap_up(seconds: float, until: float, operator: OperatorId = SITI) -> PresenceEntry:
    return entry(seconds, "wrap_up", operator=operator, call_id="call-1", until=at(until))


async def keep(url: str, *entries: PresenceEntry) -> None:
    async with running_writer(url) as writer:
        await writer.keep_presence(entries)


async def spent(url: str, first: float, until: float) -> dict[tuple[str, str | None], float]:
    times = await presence_of_period(url, at(first), at(until))
    return {(time.presence, time.reason): time.seconds for time in times}


async def test_who_is_paused_or_in_wrap_up_is_not_free(url: str) -> None:
    now = datetime.now(UTC)  # noqa: TID251 — the database's own clock decides what is over
    soon = now + timedelta(hours=1)
    await keep(url, entry(0, "ready"), paused(1))
    assert await free_operators(url) == [BUDI]
    await keep(
        url, entry(2, "wrap_up", operator=BUDI, call_id="call-1", until=soon), entry(3, "ready")
    )
    assert await free_operators(url) == [SITI]
    await keep(url, wrap_up(4, 5, BUDI))
    assert await free_operators(url) == [SITI, BUDI], "that one is over"
    await keep(url, paused(6), paused(6, operator=BUDI))
    assert await free_operators(url) == [], "then the dialplan asks all telephones"


async def test_the_list_tells_how_each_is_and_since_when(url: str) -> None:
    await keep(url, entry(0, "ready"), paused(9), wrap_up(3, 5, BUDI))
    siti, budi = await list_operators(url)
    assert (siti.presence, siti.pause_reason, siti.present_since) == ("paused", "rapat", at(9))
    assert (budi.presence, budi.pause_reason, budi.present_since) == ("ready", None, at(5))
    await remove_operator(url, SITI, "ratna")
    siti, _ = await list_operators(url)
    assert (siti.presence, siti.pause_reason, siti.present_since) == (None, None, None)


async def test_an_entry_that_is_told_again_is_kept_once_and_nothing_is_changed(
    url: str, connection: Connection
) -> None:
    await keep(url, entry(0, "ready"), paused(1))
    await keep(url, entry(0, "ready"), paused(1), entry(0.5, "ready"))
    rows = await connection.fetch("SELECT sequence, presence FROM operator_presence ORDER BY 1")
    assert [tuple(row) for row in rows] == [(1, "ready"), (2, "paused"), (3, "ready")]
    for change in (
        "UPDATE operator_presence SET reason = 'x'",
        "DELETE FROM operator_presence",
        "TRUNCATE operator_presence",
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match="only ever added to"):
            await connection.execute(change)


async def test_all_entries_are_kept_or_none(url: str, connection: Connection) -> None:
    async with running_writer(url) as writer:
        with pytest.raises(RecordRefused, match="operator_pause_without_reason"):
            await writer.keep_presence([entry(0, "ready"), entry(1, "paused")])
    assert await connection.fetchval("SELECT count(*) FROM operator_presence") == 0


async def test_a_former_owner_keeps_no_presence(url: str, connection: Connection) -> None:
    await connection.execute("UPDATE lease SET epoch = 1")
    async with running_writer(url) as writer:
        with pytest.raises(StandDown):
            await writer.keep_presence([entry(0, "ready")])
    assert await connection.fetchval("SELECT count(*) FROM operator_presence") == 0


async def test_a_periods_seconds_are_told_by_presence_and_reason(url: str) -> None:
    await keep(
        url,
        entry(0, "ready"),
        paused(10),
        paused(30, "ibadah"),
        entry(60, "ready"),
        entry(100, "away"),
        entry(150, "ready"),
        wrap_up(200, 210),
    )
    assert await spent(url, 0, 300) == {
        ("ready", None): 10 + 40 + 50 + 90,
        ("paused", "rapat"): 20,
        ("paused", "ibadah"): 30,
        ("away", None): 50,
        ("wrap_up", None): 10,
    }
    assert await spent(url, 20, 35) == {("paused", "rapat"): 10, ("paused", "ibadah"): 5}
    assert await spent(url, -100, 5) == {("ready", None): 5}
    assert await spent(url, -100, -50) == {}
    assert await spent(url, 205, 220) == {("wrap_up", None): 5, ("ready", None): 10}


async def test_a_wrap_up_that_is_ended_early_is_no_longer_than_that(url: str) -> None:
    await keep(url, wrap_up(0, 60), entry(20, "ready"))
    assert await spent(url, 0, 100) == {("wrap_up", None): 20, ("ready", None): 80}


async def test_a_clock_that_was_set_back_makes_no_negative_time(url: str) -> None:
    await keep(url, entry(0, "ready"), paused(3600), entry(10, "ready"))
    assert await spent(url, 0, 60) == {("ready", None): 60}


async def test_who_talks_does_nothing_else(url: str, connection: Connection) -> None:
    story = solved(1)
    async with running_writer(url) as writer:
        for record in story.records:
            await writer.record(record)
    call = await connection.fetchrow("SELECT answered_at, ended_at FROM calls")
    assert call is not None
    begin, end = call["answered_at"], call["ended_at"]
    ready, pause = entry(0, "ready"), paused(0)
    before, amid = begin - timedelta(seconds=5), begin + timedelta(seconds=2)
    await keep(
        url,
        msgspec.structs.replace(ready, at=before),
        msgspec.structs.replace(pause, at=amid),
    )
    times = await presence_of_period(url, before, end + timedelta(seconds=7))
    assert {(t.operator, t.presence): t.seconds for t in times} == {
        (SITI, "ready"): 5.0,
        (SITI, "talking"): pytest.approx((end - begin).total_seconds()),
        (SITI, "paused"): 7.0,
    }


async def test_who_is_removed_spends_no_more_time(url: str, connection: Connection) -> None:
    await keep(url, entry(0, "ready"))
    await connection.execute("UPDATE operators SET removed_at = $1", at(25))
    assert await spent(url, 0, 100) == {("ready", None): 25}
