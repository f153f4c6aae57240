import pytest

from agent.domain.call_state import Stage
from agent.domain.effects import (
    ArchiveForm,
    HangUp,
    ReleaseOperator,
    RemoveBridge,
    RingCaller,
    SeekOperator,
    StopSeeking,
)
from agent.domain.identifiers import bridge_of
from tests.domain.story import (
    CALL,
    CALLER,
    FIRST,
    FORM,
    SITI,
    TICKET,
    Story,
    awaiting_ticket,
    cancel,
    queueing,
    reading_numbers,
    ringing,
    say,
    say_numbers,
    solved,
    talking,
    wait,
    welcoming,
)

LAST_WISHES = (RemoveBridge(bridge=bridge_of(CALL)), ArchiveForm())
RELEASE = ReleaseOperator(operator=SITI, answered=True, form_number=FORM)
RELEASE_WITH_TICKET = ReleaseOperator(
    operator=SITI, answered=True, form_number=FORM, ticket_number=TICKET
)

# The caller leaves


def test_a_caller_who_leaves_in_the_welcome_ends_the_call() -> None:
    for story in (Story(), welcoming()):
        if story.now == Story().now:
            story.arrives()
        assert story.hangs_up(CALLER) == (ArchiveForm(),)
        assert story.stage() is Stage.ENDED
        assert story.call.ended is not None
        assert story.call.ended.at == story.now


def test_a_waiting_caller_who_leaves_leaves_the_queue() -> None:
    assert queueing().hangs_up(CALLER) == (StopSeeking(), ArchiveForm())


def test_a_caller_who_leaves_while_a_telephone_rings_silences_it_at_once() -> None:
    story = ringing()
    assert story.hangs_up(CALLER) == (HangUp(channel=FIRST), wait("closing", 10))
    assert story.stage() is Stage.CLOSING
    left = story.now
    assert story.after(0.1).hangs_up(FIRST, cause=26) == (
        ReleaseOperator(operator=SITI, answered=False),
        ArchiveForm(),
    )
    assert story.call.ended is not None
    assert story.call.ended.at == left


def test_a_caller_who_leaves_the_conversation_frees_the_operator() -> None:
    story = talking()
    assert story.hangs_up(CALLER) == (HangUp(channel=FIRST), wait("closing", 10))
    assert story.hangs_up(FIRST) == (RELEASE, *LAST_WISHES)
    assert story.stage() is Stage.ENDED


def test_the_operator_hears_the_numbers_to_their_end_when_the_caller_left_meanwhile() -> None:
    story = reading_numbers()
    assert story.hangs_up(CALLER) == (wait("closing", 90),)
    assert story.prompt_finished(7, "failed") == ()
    assert story.prompt_finished(6) == (HangUp(channel=FIRST),)
    assert story.hangs_up(FIRST) == (RELEASE_WITH_TICKET, *LAST_WISHES)


def test_star_codes_still_work_while_the_operator_hears_the_numbers_alone() -> None:
    story = reading_numbers()
    story.hangs_up(CALLER)
    assert story.presses("*3") == (*cancel("code"), say(FIRST, 8, "tone_accepted"))
    assert story.prompt_finished(6) == ()
    assert story.prompt_finished(8) == (HangUp(channel=FIRST),)


def test_a_caller_who_leaves_while_he_hears_the_apology_ends_the_call() -> None:
    story = queueing()
    story.fires("longest_wait")
    assert story.hangs_up(CALLER) == (ArchiveForm(),)


# The operator leaves


def test_an_operator_who_leaves_ends_the_callers_leg() -> None:
    story = talking()
    assert story.after(3).hangs_up(FIRST) == (RELEASE, HangUp(channel=CALLER), wait("closing", 10))
    assert story.stage() is Stage.CLOSING
    assert story.after(0.1).hangs_up(CALLER) == LAST_WISHES
    assert story.call.ended is not None
    assert story.call.ended.at == story.now


