"""The form on the call's record: step 3, 5, 6 and 8 by what is written, archive and hand-over."""

import tomllib

import pytest
from msgspec.structs import replace

from agent.domain.call import replay
from agent.domain.call_state import Stage
from agent.domain.consultation import Judgement, Outcome, StepRecord, judge
from agent.domain.effects import (
    ArchiveForm,
    CancelTimer,
    HandOverCase,
    ReserveTicket,
    StartTimer,
)
from agent.domain.events import CaseNotHandedOver, FieldFilled, FormArchived
from agent.domain.sop import parse_sop
from agent.settings import DATA
from tests.domain.story import (
    CALLER,
    FIRST,
    IDENTITY,
    WITH_FORM,
    Story,
    cancel,
    talking_with_form,
    wait,
)

PROCEDURE = parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text("utf-8")))
NO_MESSAGES = replace(WITH_FORM, hand_over=False)
SOLUTION = ("solution", "Perbarui Apendo, lalu unggah lagi")
EMAIL = ("email", "budi@contoh.co.id")


def judged(story: Story) -> Judgement:
    """The same live as from the log."""
    judgement = judge(story.call, PROCEDURE)
    assert judge(replay(story.told), PROCEDURE) == judgement
    return judgement


def step(story: Story, name: str) -> StepRecord:
    return next(record for record in judged(story).steps if record.step == name)


def reasons(story: Story) -> list[tuple[str, str]]:
    return [(deviation.step, deviation.reason) for deviation in judged(story).deviations]


def both_leave(story: Story) -> None:
    story.after(5).hangs_up(CALLER)
    story.after(0.1).hangs_up(FIRST)


def test_step_3_is_met_by_the_last_field_it_needs_and_not_by_a_key() -> None:
    story = talking_with_form()
    story.after(20).presses("*3")
    assert step(story, "3").state == "running"
    for filled in IDENTITY:
        story.after(10).fills(filled)
    assert step(story, "3").seconds == 90.0
    assert [evidence.fact for evidence in step(story, "3").evidence][1:] == ["identity_on_form"]
    story.after(10).fills(("caller_name", ""), IDENTITY[0])
    assert step(story, "3").seconds == 90.0, "what was met is not taken back"


def test_a_form_that_is_filled_in_too_slowly_is_a_deviation_also_after_the_call() -> None:
    story = talking_with_form(NO_MESSAGES)
    story.after(30).presses("*6")
    both_leave(story)
    assert step(story, "3").state == "running", "it may still be written"
    story.after(100).fills(*IDENTITY, SOLUTION)
    assert reasons(story) == [("3", "met_late")]


def archived_without(*cleared: tuple[str, str]) -> Story:
    """A solved call with a whole form, of which something is changed before it is archived."""
    story = talking_with_form(NO_MESSAGES)
    story.after(50).fills(*IDENTITY, SOLUTION, ("outcome", "solved"))
    both_leave(story)
    story.after(5).fills(*cleared)
    story.after(1).finishes()
    story.archived()
    return story


@pytest.mark.parametrize(
    ("changed", "lacking"),
    [
        (("caller_name", ""), "3"),
        (("user_type", "ppk"), "3"),
        (("solution", ""), "6"),
    ],
)
def test_what_is_taken_off_the_form_before_it_is_archived_is_a_missing_output(
    changed: tuple[str, str], lacking: str
) -> None:
    story = archived_without(changed)
    assert reasons(story) == [(lacking, "form_incomplete")]
    assert step(story, lacking).state == "met", "its clock keeps what was there first"
    [deviation] = judged(story).deviations
    told = [story.told[event - 1] for event in deviation.events]
    assert changed in [(one.field, one.raw) for one in told if isinstance(one, FieldFilled)]
    assert isinstance(told[-1], FormArchived)


def test_what_is_written_again_before_the_archive_is_no_deviation() -> None:
    assert reasons(archived_without(("caller_name", ""), IDENTITY[0])) == []
    twice = archived_without(("caller_name", ""), IDENTITY[0], ("problem", ""))
    [deviation] = judged(twice).deviations
    assert {"problem"} == {
        event.field
        for event in (twice.told[place - 1] for place in deviation.events)
        if isinstance(event, FieldFilled) and not event.value
    }, "the proof is the clearing that lasted"


