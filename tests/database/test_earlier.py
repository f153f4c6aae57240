"""Earlier consultations by telephone and tax number, and the indexes that find them."""

from datetime import timedelta

import pytest

from agent.database.connect import Connection
from agent.database.earlier import count_earlier, find_earlier, read_earlier
from agent.database.queries import sql
from agent.domain.identifiers import CallId
from agent.domain.numbers import YearNumber, render_ticket_number
from tests.database.form_stories import record_all, told_records
from tests.database.stories import MORNING

RUDI, OTHER = "+628123456789", "+628111111111"


@pytest.fixture
async def known(url: str) -> str:
    """Three consultations of Rudi's company, one of a stranger."""
    await record_all(
        url,
        told_records(1, "solved"),
        told_records(2, "escalated", MORNING + timedelta(hours=1), phone=OTHER),
        told_records(3, "abandoned_waiting", MORNING + timedelta(hours=2)),
        told_records(
            4, "solved", MORNING + timedelta(hours=3), phone="+62810", npwp="0099999999999999"
        ),
    )
    return url


async def test_they_are_found_by_telephone_by_npwp_and_by_either_newest_first(known: str) -> None:
    async def found(telephone: str | None, npwp: str | None) -> list[int]:
        return [int(one.form_number[:4]) for one in await find_earlier(known, telephone, npwp)]

    assert await found(RUDI, None) == [3, 1]
    assert await found(None, "0012345678901000") == [2, 1]
    assert await found(RUDI, "0012345678901000") == [3, 2, 1]
    assert await found(OTHER, "0099999999999999") == [4, 2]
    assert await found("+629999", None) == []
    assert await found(None, None) == []


async def test_each_tells_outcome_category_and_whether_its_ticket_is_open(
    known: str, connection: Connection
) -> None:
    (one,) = await read_earlier(connection, [OTHER])
    assert (one.outcome, one.category, one.application) == ("escalated", "06", "spse")
    assert one.arrived_at == MORNING + timedelta(hours=1)
    assert (one.ticket_number, one.ticket_stage, one.ticket_open) == (
        render_ticket_number(YearNumber(2026, 2)),
        "new",
        True,
    )
    await connection.execute("UPDATE tickets SET confirmed_at = now(), stage = 'confirmed'")
    assert not (await read_earlier(connection, [OTHER]))[0].ticket_open


async def test_the_call_that_goes_on_is_not_among_them(known: str, connection: Connection) -> None:
    assert await count_earlier(connection, [RUDI], besides=CallId("call-3")) == 1
    rest = await read_earlier(connection, [RUDI], besides=CallId("call-3"))
    assert [one.form_number[:4] for one in rest] == ["0001"]
    assert len(await read_earlier(connection, [RUDI], limit=1)) == 1


async def test_those_of_several_telephones_are_found_once_and_counted_beyond_the_limit(
    known: str, connection: Connection
) -> None:
    both, npwp = [RUDI, OTHER], "0012345678901000"
    found = await read_earlier(connection, both, npwp)
    assert [int(one.form_number[:4]) for one in found] == [3, 2, 1]
    assert len(await read_earlier(connection, both, npwp, limit=2)) == 2
    assert await count_earlier(connection, both, npwp) == 3
    assert await count_earlier(connection, []) == 0


async def test_all_three_are_found_by_their_indexes(known: str, connection: Connection) -> None:
    """That the planner takes them in large tables too tests/bench/search_speed.py shows."""
    await connection.execute("SET enable_seqscan = off")
    known_of = [RUDI, OTHER], "0012345678901000", None
    for name, rest in (("earlier_consultations", (20,)), ("count_earlier_consultations", ())):
        lines = await connection.fetch(f"EXPLAIN {sql(name)}", *known_of, *rest)
        plan = "\n".join(line[0] for line in lines)
        for index in (
            "calls_by_caller",
            "consultation_forms_by_phone",
            "consultation_forms_by_npwp",
        ):
            assert index in plan, plan
