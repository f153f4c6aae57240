"""What people ask for becomes an event, or is refused for a reason before anything is read."""

from typing import get_args

import msgspec
import pytest

from agent.domain.priority import Level, Override
from agent.domain.ticket import TicketRefused, TicketStage, decide
from agent.domain.ticket_acts import (
    LONGEST_TEXT,
    NAMES,
    ActRefused,
    AnyAct,
    AskUser,
    AssignTicket,
    ConfirmSolution,
    LinkNumber,
    ReopenTicket,
    SetPriority,
    SolveTicket,
    TakeTicket,
    WriteAnswer,
    checked,
    event_of,
    possible_acts,
)
from tests.domain.offices import TABLE, wib
from tests.domain.ticket_story import ticket

BEGINS, AT = "2026-07-06 10:00", wib("2026-07-06 11:00")
ACTS: list[AnyAct] = [
    TakeTicket(),
    AssignTicket(level=Level.LKPP),
    AskUser(text="kode tender?"),
    WriteAnswer(text="10011129000"),
    SolveTicket(text="akun dipulihkan"),
    ConfirmSolution(),
    ReopenTicket(text="masih gagal"),
    LinkNumber(number="LS-1"),
    SetPriority(urgency="urgent"),
]
STAGES: dict[TicketStage, list[str]] = {
    TicketStage.NEW: [],
    TicketStage.TAKEN: ["taken"],
    TicketStage.WAITING_FOR_USER: ["taken", "asked"],
    TicketStage.SOLVED: ["taken", "solved"],
    TicketStage.CONFIRMED: ["taken", "solved", "confirmed"],
    TicketStage.REOPENED: ["taken", "solved", "reopened"],
}


def test_every_act_has_its_word() -> None:
    assert {type(act) for act in ACTS} == set(NAMES) == set(get_args(AnyAct))
    assert len(set(NAMES.values())) == len(NAMES)


@pytest.mark.parametrize("stage", TicketStage)
def test_what_is_offered_is_what_the_ticket_bears(stage: TicketStage) -> None:
    here = ticket(BEGINS, *(("2026-07-06 10:30", name) for name in STAGES[stage]))
    assert here.stage is stage
    borne = []
    for act in ACTS:
        try:
            decide(here, event_of(checked(act), here, "budi", AT, TABLE))
        except TicketRefused as refused:
            assert refused.reason == "stage"
        else:
            borne.append(NAMES[type(act)])
    assert sorted(possible_acts(here)) == sorted(borne)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (AskUser(text=" \n\t"), "empty"),
        (WriteAnswer(text="\x1b\x00"), "empty"),
        (SolveTicket(text="x" * (LONGEST_TEXT + 1)), "too_long"),
        (ReopenTicket(text="password: melati9"), "secret"),
        (LinkNumber(number="9" * 101), "number_too_long"),
        (LinkNumber(number=""), "empty"),
        (SetPriority(), "nothing_other"),
        (SetPriority(why="karena"), "nothing_other"),
        (SetPriority(override="high"), "no_reason"),
        (SetPriority(override="high", why=" "), "no_reason"),
        (SetPriority(override="high", why="OTP 4821"), "secret"),
    ],
)
def test_what_cannot_be_taken_is_refused_for_a_reason(act: AnyAct, reason: str) -> None:
    with pytest.raises(ActRefused) as refused:
        checked(act)
    assert refused.value.reason == reason


def test_words_are_kept_as_plain_text() -> None:
    assert checked(AskUser(text="\n Mohon\x1b[31m kirim\r\nlagi \n")) == AskUser(
        text="Mohon[31m kirim\nlagi"
    )
    assert checked(LinkNumber(number="LS\n1")) == LinkNumber(number="LS 1")


def test_an_override_is_its_authors_and_outlives_a_later_urgency() -> None:
    here = ticket(BEGINS)
    act = checked(SetPriority(override="high", why="ditutup hari ini"))
    here = decide(here, event_of(act, here, "siti", AT, TABLE))
    assert here.choice.override == Override(priority="high", by="siti", reason="ditutup hari ini")
    later = checked(SetPriority(urgency="not_urgent", impact="small"))
    here = decide(here, event_of(later, here, "budi", AT, TABLE))
    assert (here.choice.priority, here.choice.by_table) == ("high", "low")
    assert here.choice.override
    assert here.choice.override.by == "siti"


def test_an_act_of_a_program_names_nothing_else() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"text": "a", "by": "siti"}', type=AskUser)
