import pytest

from agent.domain.call_state import Stage
from agent.domain.effects import ArchiveForm, HangUp, ReserveTicket
from agent.domain.events import ButtonStep, NumberPair
from tests.domain.story import (
    BUDI,
    CALLER,
    FIRST,
    FORM,
    TICKET,
    Story,
    awaiting_ticket,
    cancel,
    connecting,
    queueing,
    reading_numbers,
    ringing,
    say,
    say_numbers,
    solved,
    stop,
    talking,
    wait,
    welcoming,
)

OK, LOW = "tone_accepted", "tone_refused"
LAST = NumberPair("0100/FK-TLP/LPSE.BTG/2026", "26-00399-1")

# Greeting


def test_the_first_speech_on_the_operators_leg_is_the_greeting() -> None:
    story = talking()
    assert story.after(2).speaks() == ()
    greeted = story.call.greeted
    assert greeted is not None
    assert (greeted.at, greeted.source, story.call.greeted_by) == (
        story.now,
        "ARI Talking",
        "speech",
    )
    story.after(2).speaks()
    assert story.call.greeted == greeted


def test_speech_counts_from_the_answer_on_also_before_the_legs_are_connected() -> None:
    story = ringing()
    story.speaks()
    assert story.call.greeted is None
    story.answers()
    story.speaks()
    assert story.call.greeted is not None


def test_speech_of_the_caller_or_of_a_leg_that_is_gone_is_no_greeting() -> None:
    story = talking()
    story.speaks(CALLER)
    story.hangs_up(FIRST)
    story.speaks(FIRST)
    story.hangs_up(CALLER)
    story.speaks(FIRST)
    assert story.call.greeted is None


def test_the_operator_marks_a_greeting_that_was_not_detected() -> None:
    story = talking()
    assert story.after(5).presses("*2") == (*cancel("code"), say(FIRST, 4, OK))
    assert story.call.greeted_by == "mark"
    assert story.call.greeted is not None
    assert story.call.greeted.at == story.now


def test_a_mark_after_the_detected_greeting_is_accepted_and_changes_nothing() -> None:
    story = talking()
    story.after(2).speaks()
    greeted = story.call.greeted
    assert story.after(2).presses("*2")[-1] == say(FIRST, 4, OK)
    assert story.call.greeted == greeted
    assert story.call.greeted_by == "speech"


# Codes


def test_a_star_waits_three_seconds_for_its_digit() -> None:
    story = talking()
    assert story.presses("*") == (wait("code", 3),)
    assert story.after(3).presses("3") == (*cancel("code"), say(FIRST, 4, OK))


def test_a_digit_that_comes_too_late_after_its_star_means_nothing() -> None:
    story = talking()
    story.presses("*")
    assert story.after(3.001).presses("3") == (say(FIRST, 4, LOW),)
    assert story.call.identity_taken is None


def test_a_star_that_comes_too_late_after_a_star_begins_anew() -> None:
    story = talking()
    story.presses("*")
    assert story.after(4).presses("*") == (wait("code", 3),)
    assert story.presses("3")[-1] == say(FIRST, 4, OK)


def test_a_star_without_a_digit_is_answered_with_a_low_tone() -> None:
    story = talking()
    story.presses("*")
    assert story.after(3).fires("code") == (say(FIRST, 4, LOW),)
    assert story.fires("code") == ()


def test_a_star_whose_operator_left_needs_no_tone() -> None:
    story = talking()
    story.presses("*")
    story.hangs_up(FIRST)
    assert story.fires("code") == ()


@pytest.mark.parametrize("nonsense", ["1", "2", "8", "0", "#", "A"])
def test_a_key_without_a_star_is_answered_with_a_low_tone(nonsense: str) -> None:
    story = talking()
    assert story.presses(nonsense) == (say(FIRST, 4, LOW),)
    assert story.call.decision is None


@pytest.mark.parametrize("nonsense", ["*1", "*4", "*5", "*9", "*#", "*A", "**"])
def test_a_star_with_a_meaningless_key_is_answered_with_a_low_tone(nonsense: str) -> None:
    story = talking()
    assert story.presses(nonsense) == (*cancel("code"), say(FIRST, 4, LOW))
    assert story.presses("6") == (say(FIRST, 5, LOW),)


