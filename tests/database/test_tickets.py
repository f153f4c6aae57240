"""The record of tickets in a real database: its log gives its columns, whoever acts at once."""

import asyncio
import threading
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.database.case_desk import CaseDesk
from agent.database.connect import Connection, connected
from agent.database.errors import DatabaseUnreachable, TicketUnknown
from agent.database.outbox import messages_of_ticket
from agent.database.ticket_search import TicketFilter, find_tickets
from agent.database.tickets import change_ticket, read_ticket
from agent.domain.priority import Level
from agent.domain.ticket import TicketRefused, replay
from agent.domain.ticket_due import target_at
from agent.domain.ticket_events import (
    AnyTicketEvent,
    DueSet,
    ExternalNumberLinked,
    LevelAssigned,
    PriorityChanged,
    SolutionConfirmed,
    TicketReopened,
    TicketSolved,
    TicketTaken,
    UserAnswered,
    UserAsked,
)
from agent.runtime.case_messages import told_to_user
from tests.database.desk import WAYS, on_record, rules
from tests.database.stories import MORNING, Story
from tests.domain.offices import TABLE


async def opened(url: str) -> Story:
    story = await on_record(url)
    await CaseDesk(url, rules()).hand_over(story.call)
    return story


def at(minutes: float) -> datetime:
    return MORNING + timedelta(minutes=minutes)


async def test_a_ticket_lives_until_the_user_confirms(url: str, connection: Connection) -> None:
    story = await opened(url)
    number = story.ticket_number
    life: list[AnyTicketEvent] = [
        TicketTaken(at=at(5), by="siti"),
        UserAsked(at=at(6), by="siti", question="Tangkapan layar?"),
        UserAnswered(at=at(60), by="siti", answer="Sudah"),
        TicketSolved(at=at(70), by="siti", solution="Perbarui Apendo"),
        TicketReopened(at=at(80), by="budi", reason="Masih gagal"),
        TicketTaken(at=at(81), by="siti"),
        TicketSolved(at=at(90), by="siti", solution="Pasang ulang"),
        ExternalNumberLinked(at=at(91), by="siti", external_number="LS-1"),
        SolutionConfirmed(at=at(99), by="budi"),
    ]
    for event in life:
        await change_ticket(url, number, rules(), lambda _ticket, event=event: event)
    report = await read_ticket(url, number)
    assert list(report.events[2:]) == life
    assert report.ticket == replay(report.events)
    row = await connection.fetchrow("SELECT * FROM tickets")
    assert row is not None
    assert (row["stage"], row["holder"], row["external_number"]) == ("confirmed", "siti", "LS-1")
    assert (row["solved_at"], row["confirmed_at"]) == (at(90), at(99))
    assert row["events"] == 2 + len(life)


async def test_what_cannot_happen_is_refused_and_changes_nothing(url: str) -> None:
    story = await opened(url)
    before = await read_ticket(url, story.ticket_number)
    with pytest.raises(TicketRefused):
        await change_ticket(
            url,
            story.ticket_number,
            rules(),
            lambda _t: SolutionConfirmed(at=at(5), by="budi"),
            lambda case: told_to_user(case, WAYS, "ticket_solved", solution="x"),
        )
    assert await read_ticket(url, story.ticket_number) == before
    messages = await messages_of_ticket(url, story.ticket_number)
    assert {kept.message.matter for kept in messages} == {"ticket_opened"}


async def test_of_two_who_take_it_at_once_both_are_on_record_in_turn(url: str) -> None:
    story = await opened(url)

    async def takes(who: str) -> None:
        taken = TicketTaken(at=at(5), by=who)
        await change_ticket(url, story.ticket_number, rules(), lambda _t: taken)

    await asyncio.gather(*(takes(who) for who in ("siti", "budi", "dewi")))
    report = await read_ticket(url, story.ticket_number)
    assert sorted(event.by for event in report.events[2:]) == ["budi", "dewi", "siti"]
    assert report.ticket and report.ticket.holder == report.events[-1].by


async def test_the_same_who_acts_twice_at_once_is_refused_once(url: str) -> None:
    story = await opened(url)
    taken = TicketTaken(at=at(5), by="siti")
    done = await asyncio.gather(
        *(change_ticket(url, story.ticket_number, rules(), lambda _t: taken) for _ in range(2)),
        return_exceptions=True,
    )
    assert [type(answer).__name__ for answer in done].count("TicketRefused") == 1
    assert len((await read_ticket(url, story.ticket_number)).events) == 3


async def test_what_is_told_to_the_user_is_put_with_what_happened(url: str) -> None:
    story = await opened(url)
    number = story.ticket_number
    await change_ticket(url, number, rules(), lambda _t: TicketTaken(at=at(5), by="siti"))
    await change_ticket(
        url,
        number,
        rules(),
        lambda _t: TicketSolved(at=at(6), by="siti", solution="Perbarui Apendo"),
        lambda case: told_to_user(case, WAYS, "ticket_solved", solution="Perbarui Apendo"),
    )
    [solved] = [
        kept.message
        for kept in await messages_of_ticket(url, number)
        if kept.message.matter == "ticket_solved"
    ]
    assert (solved.way, solved.facts["to"]) == ("caller_email", "budi@contoh.co.id")
    assert solved.facts["solution"] == "Perbarui Apendo"


