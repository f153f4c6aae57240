"""SOP step 8 on a real database: the ticket is opened once, with its messages or not at all."""

import asyncio
from datetime import date, timedelta

import asyncpg
import pytest

from agent.database.case_desk import CaseDesk, let_time_pass
from agent.database.connect import Connection
from agent.database.outbox import messages_of_ticket
from agent.database.tickets import read_ticket
from agent.domain.events import CaseHandedOver, CaseNotHandedOver
from agent.domain.identifiers import CallId
from agent.domain.working_time import WorkingTime
from agent.runtime.case_messages import Ways, opening_key
from agent.runtime.doors import DONE
from agent.runtime.errors import EffectFailed, StandDown
from tests.database.desk import on_record, rules
from tests.database.stories import MORNING, Story, handed_over
from tests.domain.offices import HOURS, calendar


async def test_a_case_is_handed_over_with_its_ticket_and_its_messages(
    url: str, connection: Connection
) -> None:
    story = await on_record(url)
    assert await CaseDesk(url, rules()).hand_over(story.call) == DONE
    report = await read_ticket(url, story.ticket_number)
    assert report.ticket and report.ticket.due
    assert [type(event).__name__ for event in report.events] == ["TicketOpened", "DueSet"]
    assert report.ticket.choice.priority == "high"
    assert report.events[0].by == "op-101"
    row = await connection.fetchrow("SELECT * FROM tickets")
    assert row is not None
    assert (row["events"], row["stage"], row["priority"]) == (2, "new", "high")
    assert row["target_at"] == report.ticket.due.target_at
    messages = await messages_of_ticket(url, story.ticket_number)
    assert [(kept.message.way, kept.message.facts["to"]) for kept in messages] == [
        ("caller_email", "budi@contoh.co.id"),
        ("level_email", "ppe@example.go.id"),
    ]
    assert messages[0].message.facts["category"].startswith("Unggah dokumen")


async def test_a_repeat_opens_nothing_twice_also_at_the_same_moment(
    url: str, connection: Connection
) -> None:
    story = await on_record(url)
    desk = CaseDesk(url, rules())
    await asyncio.gather(*(desk.hand_over(story.call) for _ in range(4)))
    assert await connection.fetchval("SELECT count(*) FROM ticket_events") == 2
    assert await connection.fetchval("SELECT count(*) FROM outbox_messages") == 2


async def test_what_became_of_the_message_is_told_to_the_call(
    url: str, connection: Connection
) -> None:
    story = await on_record(url)
    desk = CaseDesk(url, rules())
    await desk.hand_over(story.call)
    key = opening_key(story.ticket_number, "level_email")
    accepted_at = MORNING + timedelta(minutes=5)
    await connection.execute(
        "UPDATE outbox_messages SET accepted_at = $2, accepted_as = 'x' WHERE key = $1",
        key,
        accepted_at,
    )
    told = await desk.hand_over(story.call)
    assert told.event == CaseHandedOver(at=accepted_at, way="level_email")
    await connection.execute(
        "UPDATE outbox_messages SET accepted_at = NULL, accepted_as = NULL, gave_up_at = $2"
        " WHERE key = $1",
        key,
        accepted_at,
    )
    told = await desk.hand_over(story.call)
    assert told.event == CaseNotHandedOver(at=accepted_at)


async def test_a_ticket_that_is_not_on_record_yet_is_tried_again_later(url: str) -> None:
    with pytest.raises(EffectFailed):
        await CaseDesk(url, rules()).hand_over(handed_over().call)


async def test_a_former_owner_opens_nothing(url: str, connection: Connection) -> None:
    story = await on_record(url)
    await connection.execute("INSERT INTO lease (epoch) VALUES (5) ON CONFLICT DO NOTHING")
    await connection.execute("UPDATE lease SET epoch = 5")
    with pytest.raises(StandDown):
        await CaseDesk(url, rules(), epoch=4).hand_over(story.call)
    assert await connection.fetchval("SELECT count(*) FROM ticket_events") == 0


async def test_what_cannot_be_put_opens_no_ticket(url: str, connection: Connection) -> None:
    story = await on_record(url)
    await connection.execute("ALTER TABLE outbox_messages RENAME TO outbox_away")
    with pytest.raises(EffectFailed):
        await CaseDesk(url, rules()).hand_over(story.call)
    assert await connection.fetchval("SELECT count(*) FROM ticket_events") == 0
    assert await connection.fetchval("SELECT events FROM tickets") == 0


async def test_a_form_without_an_email_and_urgency_is_handed_over_all_the_same(url: str) -> None:
    story = await on_record(url, fields={"caller_name": "Budi"})
    await CaseDesk(url, rules()).hand_over(story.call)
    report = await read_ticket(url, story.ticket_number)
    assert report.ticket and report.ticket.choice.priority == "medium"
    messages = await messages_of_ticket(url, story.ticket_number)
    assert [kept.message.way for kept in messages] == ["level_email"]


async def opened(url: str) -> Story:
    story = await on_record(url)
    await CaseDesk(url, rules()).hand_over(story.call)
    return story


async def test_age_sends_a_ticket_up_and_tells_the_level_once(
    url: str, connection: Connection
) -> None:
    story = await opened(url)
    soon = MORNING + timedelta(minutes=5)
    assert await let_time_pass(url, rules(), soon) == 1, "high priority: Admin PPE at once"
    assert await let_time_pass(url, rules(), soon) == 0
    assert await let_time_pass(url, rules(), MORNING + timedelta(hours=2)) == 1
    assert await connection.fetchval("SELECT level FROM tickets") == "lkpp"
    messages = await messages_of_ticket(url, story.ticket_number)
    sent = [kept.message.facts["to"] for kept in messages if kept.message.way == "level_email"]
    assert sent == ["ppe@example.go.id", "lkpp@example.go.id"]


async def test_a_holiday_moved_afterwards_moves_the_due_time_and_keeps_the_history(
    url: str,
) -> None:
    story = await opened(url)
    before = await read_ticket(url, story.ticket_number)
    moved = WorkingTime(HOURS, calendar(MORNING.date(), date(2026, 3, 3), version="two"), "WIB")
    assert await let_time_pass(url, rules(moved), MORNING + timedelta(minutes=1)) == 1
    after = await read_ticket(url, story.ticket_number)
    assert after.events[: len(before.events)] == before.events
    assert before.ticket and before.ticket.due and after.ticket and after.ticket.due
    assert after.ticket.due.target_at > before.ticket.due.target_at


async def test_an_office_without_ways_opens_its_tickets_and_waits_for_no_message(
    url: str,
) -> None:
    story = await on_record(url)
    assert await CaseDesk(url, rules(ways=Ways())).hand_over(story.call) == DONE
    report = await read_ticket(url, story.ticket_number)
    assert report.ticket and report.ticket.call_id == CallId(story.call_id)
    assert await messages_of_ticket(url, story.ticket_number) == []


async def test_a_tickets_log_is_only_ever_added_to(url: str, connection: Connection) -> None:
    await opened(url)
    for change in ("UPDATE ticket_events SET by = 'x'", "DELETE FROM ticket_events"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(change)
