import re
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.domain.personal_data import ERASED
from agent.domain.priority import Level, Override
from agent.domain.ticket import Ticket, TicketRefused, TicketStage, decide, replay
from agent.domain.ticket_events import (
    AnyTicketEvent,
    ExternalNumberLinked,
    PriorityChanged,
    TicketReopened,
    TicketSolved,
    UserAsked,
)
from tests.domain.offices import TABLE, wib
from tests.domain.ticket_story import CHOICES, NAMES, event, opened

AT = wib("2026-07-06 10:00")
TOLD = [*NAMES, "to admin_ppe", "to lkpp", "to helpdesk"]

# How a ticket comes to each stage.
WAYS: dict[TicketStage, list[str]] = {
    TicketStage.NEW: [],
    TicketStage.TAKEN: ["taken"],
    TicketStage.WAITING_FOR_USER: ["taken", "asked"],
    TicketStage.SOLVED: ["taken", "solved"],
    TicketStage.CONFIRMED: ["taken", "solved", "confirmed"],
    TicketStage.REOPENED: ["taken", "solved", "reopened"],
}

# Where each event leads from each stage; what is not here is refused.
LEADS: dict[TicketStage, dict[str, TicketStage]] = {
    TicketStage.NEW: {
        "taken": TicketStage.TAKEN,
        "to admin_ppe": TicketStage.NEW,
        "to lkpp": TicketStage.NEW,
        "linked": TicketStage.NEW,
        "changed": TicketStage.NEW,
        "due": TicketStage.NEW,
    },
    TicketStage.TAKEN: {
        "taken": TicketStage.TAKEN,  # by somebody else
        "asked": TicketStage.WAITING_FOR_USER,
        "solved": TicketStage.SOLVED,
        "to admin_ppe": TicketStage.NEW,
        "to lkpp": TicketStage.NEW,
        "linked": TicketStage.TAKEN,
        "changed": TicketStage.TAKEN,
        "due": TicketStage.TAKEN,
    },
    TicketStage.WAITING_FOR_USER: {
        "answered": TicketStage.TAKEN,
        "solved": TicketStage.SOLVED,
        "linked": TicketStage.WAITING_FOR_USER,
        "changed": TicketStage.WAITING_FOR_USER,
        "due": TicketStage.WAITING_FOR_USER,
    },
    TicketStage.SOLVED: {
        "confirmed": TicketStage.CONFIRMED,
        "reopened": TicketStage.REOPENED,
        "linked": TicketStage.SOLVED,
        "due": TicketStage.SOLVED,
    },
    TicketStage.CONFIRMED: {
        "reopened": TicketStage.REOPENED,
        "linked": TicketStage.CONFIRMED,
    },
    TicketStage.REOPENED: {
        "taken": TicketStage.TAKEN,
        "to admin_ppe": TicketStage.NEW,
        "to lkpp": TicketStage.NEW,
        "linked": TicketStage.REOPENED,
        "changed": TicketStage.REOPENED,
        "due": TicketStage.REOPENED,
    },
}


def told(*names: str) -> Ticket:
    events = [event(name, AT + timedelta(hours=n + 1)) for n, name in enumerate(names)]
    return replay([opened(AT), *events])


def test_a_ticket_opens_from_its_consultation_with_its_priority() -> None:
    ticket = told()
    assert ticket.stage is TicketStage.NEW
    assert ticket.level is Level.HELPDESK
    assert ticket.ticket_number == "26-00412-7"
    assert ticket.form_number == "0123/FK-TLP/LPSE.BTG/2026"
    assert ticket.call_id == "1"
    assert ticket.choice == CHOICES["medium"]
    assert (ticket.opened_at, ticket.holder, ticket.due) == (AT, None, None)


@pytest.mark.parametrize("stage", TicketStage)
@pytest.mark.parametrize("name", TOLD)
def test_each_event_leads_where_it_should_or_is_refused(stage: TicketStage, name: str) -> None:
    ticket = told(*WAYS[stage])
    assert ticket.stage is stage
    after = LEADS[stage].get(name)
    if after is None:
        with pytest.raises(
            TicketRefused, match=r"^Ticket 26-00412-7 cannot [a-z ]+: it is [a-z ]+$"
        ):
            decide(ticket, event(name, AT, by="wati"))
    else:
        assert decide(ticket, event(name, AT, by="wati")).stage is after


def test_who_takes_it_holds_it_until_it_goes_to_another_level() -> None:
    assert told("taken").holder == "siti"
    assert decide(told("taken"), event("taken", AT, by="wati")).holder == "wati"
    assert told("taken", "asked").holder == "siti"
    assert told("taken", "asked", "answered").holder == "siti"
    sent = told("taken", "to admin_ppe")
    assert (sent.level, sent.holder, sent.stage) == (Level.ADMIN_PPE, None, TicketStage.NEW)


def test_the_first_taking_is_remembered() -> None:
    ticket = told("taken", "to lkpp", "taken")
    assert ticket.first_taken_at == AT + timedelta(hours=1)


def test_a_reopened_ticket_goes_back_to_who_closed_it_at_his_level() -> None:
    taken = told("to admin_ppe", "taken")
    solved = decide(taken, event("solved", AT, by="agus"))
    for path in (["reopened"], ["confirmed", "reopened"]):
        reopened = solved
        for name in path:
            reopened = decide(reopened, event(name, AT, by="wati"))
        assert reopened.stage is TicketStage.REOPENED
        assert (reopened.holder, reopened.level) == ("agus", Level.ADMIN_PPE)
        assert (reopened.solved_at, reopened.confirmed_at) == (None, None)
        assert reopened.reopened == 1


