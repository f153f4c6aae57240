import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from agent.domain.identifiers import CallId
from agent.domain.numbers import parse_ticket_number
from agent.runtime import clock
from agent.runtime.errors import EffectFailed
from agent.runtime.numbers import (
    AGAIN_S,
    LEAST,
    MOST,
    NEW_YEAR_AHEAD,
    RESERVE_S,
    WINDOW_S,
    Demand,
    NumberPool,
)
from tests.runtime.faulty_database import FaultyDatabase
from tests.runtime.waiting import DEADLINE_S, until

NOVEMBER = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NEW_YEAR_WIB = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
NEW_YEAR_WIT = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)
JUST_BEFORE = timedelta(microseconds=1)


@pytest.fixture
def database() -> FaultyDatabase:
    return FaultyDatabase()


@pytest.fixture
def pool(database: FaultyDatabase) -> NumberPool:
    return NumberPool(database, "LPSE.BTG", "WIB")


async def test_form_numbers_are_given_in_order_and_none_twice(pool: NumberPool) -> None:
    given = [await pool.form_number(NOVEMBER) for _ in range(LEAST * 2 + 5)]
    assert given[0] == "0001/FK-TLP/LPSE.BTG/2026"
    assert given == [f"{n:04d}/FK-TLP/LPSE.BTG/2026" for n in range(1, LEAST * 2 + 6)]


async def test_many_who_ask_at_once_get_different_numbers(pool: NumberPool) -> None:
    forms = await asyncio.gather(*(pool.form_number(NOVEMBER) for _ in range(LEAST * 2)))
    tickets = await asyncio.gather(
        *(pool.ticket_number(CallId(str(n)), NOVEMBER) for n in range(LEAST * 2))
    )
    assert len(set(forms)) == len(set(tickets)) == LEAST * 2


async def test_numbers_reserved_beforehand_are_given_while_the_database_is_away(
    database: FaultyDatabase, pool: NumberPool
) -> None:
    await pool.fill(NOVEMBER)
    database.away = True
    forms = [await pool.form_number(NOVEMBER) for _ in range(LEAST)]
    assert len(set(forms)) == LEAST
    assert await pool.ticket_number(CallId("a"), NOVEMBER)
    with pytest.raises(EffectFailed):
        await pool.form_number(NOVEMBER)
    database.away = False
    await asyncio.sleep(AGAIN_S)
    assert await pool.form_number(NOVEMBER) == f"{LEAST + 1:04d}/FK-TLP/LPSE.BTG/2026"


async def test_the_number_of_a_call_without_a_record_is_kept_for_it(pool: NumberPool) -> None:
    await pool.fill(NOVEMBER)
    known = "0002/FK-TLP/LPSE.BTG/2026"
    assert await pool.adopted_form_number(known, NOVEMBER) == known
    others = [await pool.form_number(NOVEMBER) for _ in range(20)]
    assert known not in others


async def test_a_number_that_was_kept_before_any_were_reserved_is_given_to_nobody_else(
    pool: NumberPool,
) -> None:
    known = "0002/FK-TLP/LPSE.BTG/2026"
    assert await pool.adopted_form_number(known, NOVEMBER) == known
    await pool.fill(NOVEMBER)
    assert known not in [await pool.form_number(NOVEMBER) for _ in range(20)]


async def test_a_number_that_is_another_calls_already_is_not_given_twice(pool: NumberPool) -> None:
    given = await pool.form_number(NOVEMBER)
    adopted = await pool.adopted_form_number(given, NOVEMBER)
    assert adopted != given
    assert await pool.form_number(NOVEMBER) not in (given, adopted)


async def test_a_number_of_another_block_is_taken_as_it_is(pool: NumberPool) -> None:
    await pool.fill(NOVEMBER)
    known = "9000/FK-TLP/LPSE.BTG/2026"
    assert await pool.adopted_form_number(known, NOVEMBER) == known
    assert await pool.form_number(NOVEMBER) == "0001/FK-TLP/LPSE.BTG/2026"


async def test_a_call_that_asks_again_gets_the_same_ticket(pool: NumberPool) -> None:
    first = await pool.ticket_number(CallId("a"), NOVEMBER)
    other = await pool.ticket_number(CallId("b"), NOVEMBER)
    assert parse_ticket_number(first) == first
    assert first != other
    assert await pool.ticket_number(CallId("a"), NOVEMBER + timedelta(days=60)) == first


async def test_a_call_that_asks_twice_at_once_gets_one_ticket(pool: NumberPool) -> None:
    asked = (pool.ticket_number(CallId("a"), NOVEMBER) for _ in range(5))
    assert len(set(await asyncio.gather(*asked))) == 1


async def test_a_ticket_is_forgotten_with_its_call_and_never_given_again(pool: NumberPool) -> None:
    given = set()
    for _time in range(LEAST * 2):
        given.add(await pool.ticket_number(CallId("a"), NOVEMBER))
        pool.forget(CallId("a"))
    assert len(given) == LEAST * 2
    pool.forget(CallId("never seen"))


