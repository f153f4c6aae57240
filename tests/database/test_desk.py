"""Reserved numbers: never the same twice, never a gap that is not used later."""

import asyncio

from agent.database.connect import Connection
from agent.database.desk import Desk
from agent.database.writer import Writer
from agent.domain.numbers import YearNumber
from tests.database.agents import running_writer
from tests.database.stories import escalated


def sequences(numbers: list[YearNumber]) -> list[int]:
    return [number.sequence for number in numbers]


async def test_numbers_begin_at_one_and_go_on_by_kind_and_year(url: str) -> None:
    async with running_writer(url) as writer:
        assert sequences(await writer.reserve("form", 2026, 3)) == [1, 2, 3]
        assert sequences(await writer.reserve("form", 2026, 2)) == [4, 5]
        assert sequences(await writer.reserve("ticket", 2026, 2)) == [1, 2]
        assert await writer.reserve("form", 2027, 1) == [YearNumber(2027, 1)]


async def test_what_a_dead_agent_did_not_use_is_given_first_and_in_order(url: str) -> None:
    async with running_writer(url, "first") as first:
        assert sequences(await first.reserve("form", 2026, 4)) == [1, 2, 3, 4]
        assert sequences(await first.reserve("ticket", 2026, 4)) == [1, 2, 3, 4]
        story = escalated(2)  # form and ticket number 2 are given
        for record in story.records:
            await first.record(record)
    async with running_writer(url, "second") as second:
        assert await reserved_after_death(second) == [1, 3, 4, 5, 6]
        assert sequences(await second.reserve("ticket", 2026, 2)) == [1, 3]


async def reserved_after_death(writer: Writer) -> list[int]:
    """The server notices a session's death a moment after it."""
    await asyncio.sleep(0.2)
    return sequences(await writer.reserve("form", 2026, 5))


async def test_a_living_agent_keeps_what_it_reserved(url: str) -> None:
    async with running_writer(url, "first") as first, running_writer(url, "second") as second:
        assert sequences(await first.reserve("form", 2026, 3)) == [1, 2, 3]
        assert sequences(await second.reserve("form", 2026, 3)) == [4, 5, 6]


async def test_an_agent_whose_session_was_lost_in_a_black_hole_has_its_name_back(url: str) -> None:
    """The server does not know that nobody is behind the old session any more."""
    lost, again = Desk(url, "one"), Desk(url, "one")
    assert sequences(await lost.reserve("form", 2026, 2)) == [1, 2]
    assert sequences(await again.reserve("form", 2026, 2)) == [3, 4]
    await again.aclose()
    await lost.aclose()


async def test_many_agents_at_once_never_get_the_same_number(url: str) -> None:
    writers = [Writer(url, {}, f"agent-{place}") for place in range(6)]
    blocks = await asyncio.gather(
        *(writer.reserve("ticket", 2026, 5) for writer in writers for _ in range(8))
    )
    given = [number for block in blocks for number in block]
    assert sorted(sequences(given)) == list(range(1, 6 * 8 * 5 + 1))
    for writer in writers:
        await writer.aclose()


async def test_many_agents_at_once_share_what_dead_ones_left(url: str) -> None:
    async with running_writer(url, "dead") as dead:
        await dead.reserve("ticket", 2026, 50)
    await asyncio.sleep(0.2)
    writers = [Writer(url, {}, f"agent-{place}") for place in range(6)]
    blocks = await asyncio.gather(*(writer.reserve("ticket", 2026, 10) for writer in writers))
    given = [number for block in blocks for number in block]
    assert sorted(sequences(given)) == list(range(1, 61))
    for writer in writers:
        await writer.aclose()


async def test_new_numbers_lie_above_all_that_were_given(url: str, connection: Connection) -> None:
    async with running_writer(url) as writer:
        for record in escalated(40).records:
            await writer.record(record)
        assert sequences(await writer.reserve("form", 2026, 2)) == [41, 42]
        assert sequences(await writer.reserve("ticket", 2026, 1)) == [41]


async def test_a_number_that_was_given_is_no_longer_searched_among_the_reserved(
    url: str, connection: Connection
) -> None:
    async with running_writer(url) as writer:
        assert sequences(await writer.reserve("form", 2026, 3)) == [1, 2, 3]
        for record in escalated(2).records:
            await writer.record(record)
        assert sequences(await writer.reserve("form", 2026, 1)) == [4]
    kept = await connection.fetch("SELECT sequence FROM number_reservations ORDER BY sequence")
    assert [row["sequence"] for row in kept] == [1, 3, 4]


async def test_the_many_numbers_of_a_busy_agent_that_died_are_taken_over_in_time(url: str) -> None:
    """Within the deadline of a statement, though nothing is known yet of the tables' sizes."""
    async with running_writer(url) as dead:
        await dead.reserve("form", 2026, 10_000)
    await asyncio.sleep(0.2)
    async with running_writer(url) as heir:
        assert sequences(await heir.reserve("form", 2026, 9_000)) == list(range(1, 9_001))
        assert sequences(await heir.reserve("form", 2026, 2_000)) == list(range(9_001, 11_001))
