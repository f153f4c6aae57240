"""Which tickets are late is the same in the list as by a replay of their history, at any moment."""

from datetime import datetime, timedelta

import pytest

from agent.database.case_desk import CaseDesk
from agent.database.connect import Connection
from agent.database.queries import sql
from agent.database.ticket_search import TicketFilter, find_tickets
from agent.database.tickets import change_ticket, read_ticket
from agent.domain.ticket import replay
from agent.domain.ticket_due import is_overdue, is_response_overdue
from tests.database.agents import running_writer
from tests.database.desk import rules
from tests.database.stories import MORNING, ON_THE_FORM, handed_over, in_turn
from tests.domain.ticket_story import event

HIGH = {"urgency": "M", "impact": "B"}
MEDIUM = {"urgency": "TM", "impact": "S"}
DAY = 24 * 60

# What happens to a ticket, in minutes after the call. High priority is due after three hours of
# work, medium when the office closes on the next day; its first response is due on the same one.
LIVES: list[tuple[dict[str, str], list[tuple[int, str]]]] = [
    (HIGH, []),
    (MEDIUM, []),
    (MEDIUM, [(10, "taken"), (20, "to admin_ppe")]),
    (MEDIUM, [(2 * DAY, "taken")]),
    (HIGH, [(5, "taken"), (10, "asked")]),
    (HIGH, [(5, "taken"), (10, "asked"), (15, "linked")]),
    (HIGH, [(5, "taken"), (2 * DAY, "asked")]),
    (HIGH, [(5, "taken"), (10, "asked"), (DAY, "answered")]),
    (HIGH, [(5, "taken"), (60, "solved")]),
    (HIGH, [(5, "taken"), (60, "solved"), (3 * DAY, "confirmed")]),
    (HIGH, [(5, "taken"), (2 * DAY, "solved")]),
    (HIGH, [(5, "taken"), (2 * DAY, "solved"), (3 * DAY, "confirmed")]),
    (HIGH, [(5, "taken"), (60, "solved"), (3 * DAY, "reopened")]),
    (HIGH, [(5, "taken"), (10, "asked"), (2 * DAY, "solved")]),
]


@pytest.fixture
async def lived(url: str) -> str:
    """A database with a ticket of each life."""
    stories = [
        handed_over(number, {**ON_THE_FORM, **fields})
        for number, (fields, _) in enumerate(LIVES, 1)
    ]
    async with running_writer(url) as writer:
        for record in in_turn(stories):
            await writer.record(record)
    for story, (_, life) in zip(stories, LIVES, strict=True):
        await CaseDesk(url, rules()).hand_over(story.call)
        for minutes, name in life:
            told = event(name, MORNING + timedelta(minutes=minutes))
            await change_ticket(url, story.ticket_number, rules(), lambda _t, told=told: told)
    return url


async def late_by_replay(url: str, number: str, at: datetime) -> bool:
    """What the history says."""
    ticket = replay((await read_ticket(url, number)).events)
    return is_response_overdue(ticket, at) or is_overdue(ticket, at, rules().working_time(at))


async def test_the_list_marks_as_late_what_the_history_says_is_late(lived: str) -> None:
    for days in (3, 4, 40):
        at = MORNING + timedelta(days=days)
        listed = {
            ticket.ticket_number: ticket for ticket in (await find_tickets(lived, ALL, at)).tickets
        }
        assert len(listed) == len(LIVES)
        by_replay = {number: await late_by_replay(lived, number, at) for number in listed}
        assert {number: ticket.overdue for number, ticket in listed.items()} == by_replay
        assert 0 < sum(by_replay.values()) < len(LIVES), "some are late, others not"
        only = (await find_tickets(lived, TicketFilter(overdue=True), at)).tickets
        assert {ticket.ticket_number for ticket in only} == {
            n for n, late in by_replay.items() if late
        }


@pytest.mark.parametrize(
    ("unconfirmed", "holder", "index"),
    [
        (None, None, "tickets_by_target"),
        (True, None, "tickets_open"),
        (None, "op-101", "tickets_by_holder"),
    ],
)
async def test_a_list_is_read_in_the_order_of_an_index_and_not_from_all_tickets(
    connection: Connection, unconfirmed: bool | None, holder: str | None, index: str
) -> None:
    """A million tickets take longer to sort than a statement may take."""
    await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
    asked = (unconfirmed, None, MORNING, None, holder, *[None] * 10, False, 100)
    rows = await connection.fetch(f"EXPLAIN {sql('list_tickets')}", *asked)
    plan = "\n".join(row[0] for row in rows)
    assert f"Index Scan using {index} on tickets" in plan
    assert "->  Sort" not in plan, plan


ALL = TicketFilter()