def test_the_callers_keys_mean_nothing() -> None:
    story = talking()
    before = story.call
    assert story.presses("*8", CALLER) == ()
    assert story.call is before


def test_keys_mean_nothing_outside_a_conversation() -> None:
    for story in (welcoming(), queueing(), ringing(), connecting(), solved()):
        before = story.call
        assert story.presses("*8") == ()
        assert story.call is before


def test_the_identity_is_taken_once() -> None:
    story = talking()
    assert story.after(60).presses("*3")[-1] == say(FIRST, 4, OK)
    taken = story.call.identity_taken
    assert story.after(60).presses("*3")[-1] == say(FIRST, 5, OK)
    assert story.call.identity_taken == taken


def test_solved_is_decided_once() -> None:
    story = talking()
    assert story.after(60).presses("*6") == (*cancel("code"), say(FIRST, 4, OK))
    decided = story.call.decided
    assert story.call.decision == "solved"
    assert story.after(60).presses("*6")[-1] == say(FIRST, 5, OK)
    assert story.call.decided == decided


def test_a_solved_case_can_still_be_escalated() -> None:
    story = talking()
    story.presses("*6")
    assert story.after(60).presses("*8")[-1] == ReserveTicket()
    assert story.call.decision == "escalated"
    assert story.call.decided is not None
    assert story.call.decided.at == story.now


def test_an_escalated_case_cannot_be_called_solved() -> None:
    story = awaiting_ticket()
    assert story.presses("*6")[-1] == say(FIRST, 6, LOW)
    assert story.call.decision == "escalated"


def test_the_numbers_of_the_call_before_are_read_to_the_operator_alone() -> None:
    story = talking(previous=LAST)
    assert story.presses("**") == (
        *cancel("code"),
        say_numbers(FIRST, 4, "numbers_last", LAST.form_number, LAST.ticket_number),
    )


def test_asking_for_the_numbers_before_there_are_any_is_answered_with_a_sentence() -> None:
    assert talking().presses("*0")[-1] == say(FIRST, 4, "no_numbers_yet")
    assert awaiting_ticket().presses("*0")[-1] == say(FIRST, 6, "no_numbers_yet")


# Escalation


def test_escalation_reserves_a_ticket() -> None:
    story = talking()
    assert story.presses("*8") == (*cancel("code"), say(FIRST, 4, OK), ReserveTicket())
    assert story.call.decision == "escalated"


def test_asking_again_while_the_ticket_is_on_its_way_reads_the_numbers_once() -> None:
    story = awaiting_ticket()
    decided = story.call.decided
    assert story.after(1).presses("*8") == (*cancel("code"), ReserveTicket())
    assert story.call.decided == decided
    assert story.ticket() != ()
    assert story.ticket() == ()
    assert story.ticket("26-00500-9") == ()
    assert story.call.ticket_number == TICKET


def test_both_numbers_are_read_to_operator_and_caller_each_with_a_proof_of_its_own() -> None:
    story = awaiting_ticket()
    story.prompt_finished(5)
    assert story.ticket() == (say_numbers(FIRST, 6), say_numbers(CALLER, 7))
    assert story.call.form_number == FORM


def test_the_numbers_are_read_to_the_operator_alone_where_the_office_wants_it_so() -> None:
    story = awaiting_ticket("operator")
    story.prompt_finished(5)
    assert story.ticket() == (say_numbers(FIRST, 6),)


@pytest.mark.parametrize("code", ["*0", "*8"])
def test_the_numbers_can_be_read_again_and_what_still_plays_is_stopped(code: str) -> None:
    story = reading_numbers()
    story.prompt_finished(7)
    assert story.presses(code) == (
        *cancel("code"),
        stop(FIRST, 6),
        say_numbers(FIRST, 8),
        say_numbers(CALLER, 9),
    )


