from datetime import UTC, datetime, timedelta

import pytest

from agent.domain.call_state import Stage
from agent.domain.effects import (
    AnswerCaller,
    ConnectLegs,
    HangUp,
    MarkTalk,
    ReleaseOperator,
    RingCaller,
    RingOperator,
    SeekOperator,
    StopSeeking,
)
from agent.domain.events import CallerAnswered, OperatorAnswered
from agent.domain.identifiers import ChannelId, bridge_of
from tests.domain.story import (
    BUDI,
    CALL,
    CALLER,
    FIRST,
    FORM,
    SECOND,
    SITI,
    Story,
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

CONNECT = ConnectLegs(bridge=bridge_of(CALL), caller=CALLER, operator=FIRST)
MARK = MarkTalk(channel=CALLER, bridge=bridge_of(CALL))
NEW_ROUND = wait("new_round", 5)
TRY_NEXT = (
    *cancel("ring", "connect"),
    ReleaseOperator(operator=SITI, answered=False),
    SeekOperator(tried=(SITI,)),
    NEW_ROUND,
)


def ring(leg: ChannelId, operator: str) -> tuple[object, ...]:
    shown = "+62 811-234-567"
    rung = RingOperator(
        channel=leg,
        operator=SITI if operator == SITI else BUDI,
        caller_channel=CALLER,
        caller_shown=shown,
        ring_seconds=20,
    )
    return rung, wait("ring", 20)


# Arrival, welcome, notice


def test_the_consultation_has_its_form_number_before_anyone_speaks() -> None:
    story = Story()
    assert story.arrives() == (AnswerCaller(channel=CALLER), wait("welcome", 45))
    assert story.stage() is Stage.WELCOMING
    assert story.call.form_number == FORM
    assert story.call.arrived.at == story.now
    assert story.call.playbacks == ()


def test_the_caller_hears_welcome_and_notice_in_this_order() -> None:
    story = Story()
    story.arrives()
    assert story.caller_answered() == (
        say(CALLER, 1, "welcome_morning"),
        say(CALLER, 2, "recording_notice"),
    )
    assert story.stage() is Stage.WELCOMING


def test_the_welcome_names_the_time_of_day_of_the_office() -> None:
    story = Story(start=datetime(2026, 11, 23, 12, 0, tzinfo=UTC))  # 19:00 WIB
    story.arrives()
    assert story.caller_answered()[0] == say(CALLER, 1, "welcome_evening")


def test_a_second_answer_of_the_caller_starts_no_second_welcome() -> None:
    story = welcoming()
    assert story.caller_answered() == ()
    assert len(story.call.playbacks) == 2


def test_that_the_order_to_answer_was_taken_is_word_enough_until_the_exchange_tells_itself() -> (
    None
):
    story = Story()
    story.arrives()
    answered = CallerAnswered(at=story.now + timedelta(milliseconds=30), channel=CALLER)
    assert story.tell(answered)[0] == say(CALLER, 1, "welcome_morning")
    assert story.caller_answered() == ()
    assert story.call.caller_answered
    assert story.call.caller_answered.at == story.now, "the exchange's own moment"
    assert story.tell(answered) == ()
    assert story.call.caller_answered.at == story.now


def test_the_caller_waits_once_the_notice_was_heard_and_not_before() -> None:
    story = welcoming()
    assert story.prompt_finished(1) == ()
    assert story.stage() is Stage.WELCOMING
    assert story.prompt_finished(2) == (
        *cancel("welcome"),
        say(CALLER, 3, "connecting"),
        SeekOperator(),
        wait("please_wait", 30),
        wait("longest_wait", 300),
    )
    assert story.stage() is Stage.QUEUEING


def test_prompts_that_cannot_be_played_do_not_keep_the_caller_from_the_queue() -> None:
    story = welcoming()
    assert story.refused("PlayPrompt", story.call.playbacks[0].playback) == ()
    effects = story.refused("PlayPrompt", story.call.playbacks[1].playback)
    assert SeekOperator() in effects
    assert [p.result for p in story.call.playbacks[:2]] == ["refused", "refused"]


def test_a_caller_whose_answer_was_never_reported_reaches_the_queue_all_the_same() -> None:
    story = Story()
    story.arrives()
    assert SeekOperator() in story.after(45).fires("welcome")
    assert story.stage() is Stage.QUEUEING
    assert story.caller_answered() == ()


def test_the_welcome_timer_means_nothing_once_the_caller_waits() -> None:
    assert queueing().fires("welcome") == ()


# Waiting


def test_a_waiting_caller_hears_the_ringing_tone_after_each_prompt() -> None:
    story = queueing()
    assert story.prompt_finished(3) == (RingCaller(channel=CALLER),)


def test_every_so_often_the_caller_hears_that_he_is_not_forgotten() -> None:
    story = ringing()
    assert story.after(30).fires("please_wait") == (
        say(CALLER, 4, "please_wait"),
        wait("please_wait", 30),
    )
    assert story.prompt_finished(4) == (RingCaller(channel=CALLER),)


def test_please_wait_never_talks_into_another_prompt() -> None:
    story = queueing()
    assert story.fires("please_wait") == (wait("please_wait", 30),)


def test_please_wait_is_not_said_into_a_conversation() -> None:
    assert talking().fires("please_wait") == ()


def test_a_caller_who_waited_the_longest_hears_an_apology_and_his_form_number() -> None:
    story = queueing()
    assert story.after(300).fires("longest_wait") == (
        StopSeeking(),
        stop(CALLER, 3),
        say_numbers(CALLER, 4, "nobody_available", ticket=None),
        wait("closing", 60),
    )
    assert story.stage() is Stage.CLOSING
    assert story.prompt_finished(3) == ()
    assert story.prompt_finished(4) == (HangUp(channel=CALLER),)


def test_giving_up_while_a_telephone_rings_takes_the_call_off_that_telephone() -> None:
    story = ringing()
    assert story.after(290).fires("longest_wait") == (
        StopSeeking(),
        HangUp(channel=FIRST, reason="no_answer"),
        ReleaseOperator(operator=SITI, answered=False),
        say_numbers(CALLER, 4, "nobody_available", ticket=None),
        wait("closing", 60),
    )
    assert story.answers() == (HangUp(channel=FIRST),)


def test_a_conversation_is_not_given_up() -> None:
    assert talking().fires("longest_wait") == ()
    assert connecting().fires("longest_wait") == ()


# Offers


def test_an_offered_operator_is_rung_and_shown_who_calls() -> None:
    story = queueing()
    assert story.offered(SITI) == ring(FIRST, SITI)
    assert story.stage() is Stage.RINGING
    assert story.rings() == ()
    offer = story.call.offer
    assert offer is not None
    assert offer.ringing is not None


def test_an_operator_who_rejects_is_released_and_the_next_is_sought() -> None:
    story = ringing()
    assert story.hangs_up(FIRST, cause=21) == TRY_NEXT
    assert story.stage() is Stage.QUEUEING
    assert story.call.offers[0].cause == 21
    assert story.offered(BUDI) == ring(SECOND, BUDI)


def test_an_operator_who_does_not_answer_is_rung_no_longer() -> None:
    story = ringing()
    missed = ReleaseOperator(operator=SITI, answered=False, missed=True)
    wishes = story.after(20).fires("ring")
    assert wishes[0] == HangUp(channel=FIRST, reason="no_answer")
    assert wishes[1:] == tuple(
        missed if isinstance(wish, ReleaseOperator) else wish for wish in TRY_NEXT
    )
    assert story.hangs_up(FIRST, cause=19) == ()


def test_an_operator_who_cannot_be_rung_counts_as_tried() -> None:
    story = queueing()
    story.offered()
    assert story.refused("RingOperator", FIRST) == (HangUp(channel=FIRST), *TRY_NEXT)
    assert story.stage() is Stage.QUEUEING


def test_a_refusal_to_ring_after_the_caller_left_frees_the_operator_at_once() -> None:
    story = queueing()
    story.offered()
    story.hangs_up(CALLER)
    effects = story.refused("RingOperator", FIRST)
    assert effects[:2] == (
        HangUp(channel=FIRST),
        ReleaseOperator(operator=SITI, answered=False),
    )
    assert story.stage() is Stage.ENDED


def test_a_late_word_that_ringing_failed_is_not_believed_of_a_telephone_that_rings() -> None:
    story = ringing()
    assert story.refused("RingOperator", FIRST) == ()
    story.answers()
    assert story.refused("RingOperator", FIRST) == ()
    assert story.refused("RingOperator", SECOND) == ()


def test_a_telephone_that_rings_although_ringing_it_was_refused_is_silenced() -> None:
    story = queueing()
    story.offered()
    story.refused("RingOperator", FIRST)
    assert story.rings(FIRST) == (HangUp(channel=FIRST),)


def test_the_same_operators_are_tried_again_in_a_new_round() -> None:
    story = ringing()
    story.hangs_up(FIRST, cause=21)
    story.offered(BUDI)
    effects = story.hangs_up(SECOND, cause=21)
    assert SeekOperator(tried=(SITI, BUDI)) in effects
    assert story.after(5).fires("new_round") == (SeekOperator(),)
    story.offered(SITI)
    effects = story.hangs_up(story.call.offers[-1].channel, cause=21)
    assert SeekOperator(tried=(SITI,)) in effects


def test_a_new_round_waits_while_somebody_is_rung() -> None:
    assert ringing().fires("new_round") == ()


def test_an_offer_that_comes_too_late_is_given_back() -> None:
    for story in (ringing(), talking()):
        assert story.offered(BUDI) == (ReleaseOperator(operator=BUDI, answered=False),)
    story = queueing()
    story.hangs_up(CALLER)
    assert story.offered(BUDI) == (ReleaseOperator(operator=BUDI, answered=False),)


def test_an_offer_told_twice_does_not_give_the_operator_away() -> None:
    assert ringing().offered(SITI) == ()
    assert talking().offered(SITI) == ()


def test_a_ring_timer_of_an_answered_offer_means_nothing() -> None:
    assert connecting().fires("ring") == ()


# Answer and connection


def test_the_answer_stops_the_waiting_and_readiness_connects_the_legs() -> None:
    story = ringing()
    assert story.after(4).answers() == (
        *cancel("ring", "new_round", "please_wait", "longest_wait"),
        wait("connect", 5),
    )
    assert story.stage() is Stage.CONNECTING
    assert story.ready() == (CONNECT,)


def test_readiness_told_before_the_answer_implies_it_and_the_answer_corrects_the_time() -> None:
    story = ringing()
    answered_at = story.after(4).now
    effects = story.after(0.05).ready()
    assert effects[-1] == CONNECT
    assert story.call.offers[0].answered is not None
    assert story.call.offers[0].answered.at == story.now
    story.now = answered_at
    assert story.answers() == ()
    assert story.call.offers[0].answered.at == answered_at


def test_an_answer_told_twice_keeps_its_first_time() -> None:
    story = connecting()
    before = story.call
    assert story.after(1).answers() == ()
    assert story.ready() == ()
    assert story.call is before


def test_what_the_caller_still_hears_is_stopped_newest_first_before_he_is_connected() -> None:
    story = queueing()
    story.offered()
    story.after(30).prompt_finished(3)
    story.fires("please_wait")
    story.answers()
    assert story.ready() == (stop(CALLER, 4), CONNECT)


def test_the_conversation_begins_when_both_legs_are_connected_in_any_order() -> None:
    for legs in ((CALLER, FIRST), (FIRST, CALLER)):
        story = connecting()
        assert story.connected(legs[0]) == ()
        assert story.stage() is Stage.CONNECTING
        assert story.connected(legs[1]) == (*cancel("connect"), MARK)
        assert story.stage() is Stage.TALKING
        assert story.connected(legs[0]) == ()


def test_a_connection_told_at_the_wrong_time_changes_nothing() -> None:
    for story in (queueing(), ringing()):
        before = story.call
        assert story.connected(CALLER) == ()
        assert story.connected(FIRST) == ()
        assert story.call is before


@pytest.mark.parametrize("how", ["time", "refusal", "hang-up"])
def test_a_caller_who_cannot_be_connected_waits_on_and_is_never_left_in_silence(how: str) -> None:
    story = connecting()
    story.speaks()
    queued = story.call.queued
    assert queued is not None
    waited = (story.now - queued.at).total_seconds()
    story.after(5)
    again = (
        *cancel("ring", "connect"),
        ReleaseOperator(operator=SITI, answered=True),
        SeekOperator(tried=(SITI,)),
        NEW_ROUND,
        RingCaller(channel=CALLER, leaves=bridge_of(CALL)),
        wait("please_wait", 30),
        wait("longest_wait", 300 - waited),
    )
    if how == "time":
        assert story.fires("connect") == (HangUp(channel=FIRST), *again)
    elif how == "refusal":
        assert story.refused("ConnectLegs", bridge_of(CALL)) == (HangUp(channel=FIRST), *again)
    else:
        assert story.hangs_up(FIRST) == again
    assert story.stage() is Stage.QUEUEING
    assert story.call.greeted is None


def test_a_connection_timer_of_a_living_conversation_means_nothing() -> None:
    assert talking().fires("connect") == ()
    assert talking().refused("ConnectLegs", bridge_of(CALL)) == ()


def test_a_talk_that_asterisk_does_not_know_of_yet_is_told_to_it_until_it_does() -> None:
    story = talking()
    assert story.refused("MarkTalk", bridge_of(CALL)) == (wait("mark", 2),)
    assert story.after(2).fires("mark") == (MARK,)
    assert reading_numbers().fires("mark") == (wait("mark", 2),), "held back behind the prompt"
    for over in (connecting(), solved()):
        assert over.refused("MarkTalk", bridge_of(CALL)) == ()
        assert over.fires("mark") == ()


def test_a_telephone_that_answers_a_call_that_is_not_its_own_is_hung_up() -> None:
    story = ringing()
    story.hangs_up(FIRST, cause=21)
    story.offered(BUDI)
    assert story.answers(FIRST) == (HangUp(channel=FIRST),)
    assert story.ready(FIRST) == (HangUp(channel=FIRST),)
    assert story.stage() is Stage.RINGING


def test_an_answer_after_the_caller_left_is_hung_up_even_in_the_same_millisecond() -> None:
    story = ringing()
    assert story.hangs_up(CALLER) == (HangUp(channel=FIRST), wait("closing", 10))
    assert story.answers() == (HangUp(channel=FIRST),)
    assert story.ready() == (HangUp(channel=FIRST),)
    story.hangs_up(FIRST)
    assert story.stage() is Stage.ENDED
    assert story.answers() == (HangUp(channel=FIRST),)


def test_a_caller_who_leaves_in_the_same_millisecond_as_the_answer_ends_once() -> None:
    story = ringing()
    story.answers()
    story.ready()
    assert story.hangs_up(CALLER) == (HangUp(channel=FIRST), wait("closing", 10))
    assert story.connected(FIRST) == ()
    story.hangs_up(FIRST)
    assert story.stage() is Stage.ENDED
    assert story.call.conversation is None


def test_an_answer_that_is_told_after_its_leg_was_found_gone_is_on_record() -> None:
    story = ringing()
    answered_at = story.after(1).now
    story.after(2).hangs_up(FIRST, source="reconciled")
    assert story.call.offers[0].ended
    effects = story.tell(OperatorAnswered(at=answered_at, source="CEL ANSWER", channel=FIRST))
    assert effects == (HangUp(channel=FIRST),)
    told = story.call.offers[0].answered
    assert told and told.at == answered_at
    later = OperatorAnswered(at=answered_at, source="ARI Up", channel=FIRST)
    before = story.call
    story.tell(later)
    assert story.call.offers == before.offers


def test_an_answer_after_its_leg_was_gone_is_no_answer() -> None:
    story = ringing()
    story.after(2).hangs_up(FIRST)
    story.after(1).answers()
    assert story.call.offers[0].answered is None
