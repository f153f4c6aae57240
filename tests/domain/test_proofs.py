"""Each anchor and proof by itself; what they mean together stands in test_consultation.py."""

from typing import get_args

from agent.domain.proofs import ANCHORS, PROOFS
from agent.domain.sop import Anchor, Proof
from tests.domain.story import (
    Story,
    awaiting_ticket,
    connecting,
    queueing,
    reading_numbers,
    ringing,
    solved,
    talking,
    welcoming,
)


def arrived() -> Story:
    story = Story()
    story.arrives()
    return story


def anchored(story: Story) -> set[str]:
    return {name for name, anchor in ANCHORS.items() if anchor(story.call)}


def proved(story: Story) -> set[str]:
    return {name for name, proof in PROOFS.items() if proof(story.call)}


def test_every_anchor_and_proof_that_a_procedure_may_name_is_known() -> None:
    assert set(ANCHORS) == set(get_args(Anchor))
    assert set(PROOFS) == set(get_args(Proof))


def test_before_an_answer_only_arrival_and_notice_are_proved() -> None:
    assert anchored(arrived()) == set()
    assert proved(arrived()) == proved(welcoming()) == {"call_arrived"}
    for make in (queueing, ringing, connecting):
        assert anchored(make()) == {"notice_started"}
        assert proved(make()) == {"call_arrived", "notice_heard"}


def test_an_answer_starts_clocks_only_once_the_caller_is_connected() -> None:
    assert anchored(talking()) == {
        "notice_started",
        "operator_answered",
        "greeted_or_answered",
    }


def test_an_escalated_case_is_decided_and_not_solved() -> None:
    assert "decided_no" in anchored(awaiting_ticket())
    assert {"decided", "identity_recorded", "operator_greeted"} <= proved(awaiting_ticket())
    assert not {"solution_recorded", "numbers_heard"} & proved(awaiting_ticket())


def test_a_solved_case_starts_the_archives_clock_at_its_end() -> None:
    assert "solved_or_ended" not in anchored(reading_numbers())
    story = solved()
    assert "solved_or_ended" in anchored(story)
    assert {"decided", "solution_recorded"} <= proved(story)
    assert "form_archived" not in proved(story)
    story.archived()
    assert "form_archived" in proved(story)


def test_a_notice_that_was_cut_short_is_not_heard() -> None:
    story = welcoming()
    story.prompt_started(2)
    story.prompt_finished(2, "failed")
    assert anchored(story) == {"notice_started"}
    assert "notice_heard" not in proved(story)


def test_numbers_heard_by_nobody_prove_nothing() -> None:
    story = reading_numbers()
    story.prompt_finished(6, "failed")
    story.prompt_finished(7, "done")
    assert PROOFS["numbers_heard"](story.call) == []