def test_the_form_itself_tells_what_it_lacks() -> None:
    story = talking_with_form(NO_MESSAGES)
    story.after(30).presses("*6")
    both_leave(story)
    assert judged(story).deviations == ()
    on_paper = judge(story.call, PROCEDURE, archiving=True)
    missing = [("3", "identity_not_recorded"), ("6", "solution_not_recorded")]
    assert [(one.step, one.reason) for one in on_paper.deviations] == missing
    story.after(480).archived()
    assert reasons(story) == missing


def test_a_solved_call_is_archived_when_its_form_is_finished() -> None:
    story = talking_with_form(NO_MESSAGES)
    story.after(50).fills(*IDENTITY)
    story.after(20).presses("*6")
    story.after(5).hangs_up(CALLER)
    assert wait("archive", 480.0) in story.after(0.0).hangs_up(FIRST)
    assert story.after(30).fills(SOLUTION) == ()
    assert story.after(5).finishes() == (*cancel("archive"), ArchiveForm())
    story.after(0.5).archived()
    assert story.stage() is Stage.ARCHIVED
    assert step(story, "7").seconds == 5.5, "from the solution on the form, the later of the two"
    assert judged(story).outcome is Outcome.SOLVED
    assert reasons(story) == []


def test_a_form_that_was_finished_during_the_call_is_archived_at_its_end() -> None:
    story = talking_with_form(NO_MESSAGES)
    story.after(50).fills(*IDENTITY, SOLUTION, ("outcome", "solved"))
    story.presses("*7")
    story.after(5).hangs_up(CALLER)
    assert ArchiveForm() in story.hangs_up(FIRST)


def test_a_form_that_nobody_finishes_is_archived_as_it_is_in_time() -> None:
    story = talking_with_form(NO_MESSAGES)
    story.after(30).presses("*6")
    both_leave(story)
    assert story.after(480).fires("archive") == (ArchiveForm(),)
    story.archived()
    assert story.stage() is Stage.ARCHIVED
    assert reasons(story) == [("3", "identity_not_recorded"), ("6", "solution_not_recorded")]


def test_what_is_written_after_the_archive_changes_nothing() -> None:
    story = talking_with_form(NO_MESSAGES)
    both_leave(story)
    story.finishes()
    story.archived()
    before = story.call
    assert story.after(1).fills(IDENTITY[0]) == ()
    assert story.call == before


@pytest.mark.parametrize("outcome", ["silent", "prank", "wrong_number"])
def test_no_consultation_has_its_own_outcome_no_deviation_and_waits_for_nobody(
    outcome: str,
) -> None:
    story = talking_with_form()
    story.after(30).fills(("outcome", outcome))
    story.after(1).hangs_up(FIRST)
    assert ArchiveForm() in story.hangs_up(CALLER)
    assert judged(story).outcome == outcome
    assert reasons(story) == []


def test_who_is_referred_elsewhere_was_answered() -> None:
    story = talking_with_form(NO_MESSAGES)
    story.after(50).fills(*IDENTITY, ("outcome", "referred"), SOLUTION)
    assert step(story, "5").state == "met"
    both_leave(story)
    assert judged(story).outcome is Outcome.REFERRED
    assert step(story, "6").state == "met"


def test_the_outcome_on_the_form_decides_only_once() -> None:
    story = talking_with_form()
    story.after(50).presses("*8")
    story.ticket()
    story.fills(("outcome", "solved"))
    both_leave(story)
    assert judged(story).outcome is Outcome.ESCALATED


def test_an_escalation_on_the_form_reserves_the_ticket_as_the_key_does() -> None:
    story = talking_with_form()
    assert story.after(50).fills(("outcome", "escalated")) == (
        ReserveTicket(),
        wait("hand_over", 420.0),
    )


def escalated() -> Story:
    """With its ticket; the numbers are being read (5 to the operator, 6 to the caller)."""
    story = talking_with_form()
    story.after(50).fills(*IDENTITY)
    story.after(10).presses("*8")
    story.after(0.2).ticket()
    return story


def hear_the_numbers(story: Story) -> None:
    story.after(9).prompt_finished(5)
    story.prompt_finished(6)