def waits_again(story: Story) -> tuple[object, ...]:
    answered, queued = story.call.offers[0].answered, story.call.queued
    assert answered and queued
    waited = (answered.at - queued.at).total_seconds()
    return (
        *cancel("ring", "connect"),
        ReleaseOperator(operator=SITI, answered=True),
        SeekOperator(tried=(SITI,)),
        wait("new_round", 5),
        RingCaller(channel=CALLER, leaves=bridge_of(CALL)),
        wait("please_wait", 30),
        wait("longest_wait", 300 - waited),
    )


def test_a_caller_whom_an_operator_put_down_at_once_waits_on_where_he_was() -> None:
    story = talking()
    queued = story.call.queued
    assert story.after(2.9).hangs_up(FIRST) == waits_again(story)
    assert story.stage() is Stage.QUEUEING
    assert story.call.queued == queued
    assert story.call.conversation is None
    assert story.hangs_up(FIRST) == (), "told twice"


def test_an_operator_who_spoke_or_pressed_a_key_was_there_however_short() -> None:
    for act in (Story.speaks, lambda story: story.presses("#")):
        story = talking()
        act(story)
        story.after(1).hangs_up(FIRST)
        assert story.stage() is Stage.CLOSING


def test_a_caller_whose_operators_telephone_died_waits_for_another() -> None:
    story = talking()
    story.after(2).speaks()
    story.after(60).presses("*3*")
    assert story.after(3000).hangs_up(FIRST, cause=44) == waits_again(story), "talk is no wait"
    assert (story.call.greeted, story.call.identity_taken, story.call.star) == (None, None, None)


def test_who_waited_as_long_as_anybody_is_offered_to_one_more_operator() -> None:
    story = ringing()
    story.after(299).answers()
    assert story.hangs_up(FIRST)[-1] == wait("longest_wait", 20)


def test_a_telephone_that_died_after_the_decision_ends_the_call() -> None:
    story = talking()
    story.presses("*6")
    story.after(30).hangs_up(FIRST, cause=44)
    assert story.stage() is Stage.CLOSING


def test_an_answer_in_the_moment_in_which_the_caller_left_is_on_record() -> None:
    story = ringing()
    story.hangs_up(CALLER)
    assert story.after(0.01).answers() == (HangUp(channel=FIRST),)
    assert story.call.offers[0].answered
    assert story.call.offers[0].answered.at == story.now
    assert story.answers() == (HangUp(channel=FIRST),)
    assert story.hangs_up(FIRST) == (ReleaseOperator(operator=SITI, answered=True), ArchiveForm())
    assert story.call.conversation is None


def test_the_caller_hears_the_numbers_to_their_end_when_the_operator_left_meanwhile() -> None:
    story = reading_numbers()
    assert story.hangs_up(FIRST) == (RELEASE_WITH_TICKET, wait("closing", 90))
    assert story.prompt_finished(6, "failed") == ()
    assert story.prompt_finished(7) == (HangUp(channel=CALLER),)
    assert story.hangs_up(CALLER) == LAST_WISHES


def test_the_caller_waits_for_a_ticket_that_is_on_its_way() -> None:
    story = awaiting_ticket()
    assert story.hangs_up(FIRST) == (RELEASE, wait("closing", 90))
    assert story.ticket() == (say_numbers(CALLER, 6),)


def test_the_caller_does_not_wait_for_numbers_that_are_for_the_operator_alone() -> None:
    story = awaiting_ticket("operator")
    assert story.hangs_up(FIRST) == (RELEASE, HangUp(channel=CALLER), wait("closing", 10))
    assert story.ticket() == ()


