"""The list of tickets in a real database: what is found, and by pages none twice and none left."""

import pytest
import pytest_asyncio

from agent.database.call_filter import FilterInvalid
from agent.database.case_desk import CaseDesk
from agent.database.connect import Connection
from agent.database.ticket_search import TicketFilter, find_tickets
from tests.database.agents import running_writer
from tests.database.desk import rules
from tests.database.stories import MORNING, ON_THE_FORM, Story, handed_over, in_turn

LATER = MORNING.replace(month=4)


@pytest_asyncio.fixture
async def stories(url: str) -> list[Story]:
    """Seven calls with tickets; five are open, of which three are due at the same moment."""
    told = [
        handed_over(number, {**ON_THE_FORM, "impact": "K" if number < 4 else "B"})
        for number in range(1, 8)
    ]
    async with running_writer(url) as writer:
        for record in in_turn(told):
            await writer.record(record)
    for story in told[:5]:
        await CaseDesk(url, rules()).hand_over(story.call)
    return told


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6, 7, 8])
async def test_pages_one_after_another_are_the_whole_list_in_its_order(
    url: str, stories: list[Story], limit: int
) -> None:
    whole = await find_tickets(url, TicketFilter(), LATER)
    assert whole.following is None
    numbers = [ticket.ticket_number for ticket in whole.tickets]
    assert sorted(numbers) == sorted(story.ticket_number for story in stories)
    assert [ticket.target_at is None for ticket in whole.tickets] == [False] * 5 + [True] * 2
    targets = [ticket.target_at for ticket in whole.tickets if ticket.target_at]
    assert targets == sorted(targets)
    seen: list[str] = []
    after: str | None = None
    while True:
        page = await find_tickets(url, TicketFilter(), LATER, after, limit)
        assert len(page.tickets) <= limit
        seen += [ticket.ticket_number for ticket in page.tickets]
        after = page.following
        if after is None:
            break
    assert seen == numbers


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (TicketFilter(number="0002/FK-TLP/LPSE.BTG/2026"), 1),
        (TicketFilter(number="26 00412 0"), 0),
        (TicketFilter(number="LS-1"), 0),
        (TicketFilter(text="unggah"), 7),
        (TicketFilter(text="kwitansi"), 0),
        (TicketFilter(operator="op-101"), 7),
        (TicketFilter(operator="op-102"), 0),
        (TicketFilter(overdue=True), 5),
        (TicketFilter(stage="taken"), 0),
        (TicketFilter(own=("siti",), own_operator="op-101"), 7),
        (TicketFilter(own=("siti",), own_operator="op-102"), 0),
        (TicketFilter(own=("siti",)), 0),
    ],
)
async def test_a_ticket_must_meet_all_that_is_asked(
    url: str, stories: list[Story], wanted: TicketFilter, count: int
) -> None:
    assert len((await find_tickets(url, wanted, LATER)).tickets) == count


async def test_the_users_own_number_and_what_one_holds_are_found(
    url: str, stories: list[Story], connection: Connection
) -> None:
    number = stories[3].ticket_number
    await connection.execute(
        "UPDATE tickets SET external_number = 'LS-815', holder = 'siti' WHERE ticket_number = $1",
        number,
    )
    for wanted in (
        TicketFilter(number=" LS-815 "),
        TicketFilter(holder="siti"),
        TicketFilter(own=("op-109", "siti")),
    ):
        found = (await find_tickets(url, wanted, LATER)).tickets
        assert [(one.ticket_number, one.company) for one in found] == [(number, "CV Melati")]


@pytest.mark.parametrize("after", ["x", "eA==", "MjAyNi0wMy0wMlQwOTowMCAyNi0wMDAwMS0w", "AAA="])
async def test_a_cursor_that_no_page_gave_is_refused(url: str, after: str) -> None:
    with pytest.raises(FilterInvalid):
        await find_tickets(url, TicketFilter(), LATER, after)
