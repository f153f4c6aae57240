"""The recap's calls out of a real database, and the record of the monthly ones."""

from datetime import date, datetime, timedelta

import asyncpg
import msgspec
import pytest

from agent.database.connect import Connection
from agent.database.queries import sql
from agent.database.recap import RecapStore, read_recap
from agent.domain.consultation import Outcome
from agent.domain.recap import RecapCall
from agent.domain.recap_period import RecapPeriod
from agent.domain.recap_tally import RecapTally
from agent.runtime import clock
from agent.runtime.monthly_recap import MadeRecap
from tests.database.agents import running_writer
from tests.database.stories import MORNING, Story, abandoned, escalated, in_turn, solved

MARCH = RecapPeriod(date(2026, 3, 1), date(2026, 3, 31))
BEGINS_AT, ENDS_AT = MARCH.begins_at("WIB"), MARCH.ends_at("WIB")
MOMENT = timedelta(microseconds=1)
MADE = MadeRecap(
    path="2026-03/rekap.pdf", sha256="ab" * 32, made_at=MORNING, rows=3, totals={"offered": 4}
)


async def record(url: str, *stories: Story) -> None:
    async with running_writer(url) as writer:
        for one in in_turn(list(stories)):
            await writer.record(one)


async def calls_of(url: str, begins_at: datetime, ends_at: datetime) -> list[RecapCall]:
    found: list[RecapCall] = []
    await read_recap(url, begins_at, ends_at, found.append)
    return found


async def test_a_period_has_the_calls_that_arrived_in_it_in_their_order(url: str) -> None:
    await record(
        url,
        solved(1, BEGINS_AT - MOMENT),
        solved(2, ENDS_AT - MOMENT),
        abandoned(3, BEGINS_AT),
        solved(4, ENDS_AT),
    )
    found = await calls_of(url, BEGINS_AT, ENDS_AT)
    assert [int(call.form_number[:4]) for call in found] == [3, 2]


async def test_a_call_comes_with_all_that_is_known_of_it(url: str, connection: Connection) -> None:
    story = escalated(1, greeting_s=12.5)
    await record(url, story, abandoned(2))
    await connection.execute(
        "INSERT INTO consultation_forms (call_id, form, fields, changed_at) "
        "VALUES ($1, 'formulir-konsultasi-1', $2, now())",
        story.call_id,
        '{"caller_name": "Agus", "category": "08"}',
    )
    await connection.execute(
        "UPDATE tickets SET stage = 'confirmed', level = 'lkpp', priority = 'high', "
        "external_number = 'LS1', confirmed_at = $1",
        ENDS_AT,
    )
    call, other = await calls_of(url, BEGINS_AT, ENDS_AT)
    assert call.fields == {"caller_name": "Agus", "category": "08"}
    assert (call.ticket_stage, call.ticket_level, call.ticket_priority) == (
        "confirmed",
        "lkpp",
        "high",
    )
    assert (call.external_number, call.finished_at) == ("LS1", ENDS_AT)
    assert (call.operator, call.operator_name) == ("op-101", "Siti Aminah")
    assert {time.step for time in call.steps} == {"2", "3", "7", "8"}
    greeting = call.seconds_of("2")
    assert greeting is not None
    late = next(d for d in call.deviations if (d.kind, d.step) == ("time", "2"))
    assert late.measured_s == pytest.approx(greeting)
    assert late.excess_s == pytest.approx(greeting - 10)
    assert (other.outcome, other.fields, other.deviations) == (Outcome.ABANDONED_WAITING, {}, ())
    assert other.handling == "not_served"


async def test_who_called_again_within_a_week_is_known_when_it_is_over(
    url: str, connection: Connection
) -> None:
    first = clock.now() - timedelta(days=20)
    week, hour = timedelta(days=7), timedelta(hours=1)
    await record(url, solved(1, first), solved(2, first + week - hour), solved(3, first + 2 * week))
    ends_at = first + timedelta(days=30)
    found = await calls_of(url, first, ends_at)
    assert [call.called_again for call in found] == [True, False, None]
    assert all(call.archived_at and call.archived_at > call.arrived_at for call in found)
    await connection.execute("UPDATE calls SET caller_number = NULL")
    found = await calls_of(url, first, ends_at)
    assert [call.called_again for call in found] == [None] * 3


async def test_totals_are_what_the_database_itself_counts(url: str, connection: Connection) -> None:
    hour = timedelta(hours=1)
    kinds = (escalated, solved, solved, abandoned)
    await record(url, *(kinds[n % 4](n, MORNING + n * hour) for n in range(1, 13)))
    tally = RecapTally("WIB")
    await read_recap(url, BEGINS_AT, ENDS_AT, tally.add)
    counted = await connection.fetch(sql("count_outcomes"), BEGINS_AT, ENDS_AT)
    assert {row["outcome"]: row["calls"] for row in counted} == {
        outcome: count for outcome, count in tally.totals.outcomes.items() if count
    }
    deviations = await connection.fetchval("SELECT count(*) FROM deviations")
    assert sum(tally.totals.deviations.values()) == deviations
    assert tally.totals.differences() == []


async def test_a_month_is_on_record_once_and_the_first_one_stays(url: str) -> None:
    store = RecapStore(url)
    assert (await store.first_call_at(), await store.months()) == (None, frozenset())
    await record(url, solved(1))
    assert await store.first_call_at() == MORNING
    await store.keep(MARCH.first, MADE)
    await store.keep(MARCH.first, msgspec.structs.replace(MADE, rows=9))
    assert await store.months() == {MARCH.first}
    await store.keep(date(2026, 4, 1), MADE)
    assert await store.months() == {MARCH.first, date(2026, 4, 1)}


async def test_a_record_of_a_recap_is_never_changed(url: str, connection: Connection) -> None:
    await RecapStore(url).keep(MARCH.first, MADE)
    for change in ("UPDATE recaps SET rows = 0", "DELETE FROM recaps", "TRUNCATE recaps CASCADE"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(change)
    row = await connection.fetchrow("SELECT * FROM recaps")
    assert row is not None
    assert (row["path"], row["rows"], row["made_at"]) == (MADE.path, 3, MORNING)
    assert msgspec.json.decode(row["totals"]) == {"offered": 4}


@pytest.mark.parametrize(
    ("month", "made"),
    [
        (date(2026, 3, 2), MADE),
        (MARCH.first, msgspec.structs.replace(MADE, sha256="?")),
        (MARCH.first, msgspec.structs.replace(MADE, rows=-1)),
    ],
)
async def test_a_record_that_cannot_be_is_refused(url: str, month: date, made: MadeRecap) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await RecapStore(url).keep(month, made)