def test_the_acceptance_tone_is_stopped_for_the_numbers() -> None:
    story = awaiting_ticket()
    assert story.ticket()[:2] == (stop(FIRST, 5), say_numbers(FIRST, 6))


def test_numbers_that_come_after_the_caller_left_are_read_to_the_operator() -> None:
    story = awaiting_ticket()
    story.prompt_finished(5)
    assert story.hangs_up(CALLER) == (wait("closing", 90),)
    assert story.ticket() == (say_numbers(FIRST, 6),)
    assert story.prompt_finished(6) == (HangUp(channel=FIRST),)


def test_numbers_that_come_after_the_operator_left_are_read_to_the_caller() -> None:
    story = awaiting_ticket()
    story.hangs_up(FIRST)
    assert story.ticket() == (say_numbers(CALLER, 6),)
    assert story.prompt_finished(6) == (HangUp(channel=CALLER),)


def test_the_form_waits_for_a_ticket_that_comes_after_both_left() -> None:
    story = awaiting_ticket()
    story.hangs_up(FIRST)
    assert ArchiveForm() not in story.hangs_up(CALLER)
    assert story.stage() is Stage.ENDED
    assert story.ticket() == (ArchiveForm(),)
    assert story.call.ticket_number == TICKET


def test_the_operator_hears_that_no_ticket_could_be_had_and_it_is_tried_again() -> None:
    story = awaiting_ticket()
    again = wait("ticket", 5)
    assert story.refused("ReserveTicket") == (say(FIRST, 6, LOW), again)
    assert story.after(5).fires("ticket") == (ReserveTicket(),)
    story.ticket()
    assert story.fires("ticket") == ()


def test_an_escalated_case_gets_its_ticket_also_when_nobody_is_left_to_hear_it() -> None:
    story = awaiting_ticket()
    story.hangs_up(FIRST)
    assert story.refused("ReserveTicket") == (wait("ticket", 5),)
    story.hangs_up(CALLER)
    assert story.fires("ticket") == (ReserveTicket(),)
    assert story.ticket() == (ArchiveForm(),)
    assert story.fires("ticket") == ()


def test_a_prompt_that_was_stopped_is_not_heard_though_the_exchange_calls_it_done() -> None:
    story = reading_numbers()
    story.presses("*0")
    story.prompt_finished(6, "done")
    stopped = story.call.playbacks[5]
    assert (stopped.result, stopped.heard) == ("stopped", None)


def _unheard(story: Story) -> list[str]:
    return [p.prompt for p in story.call.playbacks if p.prompt == "numbers" and not p.heard]


def test_only_a_prompt_that_played_to_its_end_is_heard() -> None:
    story = reading_numbers()
    story.prompt_finished(6, "failed")
    story.refused("PlayPrompt", story.call.playbacks[6].playback)
    assert _unheard(story) == ["numbers", "numbers"]
    story.presses("*0")
    story.prompt_finished(8)
    story.prompt_finished(9)
    assert _unheard(story) == ["numbers", "numbers"]
    assert story.call.playbacks[7].heard is not None
    assert story.call.playbacks[8].heard is not None


# Buttons of the operator's page


def test_a_button_does_what_its_star_code_does() -> None:
    steps: tuple[ButtonStep, ...] = ("2", "3", "6", "8")
    for step in steps:
        by_key, by_button = talking(), talking()
        by_key.presses(f"*{step}")
        by_button.clicks(step)
        for fact in ("greeted_by", "decision", "stage", "ticket_awaited"):
            assert getattr(by_key.call, fact) == getattr(by_button.call, fact), (step, fact)


def test_a_button_of_somebody_elses_page_means_nothing() -> None:
    story = talking()
    before = story.call
    assert story.clicks("6", by=BUDI) == ()
    assert story.call == before


def test_after_the_call_only_the_form_can_still_be_finished() -> None:
    story = talking()
    story.after(2).speaks()
    story.clicks("6")
    story.hangs_up(FIRST)
    story.hangs_up(CALLER)
    decision = story.call.decision
    story.clicks("8")
    assert story.call.decision == decision
    story.clicks("7")
    assert story.call.form_finished is not None
