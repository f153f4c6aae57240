"""The call machine as a whole; its parts have test files of their own."""

import pytest

from agent.domain.call import CallUnknown, decide, replay
from agent.domain.effects import AnyEffect, SeekOperator
from agent.domain.events import EffectRefused, OperatorOffered, TimerFired
from agent.domain.identifiers import bridge_of
from tests.domain.story import (
    CALL,
    CALLER,
    FIRST,
    MORNING,
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

EVERY_STAGE = (
    welcoming,
    queueing,
    ringing,
    connecting,
    talking,
    awaiting_ticket,
    reading_numbers,
    solved,
)


def test_a_call_must_begin_with_its_arrival() -> None:
    with pytest.raises(CallUnknown, match="TimerFired"):
        decide(None, TimerFired(at=MORNING, timer="welcome"))
    with pytest.raises(CallUnknown):
        replay([])


def test_a_second_arrival_of_the_same_call_changes_nothing() -> None:
    for make in EVERY_STAGE:
        story = make()
        before = story.call
        assert story.arrives() == ()
        assert story.call is before


def test_an_event_that_teaches_nothing_leaves_the_very_same_call() -> None:
    for make in EVERY_STAGE:
        story = make()
        before = story.call
        assert story.fires("no such timer") == ()
        assert story.connected(bridge_of(CALL)) == ()  # type: ignore[arg-type]  # not a leg
        assert story.call is before


def test_each_event_that_teaches_something_counts_by_one() -> None:
    story = reading_numbers()
    assert story.call.events == len(story.told)


def test_the_events_that_were_kept_give_the_same_call_again() -> None:
    for make in EVERY_STAGE:
        story = make()
        assert replay(story.told) == story.call


def test_every_fact_of_a_story_told_again_in_the_end_changes_nothing() -> None:
    story = solved()
    story.archived()
    before = story.call
    for event in list(story.told):
        if not isinstance(event, OperatorOffered):  # that one is given back, whenever it comes
            assert story.tell(event) == ()
    assert story.call is before


@pytest.mark.parametrize(
    "effect",
    [
        kind.__name__
        for kind in AnyEffect.__args__
        if kind.__name__
        not in (
            "PlayPrompt",
            "RingOperator",
            "ConnectLegs",
            "MarkTalk",
            "ReserveTicket",
            "ArchiveForm",
        )
    ],
)
def test_a_refusal_that_the_hang_up_explains_changes_nothing(effect: str) -> None:
    for make in EVERY_STAGE:
        story = make()
        before = story.call
        for target in (CALLER, FIRST, bridge_of(CALL), "lpse-c0ffee-p1", ""):
            refused = EffectRefused(at=story.now, effect=effect, target=target)
            assert story.tell(refused) == ()
        assert story.call is before


def test_a_refused_archive_or_ring_means_nothing_at_another_stage() -> None:
    story = talking()
    before = story.call
    assert story.refused("ArchiveForm") == ()
    assert story.refused("RingOperator", FIRST) == ()
    assert story.refused("ConnectLegs", bridge_of(CALL)) == ()
    assert story.call is before


def test_a_refused_prompt_ends_like_any_other_prompt() -> None:
    story = Story()
    story.arrives()
    story.caller_answered()
    story.refused("PlayPrompt", "lpse-c0ffee-p1")
    assert SeekOperator() in story.refused("PlayPrompt", "lpse-c0ffee-p2")
    assert story.call.playbacks[0].result == "refused"