@pytest.mark.parametrize("first", [CALLER, FIRST])
def test_both_may_leave_in_the_same_millisecond_in_any_order(first: str) -> None:
    for make in (talking, awaiting_ticket, reading_numbers):
        story = make()
        others = {CALLER: FIRST, FIRST: CALLER}
        story.hangs_up(CALLER if first == CALLER else FIRST)
        effects = story.hangs_up(others[CALLER if first == CALLER else FIRST])
        awaited = make is awaiting_ticket  # the form waits for its ticket: it is written only once
        last = LAST_WISHES[:1] if awaited else LAST_WISHES
        assert effects[-len(last) :] == last
        assert story.stage() is Stage.ENDED


# Repeats and causes


def test_the_first_report_of_a_hang_up_tells_when_and_a_later_one_tells_why() -> None:
    story = talking()
    story.hangs_up(CALLER, cause=None)
    left = story.call.caller_gone
    assert story.after(0.05).hangs_up(CALLER, cause=17) == ()
    assert story.call.caller_gone == left
    assert story.call.caller_cause == 17
    before = story.call
    assert story.hangs_up(CALLER, cause=16) == ()
    assert story.call is before


def test_a_cause_that_only_says_that_no_more_is_known_is_replaced() -> None:
    story = talking()
    story.hangs_up(CALLER, cause=127)
    story.hangs_up(CALLER, cause=16)
    assert story.call.caller_cause == 16


def test_a_leg_that_left_twice_left_once() -> None:
    story = talking()
    story.hangs_up(FIRST)
    before = story.call
    assert story.hangs_up(FIRST) == ()
    assert story.call is before


# Deadlines


def test_a_leg_that_does_not_go_is_asked_once_more_and_then_believed_gone() -> None:
    story = talking()
    story.hangs_up(CALLER)
    assert story.after(10).fires("closing") == (
        HangUp(channel=FIRST),
        wait("closing_forced", 10),
    )
    assert story.after(10).fires("closing_forced") == (RELEASE, *LAST_WISHES)
    assert story.stage() is Stage.ENDED


def test_a_caller_who_does_not_go_is_believed_gone_by_the_agents_word() -> None:
    story = talking()
    story.after(10).hangs_up(FIRST)
    assert story.after(10).fires("closing") == (
        HangUp(channel=CALLER),
        wait("closing_forced", 10),
    )
    assert story.after(10).fires("closing_forced") == LAST_WISHES
    assert story.call.ended is not None
    assert (story.call.ended.at, story.call.ended.source) == (story.now, "agent")


def test_closing_timers_mean_nothing_while_people_talk_or_when_all_is_over() -> None:
    for story in (talking(), solved()):
        before = story.call
        assert story.fires("closing") == ()
        assert story.fires("closing_forced") == ()
        assert story.call is before


# Archive


def test_the_archived_form_ends_everything() -> None:
    story = solved()
    assert story.after(0.5).archived() == ()
    assert story.stage() is Stage.ARCHIVED
    assert story.call.archived is not None
    assert story.call.archived.at == story.now
    assert story.call.archive_sha256 == "ab" * 32
    before = story.call
    assert story.after(1).archived() == ()
    assert story.call is before


def test_a_form_is_not_archived_before_the_call_has_ended() -> None:
    story = talking()
    story.archived()
    assert story.call.archived is None


def test_an_archive_that_cannot_be_written_is_tried_again() -> None:
    story = solved()
    assert story.refused("ArchiveForm") == (wait("archive", 5),)
    assert story.after(5).fires("archive") == (ArchiveForm(),)
    story.archived()
    assert story.refused("ArchiveForm") == ()
    assert story.fires("archive") == ()


def test_nothing_begins_anew_after_the_end() -> None:
    story = solved()
    story.archived()
    before = story.call
    for timer in ("welcome", "please_wait", "longest_wait", "ring", "new_round", "connect"):
        assert story.fires(timer) == ()
    assert story.caller_answered() == ()
    assert story.ready() == ()
    assert story.connected(CALLER) == ()
    assert SeekOperator() not in story.prompt_finished(1)
    assert story.call is before
