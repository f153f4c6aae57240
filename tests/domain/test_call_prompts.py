from agent.domain import call_prompts
from agent.domain.events import NumberPair
from agent.domain.identifiers import PlaybackId
from tests.domain.story import (
    CALLER,
    FIRST,
    FORM,
    queueing,
    reading_numbers,
    say_numbers,
    stop,
    talking,
    welcoming,
)


def test_each_prompt_has_an_id_of_its_own_in_order() -> None:
    call = welcoming().call
    call, effect = call_prompts.play(call, CALLER, "nobody_available", NumberPair(FORM))
    assert effect == say_numbers(CALLER, 3, "nobody_available", ticket=None)
    ids = [p.playback for p in call.playbacks]
    assert ids == ["lpse-c0ffee-p1", "lpse-c0ffee-p2", "lpse-c0ffee-p3"]


def test_all_that_a_leg_hears_is_stopped_newest_first_and_the_other_leg_hears_on() -> None:
    call, stops = call_prompts.stop_all(welcoming().call, CALLER)
    assert stops == (stop(CALLER, 2), stop(CALLER, 1))
    assert all(p.stopped for p in call.playbacks)
    call, stops = call_prompts.stop_all(reading_numbers().call, FIRST)
    assert stops == (stop(FIRST, 6),)
    assert not call.playbacks[6].stopped


def test_nothing_is_stopped_that_has_ended() -> None:
    story = queueing()
    story.prompt_finished(3)
    assert call_prompts.stop_all(story.call, CALLER) == (story.call, ())


def test_the_first_beginning_of_a_prompt_is_kept() -> None:
    story = welcoming()
    story.after(1).prompt_started(1)
    began = story.now
    story.after(1).prompt_started(1)
    started = story.call.playbacks[0].started
    assert started is not None
    assert started.at == began


def test_the_first_end_of_a_prompt_is_kept() -> None:
    story = welcoming()
    story.prompt_finished(1, "failed")
    before = story.call
    for result in ("done", "failed", "overdue", "refused"):
        assert story.after(1).prompt_finished(1, result) == ()
    assert story.call is before


def test_a_prompt_believed_overdue_is_heard_after_all_when_the_exchange_says_so() -> None:
    story = reading_numbers()
    story.after(20).prompt_finished(6, "overdue")
    assert story.call.playbacks[5].heard is None
    story.after(1).prompt_finished(6, "overdue")
    finished = story.call.playbacks[5].finished
    assert finished is not None
    assert finished.at < story.now
    assert story.prompt_finished(6, "done") == ()
    heard = story.call.playbacks[5].heard
    assert heard is not None
    assert heard.at == story.now


def test_an_end_that_was_corrected_is_followed_by_nothing_a_second_time() -> None:
    story = welcoming()
    story.prompt_finished(1)
    assert story.prompt_finished(2, "overdue") != ()
    assert story.prompt_finished(2, "done") == ()


def test_a_stopped_prompt_that_is_overdue_is_still_not_heard() -> None:
    story = reading_numbers()
    story.presses("*0")
    story.prompt_finished(6, "overdue")
    story.prompt_finished(6, "done")
    assert story.call.playbacks[5].result == "stopped"


def test_prompts_that_the_call_does_not_know_mean_nothing() -> None:
    story = talking()
    before = story.call
    assert call_prompts.find(before, PlaybackId("lpse-c0ffee-p99")) is None
    assert story.prompt_started(99) == ()
    assert story.prompt_finished(99) == ()
    assert story.call is before