async def test_another_priority_brings_other_due_times_from_the_opening_on(url: str) -> None:
    story = await opened(url)
    low = TABLE.choose("not_urgent", "small")
    after = await change_ticket(
        url,
        story.ticket_number,
        rules(),
        lambda _t: PriorityChanged(at=at(30), by="siti", choice=low),
    )
    assert after.due and after.due.priority == "low"
    assert after.due.from_at == after.opened_at
    report = await read_ticket(url, story.ticket_number)
    assert isinstance(report.events[-1], DueSet)


async def test_tickets_are_listed_by_what_is_due_and_by_whom(url: str) -> None:
    story = await opened(url)
    number = story.ticket_number

    soon = at(5)

    async def listed(wanted: TicketFilter, moment: datetime = soon) -> list[str]:
        return [
            ticket.ticket_number for ticket in (await find_tickets(url, wanted, moment)).tickets
        ]

    assert await listed(TicketFilter()) == [number]
    assert await listed(TicketFilter(overdue=True)) == []
    assert await listed(TicketFilter(overdue=True), at(60 * 24)) == [number]
    assert await listed(TicketFilter(holder="siti")) == []
    await change_ticket(url, number, rules(), lambda _t: TicketTaken(at=at(6), by="siti"))
    assert await listed(TicketFilter(holder="siti", level="helpdesk", unconfirmed=True)) == [number]
    assert await listed(TicketFilter(level="lkpp")) == []
    [ticket] = (await find_tickets(url, TicketFilter(), at(60 * 24))).tickets
    assert ticket.overdue


async def test_an_unknown_ticket_and_one_that_is_not_open_are_said_to_be(url: str) -> None:
    story = await on_record(url)
    taken = TicketTaken(at=at(5), by="siti")
    for number, said in (("26-09999-1", "no ticket"), (story.ticket_number, "not open yet")):
        with pytest.raises(TicketUnknown, match=said):
            await change_ticket(url, number, rules(), lambda _t: taken)
    assert (await read_ticket(url, story.ticket_number)).ticket is None


async def test_a_database_that_goes_in_the_middle_leaves_nothing_half(url: str) -> None:
    story = await opened(url)

    def make(_ticket: object) -> AnyTicketEvent:
        return TicketSolved(at=at(6), by="siti", solution="x")

    async def gone() -> None:
        async with connected(url) as other:
            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND application_name = 'lpse-agent' AND state LIKE 'idle in transaction%'"
            )

    await change_ticket(
        url, story.ticket_number, rules(), lambda _t: TicketTaken(at=at(5), by="siti")
    )
    with pytest.raises(DatabaseUnreachable):
        await change_ticket(url, story.ticket_number, rules(), make, lambda _case: _wait_for(gone))
    report = await read_ticket(url, story.ticket_number)
    assert report.ticket and report.ticket.stage == "taken"


def _wait_for(work: object) -> list[object]:
    """Runs while the transaction is open, in a thread with a loop of its own."""
    assert callable(work)
    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join()
    return []


EVENTS = st.sampled_from(
    [
        TicketTaken(at=at(0), by="siti"),
        TicketTaken(at=at(0), by="budi"),
        LevelAssigned(at=at(0), by="siti", level=Level.LKPP),
        LevelAssigned(at=at(0), by="siti", level=Level.HELPDESK),
        UserAsked(at=at(0), by="siti", question="?"),
        UserAnswered(at=at(0), by="siti", answer="!"),
        TicketSolved(at=at(0), by="siti", solution="ya"),
        TicketReopened(at=at(0), by="budi", reason="belum"),
        SolutionConfirmed(at=at(0), by="budi"),
    ]
)


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whatever_happens_the_columns_are_what_the_log_gives(data: st.DataObject, url: str) -> None:
    asyncio.run(_columns_are_the_log(url, data.draw(st.lists(EVENTS, max_size=12))))


async def _columns_are_the_log(url: str, events: list[AnyTicketEvent]) -> None:
    async with connected(url) as connection:
        known = await connection.fetchval("SELECT count(*) FROM tickets")
    story = await on_record(url) if not known else None
    if story:
        await CaseDesk(url, rules()).hand_over(story.call)
    [ticket] = (await find_tickets(url, TicketFilter(), MORNING)).tickets
    number = ticket.ticket_number
    for event in events:
        last = (await read_ticket(url, number)).events[-1].at
        later = msgspec.structs.replace(event, at=last + timedelta(minutes=3))
        try:
            await change_ticket(url, number, rules(), lambda _t, later=later: later)
        except TicketRefused:
            continue
    report = await read_ticket(url, number)
    [row] = (await find_tickets(url, TicketFilter(), MORNING)).tickets
    told, at_last = report.ticket, report.events[-1].at
    assert told
    assert (row.stage, row.level, row.holder) == (told.stage, told.level, told.holder)
    assert (row.solved_at, row.confirmed_at) == (told.solved_at, told.confirmed_at)
    assert row.target_at == target_at(told, at_last, rules().working_time(at_last))
