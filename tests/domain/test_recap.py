from datetime import timedelta

import pytest
from hypothesis import given
from msgspec.structs import replace

from agent.domain.consultation import Outcome
from agent.domain.recap import Handling, RecapCall, StepTime
from agent.domain.ticket import TicketStage
from tests.domain.recap_calls import MIDNIGHT, any_calls

CALL = RecapCall(
    form_number="0001/FK-TLP/LPSE.BTG/2026", outcome=Outcome.SOLVED, arrived_at=MIDNIGHT
)
LATER = MIDNIGHT + timedelta(minutes=5)


@pytest.mark.parametrize("outcome", [Outcome.SILENT, Outcome.PRANK, Outcome.WRONG_NUMBER])
def test_who_asked_nothing_had_no_consultation(outcome: Outcome) -> None:
    call = replace(CALL, outcome=outcome, answered_at=LATER)
    assert not call.is_consultation
    assert call.handling is None


@pytest.mark.parametrize(
    ("outcome", "answered", "handling"),
    [
        (Outcome.SOLVED, True, Handling.DONE),
        (Outcome.REFERRED, True, Handling.DONE),
        (Outcome.VOICEMAIL, False, Handling.RECORDED),
        (Outcome.ESCALATED, True, Handling.RECORDED),
        (Outcome.DROPPED_BY_CALLER, True, Handling.IN_HAND),
        (Outcome.UNDECIDED, True, Handling.IN_HAND),
        (Outcome.INTERRUPTED, True, Handling.IN_HAND),
        (Outcome.INTERRUPTED, False, Handling.NOT_SERVED),
        (Outcome.ABANDONED_WAITING, False, Handling.NOT_SERVED),
        (Outcome.ABANDONED_IN_WELCOME, False, Handling.NOT_SERVED),
        (Outcome.UNANSWERED, False, Handling.NOT_SERVED),
        (Outcome.IN_PROGRESS, False, Handling.IN_HAND),
    ],
)
def test_how_far_a_case_is_follows_from_how_its_call_ended(
    outcome: Outcome, answered: bool, handling: Handling
) -> None:
    call = replace(CALL, outcome=outcome, answered_at=LATER if answered else None)
    assert call.handling == handling


@pytest.mark.parametrize(
    ("stage", "handling"),
    [
        (TicketStage.NEW, Handling.RECORDED),
        (TicketStage.TAKEN, Handling.IN_HAND),
        (TicketStage.SOLVED, Handling.IN_HAND),
        (TicketStage.REOPENED, Handling.IN_HAND),
        (TicketStage.CONFIRMED, Handling.DONE),
    ],
)
def test_a_ticket_is_done_by_the_users_word_alone(stage: TicketStage, handling: Handling) -> None:
    call = replace(
        CALL,
        outcome=Outcome.ESCALATED,
        ended_at=MIDNIGHT,
        ticket_number="26-00001-7",
        ticket_stage=stage,
        ticket_confirmed_at=LATER if stage == TicketStage.CONFIRMED else None,
    )
    assert call.handling == handling
    assert call.finished_at == (LATER if handling == Handling.DONE else None)


def test_an_answer_that_the_user_doubts_is_not_done() -> None:
    call = replace(CALL, ended_at=LATER)
    assert call.finished_at == LATER
    doubted = replace(call, fields={"confirmation": "belum_sesuai"})
    assert doubted.handling == Handling.IN_HAND
    assert doubted.finished_at is None


def test_only_a_step_that_was_met_took_time() -> None:
    steps = (StepTime("2", "met", 10.0, 4.5), StepTime("3", "unmet", 120.0, 130.0))
    call = replace(CALL, steps=steps)
    assert [call.seconds_of(step) for step in ("2", "3", "8")] == [4.5, None, None]


@given(any_calls())
def test_every_consultation_is_at_one_point_of_its_handling(call: RecapCall) -> None:
    assert (call.handling is None) != call.is_consultation
    assert call.finished_at is None or call.handling == Handling.DONE