@pytest.mark.parametrize(("zone", "new_year"), [("WIB", NEW_YEAR_WIB), ("WIT", NEW_YEAR_WIT)])
async def test_the_year_changes_at_midnight_of_the_offices_clock(
    database: FaultyDatabase, zone: str, new_year: datetime
) -> None:
    pool = NumberPool(database, "X", zone)
    assert await pool.form_number(new_year - JUST_BEFORE) == "0001/FK-TLP/X/2026"
    assert await pool.form_number(new_year) == "0001/FK-TLP/X/2027"
    assert await pool.form_number(new_year - JUST_BEFORE) == "0002/FK-TLP/X/2026"
    assert (await pool.ticket_number(CallId("old"), new_year - JUST_BEFORE)).startswith("26-00001")
    assert (await pool.ticket_number(CallId("new"), new_year)).startswith("27-00001")


async def test_a_first_block_of_each_kind_is_reserved_at_the_start(
    database: FaultyDatabase, pool: NumberPool
) -> None:
    await pool.fill(NEW_YEAR_WIB)
    assert database.reservations == [("form", 2027, LEAST), ("ticket", 2027, LEAST)]
    await pool.fill(NEW_YEAR_WIB)
    assert len(database.reservations) == 2


async def test_a_database_that_has_no_numbers_is_an_error_and_not_an_endless_search(
    database: FaultyDatabase, pool: NumberPool
) -> None:
    database.empty = True
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(EffectFailed, match="no form number"):
            await pool.form_number(NOVEMBER)


@asynccontextmanager
async def kept_filled(pool: NumberPool) -> AsyncIterator[None]:
    keeping = asyncio.get_running_loop().create_task(pool.keep_filled(every_s=0.01))
    yield
    assert not keeping.done()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def test_the_pool_is_topped_up_before_it_runs_out_and_after_the_database_was_away(
    database: FaultyDatabase, pool: NumberPool
) -> None:
    now = clock.now()
    await pool.fill(now)
    given = [await pool.form_number(now) for _ in range(3)]
    database.away = True
    async with kept_filled(pool):
        given += [await pool.form_number(now) for _ in range(LEAST // 2)]
        await asyncio.sleep(0.05)
        database.away = False
        await until(lambda: len(database.reservations) == 3)
    database.away = True
    given += [await pool.form_number(now) for _ in range(LEAST)]
    assert len(set(given)) == len(given)
    assert given == sorted(given)


async def test_as_many_are_kept_as_an_hour_needs_at_the_rate_of_the_last_minutes(
    database: FaultyDatabase, pool: NumberPool
) -> None:
    now = clock.now()
    busy = 6 * LEAST
    for _ in range(busy):
        await pool.form_number(now)
    async with kept_filled(pool):
        await until(lambda: database.reservations[-1][0] == "ticket")
    database.away = True
    for _ in range(busy * int(RESERVE_S / WINDOW_S) * 3 // 4):
        await pool.form_number(now)


def test_what_is_kept_follows_the_busier_of_two_windows_and_forgets_older_ones() -> None:
    demand = Demand()
    assert demand.ahead(0.0) == LEAST
    for _ in range(LEAST):
        demand.took(10.0)
    hour = round(LEAST * RESERVE_S / WINDOW_S)
    assert demand.ahead(20.0) == hour
    demand.took(WINDOW_S + 1)
    assert demand.ahead(WINDOW_S + 2) == hour
    assert demand.ahead(2 * WINDOW_S + 2) == LEAST
    for _ in range(MOST):
        demand.took(5 * WINDOW_S)
    assert demand.ahead(5 * WINDOW_S) == MOST
    assert demand.ahead(9 * WINDOW_S) == LEAST


async def test_callers_who_find_no_number_are_told_at_once_and_not_one_after_the_other(
    database: FaultyDatabase, pool: NumberPool
) -> None:
    """A database in a black hole takes its whole deadline to be given up: once for all."""
    database.away = True
    database.open.clear()

    async def gives_up() -> None:
        await asyncio.sleep(0.3)
        database.open.set()

    began = asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(gives_up())
        asked = [pool.form_number(NOVEMBER) for _ in range(20)]
        told = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(answer) for answer in told} == {EffectFailed}
    assert asyncio.get_running_loop().time() - began < AGAIN_S
    assert database.reservations == []


async def test_the_next_years_numbers_are_there_before_the_year_is(
    database: FaultyDatabase, pool: NumberPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is away at midnight leaves no caller of the new year without a number."""
    monkeypatch.setattr(clock, "now", lambda: NEW_YEAR_WIB - NEW_YEAR_AHEAD)
    async with kept_filled(pool):
        await until(lambda: len(database.reservations) == 4)
    database.away = True
    assert await pool.form_number(NEW_YEAR_WIB) == "0001/FK-TLP/LPSE.BTG/2027"


async def test_numbers_that_a_dead_agent_left_are_given_before_higher_ones(
    database: FaultyDatabase, pool: NumberPool
) -> None:
    database.continue_at("form", 2026, 500)
    await pool.fill(NOVEMBER)
    for _ in range(LEAST // 2):
        await pool.form_number(NOVEMBER)
    database.continue_at("form", 2026, 7)
    await pool.fill(NOVEMBER)
    assert await pool.form_number(NOVEMBER) == "0007/FK-TLP/LPSE.BTG/2026"
