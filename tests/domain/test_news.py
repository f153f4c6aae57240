"""What others are told of calls and tickets: every fact once, in its order, and nobody's data."""

import tomllib

import msgspec

from agent.domain.consultation import judge
from agent.domain.news import KINDS, News, news_of_call, news_of_ticket
from agent.domain.priority import Level
from agent.domain.sop import parse_sop
from agent.domain.ticket import Ticket, decide
from agent.domain.ticket_events import (
    AnyTicketEvent,
    ExternalNumberLinked,
    LevelAssigned,
    SolutionConfirmed,
    TicketOpened,
    TicketReopened,
    TicketSolved,
    TicketTaken,
    UserAnswered,
    UserAsked,
)
from agent.domain.ticket_opening import choose
from agent.settings import DATA
from tests.database.stories import (
    CALLER,
    MORNING,
    ON_THE_FORM,
    Story,
    abandoned,
    escalated,
    handed_over,
)
from tests.domain.offices import TABLE

SOP = parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text()))


def told(story: Story) -> list[News]:
    """All that is told of a call, as it is told with each of its events."""
    known: dict[str, News] = {}
    for record in story.records:
        for one in news_of_call(record.call, judge(record.call, SOP)):
            known.setdefault(one.key, one)
    return list(known.values())


def test_a_call_is_told_from_its_arrival_to_the_archive() -> None:
    story = escalated()
    kinds = {one.kind: one for one in told(story)}
    assert list(kinds) == [
        "call.arrived",
        "call.answered",
        "call.decided",
        "call.ended",
        "call.archived",
    ]
    assert kinds["call.arrived"].body == {
        "call_id": "call-1",
        "form_number": story.form_number,
    }
    assert kinds["call.answered"].body["operator"] == "op-101"
    assert kinds["call.decided"].body["decision"] == "escalated"
    assert kinds["call.ended"].body["outcome"] == "escalated"
    assert kinds["call.archived"].body["ticket_number"] == story.ticket_number
    call = story.call
    assert call.ended and call.archived
    assert (kinds["call.ended"].at, kinds["call.archived"].at) == (call.ended.at, call.archived.at)


def test_who_left_before_he_was_answered_is_told_as_that() -> None:
    kinds = {one.kind: one.body for one in told(abandoned())}
    assert list(kinds) == ["call.arrived", "call.ended", "call.archived"]
    assert kinds["call.ended"]["outcome"] == "abandoned_waiting"
    assert kinds["call.ended"]["operator"] is None


def test_what_is_escalated_after_all_is_decided_twice() -> None:
    story = Story()
    story.arrive()
    story.hear_prompts()
    story.ring()
    story.answer()
    story.greet()
    story.press("*3*6*8")
    decided = [one.body["decision"] for one in told(story) if one.kind == "call.decided"]
    assert decided == ["solved", "escalated"]


def test_a_deviation_is_told_once_at_the_moment_of_its_step() -> None:
    story = escalated(greeting_s=25.0)
    [found] = [one for one in told(story) if one.kind == "deviation.found"]
    assert (found.body["kind"], found.body["step"]) == ("time", "2")
    assert (found.body["reason"], found.body["operator"]) == ("met_late", "op-101")
    assert story.call.greeted
    assert found.at == story.call.greeted.at


def test_nothing_that_a_caller_is_or_said_is_told() -> None:
    story = handed_over()
    text = msgspec.json.encode(told(story)).decode()
    personal = [value for value in ON_THE_FORM.values() if len(value) > 4 and value != "penyedia"]
    for value in (*personal, CALLER.raw, CALLER.number, CALLER.shown):
        assert str(value) not in text


def of_ticket(*events: AnyTicketEvent) -> list[News]:
    at, number = MORNING, "26-00001-4"
    choice = choose({"urgency": "M", "impact": "S"}, TABLE, "op-101")
    opened = TicketOpened(
        at=at,
        by="op-101",
        ticket_number=number,
        form_number="0001/FK-TLP/LPSE.BTG/2026",
        call_id=escalated().call_id,
        choice=choice,
    )
    ticket: Ticket | None = None
    found = []
    for event in (opened, *events):
        ticket = decide(ticket, event)
        if news := news_of_ticket(ticket, event):
            found.append(news)
    return found


def test_a_ticket_is_told_with_the_state_that_each_event_gave_it() -> None:
    at = MORNING
    private = "LS-778812 Budi Santoso"
    found = of_ticket(
        TicketTaken(at=at, by="Siti Aminah"),
        UserAsked(at=at, by="op-101", question=private),
        UserAnswered(at=at, by="op-101", answer=private),
        TicketSolved(at=at, by="op-101", solution=private),
        ExternalNumberLinked(at=at, by="op-101", external_number=private),
        TicketReopened(at=at, by="op-102", reason=private),
        LevelAssigned(at=at, by="agent", level=Level.ADMIN_PPE),
        TicketTaken(at=at, by="op-102"),
        TicketSolved(at=at, by="op-102", solution=private),
        SolutionConfirmed(at=at, by="op-102"),
    )
    assert [(one.kind, one.body["stage"], one.body["by"]) for one in found] == [
        ("ticket.opened", "new", "op-101"),
        ("ticket.taken", "taken", None),
        ("ticket.question_asked", "waiting_for_user", "op-101"),
        ("ticket.answered", "taken", "op-101"),
        ("ticket.solved", "solved", "op-101"),
        ("ticket.reopened", "reopened", "op-102"),
        ("ticket.assigned", "new", "agent"),
        ("ticket.taken", "taken", "op-102"),
        ("ticket.solved", "solved", "op-102"),
        ("ticket.confirmed", "confirmed", "op-102"),
    ]
    assert len({one.key for one in found}) == len(found)
    text = msgspec.json.encode(found).decode()
    assert private not in text
    assert "Siti" not in text, "a name typed for an account is nobody's business"


def test_every_kind_is_listed() -> None:
    assert len(set(KINDS)) == len(KINDS) == 15