def test_a_case_is_handed_over_as_soon_as_its_form_allows() -> None:
    story = escalated()
    assert story.after(20).fills(EMAIL) == (HandOverCase(), wait("hand_over", 60.0))
    hear_the_numbers(story)
    assert step(story, "8").state == "running"
    assert story.after(1).message_accepted() == cancel("hand_over")
    assert step(story, "8").state == "met"
    assert step(story, "8").evidence[-1].fact == "case_handed_over"
    assert story.after(1).fills(EMAIL) == ()


def test_a_ticket_that_comes_after_the_form_hands_the_case_over_and_is_read() -> None:
    story = talking_with_form()
    story.after(50).fills(*IDENTITY, EMAIL)
    story.presses("*8")
    names = [type(effect).__name__ for effect in story.ticket()]
    assert names[:2] == ["HandOverCase", "StartTimer"]
    assert names.count("PlayPrompt") == 2


def test_a_case_goes_on_in_time_whatever_its_form_lacks() -> None:
    story = talking_with_form()
    story.after(50).presses("*8")
    assert story.after(420).fires("hand_over") == (wait("hand_over", 5.0),), "no ticket yet"
    story.ticket()
    assert story.after(5).fires("hand_over") == (HandOverCase(), wait("hand_over", 60.0))
    assert story.refused("HandOverCase") == (wait("hand_over", 5.0),)
    assert story.after(5).fires("hand_over") == (HandOverCase(), wait("hand_over", 60.0))


def test_the_archive_waits_for_the_message_but_not_for_ever() -> None:
    story = escalated()
    hear_the_numbers(story)
    both_leave(story)
    assert story.after(10).finishes() == (HandOverCase(), wait("hand_over", 60.0))
    assert story.after(470).fires("archive") == (ArchiveForm(),)
    story.archived()
    assert story.stage() is Stage.ENDED, "the record stays open until the message is accepted"
    assert step(story, "8").state == "running"
    story.after(3600).message_accepted()
    assert story.stage() is Stage.ARCHIVED
    assert reasons(story) == [("8", "met_late")]


def test_a_message_that_is_accepted_while_the_form_waits_lets_it_be_archived() -> None:
    story = escalated()
    hear_the_numbers(story)
    both_leave(story)
    story.after(10).finishes()
    assert story.after(1).message_accepted() == (*cancel("hand_over", "archive"), ArchiveForm())
    story.archived()
    assert story.stage() is Stage.ARCHIVED
    assert reasons(story) == []


def test_a_message_that_is_given_up_is_a_deviation_and_closes_the_record() -> None:
    story = escalated()
    hear_the_numbers(story)
    both_leave(story)
    story.finishes()
    story.after(480).fires("archive")
    story.archived()
    story.after(7 * 86400).message_given_up()
    assert story.stage() is Stage.ARCHIVED
    deviation = judged(story).deviations[-1]
    assert (deviation.step, deviation.reason) == ("8", "not_handed_over")
    assert isinstance(story.told[deviation.events[-1] - 1], CaseNotHandedOver)


def test_a_late_escalation_keeps_the_archives_time() -> None:
    story = talking_with_form()
    both_leave(story)
    story.after(400).fills(*IDENTITY, ("outcome", "escalated"))
    [left] = [effect for effect in story.after(1).ticket() if isinstance(effect, StartTimer)]
    assert (left.timer, round(left.seconds, 1)) == ("archive", 78.9)


def test_a_call_whose_end_is_learnt_late_is_archived_at_once() -> None:
    story = talking_with_form(NO_MESSAGES)
    story.after(5).hangs_up(CALLER)
    effects = story.after(3600).hangs_up(FIRST)
    assert ArchiveForm() in effects
    assert not any(isinstance(effect, CancelTimer) for effect in effects)


def test_a_caller_whom_nobody_answered_has_no_form_to_wait_for() -> None:
    story = Story(rules=WITH_FORM)
    story.arrives()
    assert ArchiveForm() in story.after(2).hangs_up(CALLER)


def test_who_writes_on_the_form_and_puts_down_at_once_has_served_the_caller() -> None:
    story = Story(rules=WITH_FORM)
    story.arrives()
    story.after(0.1).caller_answered()
    for prompt in (1, 2, 3):
        story.after(3).prompt_finished(prompt)
    story.offered()
    story.after(1).answers()
    story.ready()
    story.connected(CALLER)
    story.connected(FIRST)
    story.after(1).fills(("outcome", "silent"))
    story.after(1).hangs_up(FIRST)
    assert story.stage() is Stage.CLOSING, "the caller does not wait on for another"
