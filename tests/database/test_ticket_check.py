"""A ticket is held against its own log: whatever it lived through, and when a hand was at it."""

from datetime import timedelta

import pytest

from agent.database.case_desk import CaseDesk, let_time_pass
from agent.database.connect import Connection
from agent.database.ticket_check import check_tickets
from agent.database.tickets import change_ticket
from tests.database.broken_promises import by_hand
from tests.database.desk import on_record, rules
from tests.database.stories import MORNING
from tests.domain.ticket_story import event

LIFE = ("taken", "asked", "answered", "linked", "solved", "reopened", "taken", "to lkpp")
LIFE += ("taken", "changed", "solved", "confirmed")


async def faults(connection: Connection) -> dict[str, int]:
    """What is counted, and how often."""
    async with connection.transaction():
        return dict((await check_tickets(connection, None, None)).counts)


async def test_nothing_that_can_happen_to_a_ticket_is_a_fault(
    url: str, connection: Connection
) -> None:
    story = await on_record(url)
    assert await faults(connection) == {}, "not opened yet"
    await CaseDesk(url, rules()).hand_over(story.call)
    await let_time_pass(url, rules(), MORNING + timedelta(minutes=1))
    for place, name in enumerate(LIFE, 2):
        told = event(name, MORNING + timedelta(minutes=place))
        await change_ticket(url, story.ticket_number, rules(), lambda _t, told=told: told)
        assert await faults(connection) == {}, name


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DELETE FROM ticket_events WHERE sequence = 1", "ticket_log_broken"),
        ("UPDATE ticket_events SET sequence = 4 WHERE sequence = 2", "ticket_log_broken"),
        ("UPDATE ticket_events SET body = '{}' WHERE sequence = 2", "ticket_log_broken"),
        ("DELETE FROM ticket_events WHERE sequence = 3", "ticket_otherwise"),
        ("DELETE FROM ticket_events", "ticket_otherwise"),
        ("UPDATE tickets SET holder = 'budi'", "ticket_otherwise"),
        ("UPDATE tickets SET first_taken_at = NULL", "ticket_otherwise"),
        ("UPDATE tickets SET user_acts_since = now()", "ticket_otherwise"),
    ],
)
async def test_what_a_hand_has_changed_is_found(
    url: str, connection: Connection, statement: str, fault: str
) -> None:
    story = await on_record(url)
    await CaseDesk(url, rules()).hand_over(story.call)
    taken = event("taken", MORNING + timedelta(minutes=5))
    await change_ticket(url, story.ticket_number, rules(), lambda _t: taken)
    await by_hand(connection, statement)
    assert await faults(connection) == {fault: 1}