def test_the_solution_and_the_users_word_are_kept() -> None:
    ticket = told("taken", "solved", "confirmed")
    assert ticket.solution == "akun sudah dipulihkan"
    assert ticket.solved_at == AT + timedelta(hours=2)
    assert ticket.confirmed_at == AT + timedelta(hours=3)


def test_the_question_to_the_user_is_kept() -> None:
    assert told("taken", "asked").question == "kode tender?"


def test_the_number_of_lpse_support_is_linked_later_and_may_be_corrected() -> None:
    ticket = told("taken", "solved", "confirmed", "linked")
    assert ticket.external_number == "LS-98213"
    corrected = ExternalNumberLinked(at=AT, by="siti", external_number="LS-98214")
    assert decide(ticket, corrected).external_number == "LS-98214"


def test_a_priority_may_be_overridden_later_and_is_due_anew() -> None:
    override = Override(priority="high", by="kepala", reason="tender ditutup besok")
    choice = TABLE.choose("not_urgent", "large", override)
    ticket = decide(told("due"), PriorityChanged(at=AT, by="kepala", choice=choice))
    assert ticket.choice.override == override
    with pytest.raises(TicketRefused, match="it has priority high, not medium"):
        decide(ticket, event("due", AT))
    assert decide(ticket, event("due", AT, priority="high")).due != ticket.due


@pytest.mark.parametrize(
    ("way", "refused", "why"),
    [
        ([], opened(AT), "it was opened before"),
        (["taken", "solved", "confirmed"], opened(AT), "it was opened before"),
        (["taken"], event("taken", AT), "the same person has it already"),
        (["to lkpp"], event("to lkpp", AT), "it is at lkpp already"),
        ([], event("to helpdesk", AT), "it is at helpdesk already"),
        (["linked"], event("linked", AT), "it is linked to this number already"),
        (["taken"], TicketSolved(at=AT, by="siti", solution=" "), "the solution is not told"),
        (["taken"], UserAsked(at=AT, by="siti", question=""), "the question is not told"),
        (
            ["taken", "solved"],
            TicketReopened(at=AT, by="siti", reason="\n"),
            "the reason is not told",
        ),
        (
            [],
            ExternalNumberLinked(at=AT, by="siti", external_number=""),
            "the number is not told",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(
    way: list[str], refused: AnyTicketEvent, why: str
) -> None:
    with pytest.raises(TicketRefused) as error:
        decide(told(*way), refused)
    assert re.fullmatch(f"Ticket 26-00412-7 cannot [a-z ]+: {why}", str(error.value))


def test_a_refusal_repeats_nothing_that_people_wrote() -> None:
    secret = ExternalNumberLinked(at=AT, by="siti", external_number="NIK 3325")
    with pytest.raises(TicketRefused) as error:
        decide(decide(told(), secret), secret)
    assert "3325" not in str(error.value)
    assert "siti" not in str(error.value)


def test_a_history_begins_with_the_opening() -> None:
    with pytest.raises(TicketRefused, match="No ticket was opened, so it cannot be taken"):
        replay([event("taken", AT)])
    with pytest.raises(TicketRefused, match="no events"):
        replay([])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    names=st.lists(
        st.tuples(st.sampled_from(TOLD), st.sampled_from(["siti", "wati"]), st.integers(-1, 600)),
        max_size=25,
    )
)
def test_any_history_keeps_the_promises_and_replays_to_the_same_ticket(
    names: list[tuple[str, str, int]],
) -> None:
    history: list[AnyTicketEvent] = [opened(AT)]
    ticket, at = decide(None, history[0]), AT
    for name, by, minutes in names:
        at += timedelta(minutes=minutes)
        happened = event(name, at, by)
        try:
            after = decide(ticket, happened)
        except TicketRefused:
            continue
        history.append(happened)
        user_acts = after.stage in ("waiting_for_user", "solved", "confirmed")
        assert user_acts == bool(after.waits and after.waits[-1].ends_at is None)
        assert all(wait.ends_at for wait in after.waits[:-1])
        assert (after.holder is not None) or after.stage is TicketStage.NEW
        assert (after.solved_at is not None) == (after.stage in ("solved", "confirmed"))
        assert (after.confirmed_at is not None) == (after.stage is TicketStage.CONFIRMED)
        assert replace(after, events=0) != replace(ticket, events=0) or name in ("due", "changed")
        assert after.events == len(history)
        ticket = after
    kept = [msgspec.json.encode(happened) for happened in history]
    read = [msgspec.json.decode(line, type=AnyTicketEvent) for line in kept]
    assert replay(history) == replay(read) == ticket
    assert msgspec.json.decode(msgspec.json.encode(ticket), type=Ticket) == ticket


def test_a_history_whose_texts_were_erased_is_still_one() -> None:
    """Two numbers that were linked one after the other are the same sign after an erasure."""
    linked = [
        ExternalNumberLinked(at=AT, by="siti", external_number=ERASED),
        ExternalNumberLinked(at=AT, by="siti", external_number=ERASED),
    ]
    solved = TicketSolved(at=AT, by="siti", solution=ERASED)
    ticket = replay([opened(AT), event("taken", AT), *linked, solved])
    assert (ticket.external_number, ticket.solution) == (ERASED, ERASED)
