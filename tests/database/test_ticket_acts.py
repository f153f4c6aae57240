"""Acts on tickets in a real database: all of one or nothing, by whom and when."""

import asyncio
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from agent.database.case_desk import CaseDesk
from agent.database.connect import Connection
from agent.database.errors import TicketUnknown
from agent.database.outbox import messages_of_ticket
from agent.database.ticket_acts import NothingToResend, act_on_ticket, resend
from agent.database.tickets import read_ticket
from agent.domain.priority import Level
from agent.domain.ticket import TicketRefused
from agent.domain.ticket_acts import (
    ActRefused,
    AnyAct,
    AskUser,
    AssignTicket,
    ReopenTicket,
    SetPriority,
    SolveTicket,
    TakeTicket,
    WriteAnswer,
)
from agent.domain.ticket_events import DueSet, PriorityChanged
from tests.database.desk import on_record, rules
from tests.database.stories import MORNING, Story


@pytest_asyncio.fixture
async def story(url: str) -> Story:
    """A case that was handed over."""
    told = await on_record(url)
    await CaseDesk(url, rules()).hand_over(told.call)
    return told


def at(minutes: float) -> datetime:
    return MORNING + timedelta(minutes=minutes)


async def do(url: str, story: Story, act: AnyAct, minutes: float, by: str = "siti") -> None:
    await act_on_ticket(url, story.ticket_number, act, rules(), by=by, at=at(minutes))


async def test_each_act_is_on_record_with_who_and_when_and_tells_whom_it_concerns(
    url: str, story: Story
) -> None:
    acts: list[AnyAct] = [
        TakeTicket(),
        AskUser(text="Tangkapan layar? "),
        WriteAnswer(text="Sudah"),
        SolveTicket(text="Perbarui Apendo"),
        ReopenTicket(text="Masih gagal"),
        AssignTicket(level=Level.LKPP),
    ]
    for minutes, act in enumerate(acts, 5):
        await do(url, story, act, minutes)
    report = await read_ticket(url, story.ticket_number)
    assert [(event.at, event.by) for event in report.events[2:]] == [
        (at(minutes), "siti") for minutes in range(5, 11)
    ]
    told = [(m.message.matter, m.message.way, m.message.facts) for m in report.messages]
    assert sorted((matter, way) for matter, way, _ in told) == [
        ("question_asked", "caller_email"),
        ("ticket_opened", "caller_email"),
        ("ticket_opened", "level_email"),
        ("ticket_opened", "level_email"),
        ("ticket_reopened", "caller_email"),
        ("ticket_solved", "caller_email"),
    ]
    [question] = [facts["question"] for matter, _, facts in told if matter == "question_asked"]
    assert question == "Tangkapan layar?"


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (SolveTicket(text="Perbarui"), TicketRefused),
        (SolveTicket(text="password: melati9"), ActRefused),
    ],
)
async def test_what_is_refused_leaves_neither_event_nor_message(
    url: str, story: Story, act: AnyAct, refusal: type[Exception]
) -> None:
    before = await read_ticket(url, story.ticket_number)
    with pytest.raises(refusal):
        await do(url, story, act, 5)
    assert await read_ticket(url, story.ticket_number) == before


async def test_of_two_who_solve_at_once_one_is_refused_and_the_user_is_told_once(
    url: str, story: Story
) -> None:
    await do(url, story, TakeTicket(), 5)
    done = await asyncio.gather(
        *(do(url, story, SolveTicket(text="Perbarui"), 6, by) for by in ("siti", "budi")),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "TicketRefused"]
    matters = [m.message.matter for m in await messages_of_ticket(url, story.ticket_number)]
    assert matters.count("ticket_solved") == 1


async def test_another_priority_brings_its_due_times(url: str, story: Story) -> None:
    await do(url, story, SetPriority(override="low", why="ditunda"), 5)
    await do(url, story, SetPriority(urgency="not_urgent"), 6)
    report = await read_ticket(url, story.ticket_number)
    kinds = [type(event) for event in report.events[2:]]
    assert kinds == [PriorityChanged, DueSet] * 2
    assert report.ticket
    assert report.ticket.due
    assert (report.ticket.choice.priority, report.ticket.due.priority) == ("low", "low")
    assert report.ticket.choice.by_table == "medium"


async def test_who_may_not_act_on_it_is_told_that_there_is_none(url: str, story: Story) -> None:
    number = story.ticket_number
    for operator, mine in (("op-102", False), ("op-101", True)):

        async def take(operator: str = operator) -> None:
            await act_on_ticket(
                url,
                number,
                TakeTicket(),
                rules(),
                by="siti",
                at=at(5),
                may=lambda consultation, _ticket: consultation.operator == operator,
            )

        if mine:
            await take()
        else:
            with pytest.raises(TicketUnknown):
                await take()
    with pytest.raises(TicketUnknown):
        await resend(url, number, by="siti", may=lambda _consultation, _ticket: False)
    assert len((await read_ticket(url, number)).events) == 3


async def test_what_was_given_up_is_sent_again_and_who_wished_it_is_on_record(
    url: str, story: Story, connection: Connection
) -> None:
    number = story.ticket_number
    with pytest.raises(NothingToResend):
        await resend(url, number, by="siti")
    key = f"{number}/ticket_opened/caller_email"
    await connection.execute("UPDATE outbox_messages SET gave_up_at = now() WHERE key = $1", key)
    assert await resend(url, number, by="siti") == [key]
    row = await connection.fetchrow("SELECT by, action, subject, detail FROM audit_log")
    assert row is not None
    assert tuple(row)[:3] == ("siti", "messages_resent", number)
    assert key in row["detail"]
    kept = {m.message.key: m for m in await messages_of_ticket(url, number)}
    assert (kept[key].fate, kept[key].gave_up_at) == ("waiting", None)
    assert kept[key].resent_at
    with pytest.raises(TicketUnknown):
        await resend(url, "26-00412-0", by="siti")
