"""What goes on now, as pages see it."""

import pytest

from agent.domain.floor import Floor, hold, release, update_roster
from agent.web.live import (
    LiveCalls,
    call_of,
    live_call,
    live_floor,
    live_operators,
    live_steps,
    unfinished_of,
)
from tests.domain.story import BUDI, CALLER, FIRST, FORM, MORNING, SITI, Story, ringing, talking
from tests.runtime.office import PROCEDURE

SOPS = {PROCEDURE.name: PROCEDURE}


def floor_of(story: Story, *, holds: bool = True) -> Floor:
    floor = update_roster(Floor(), {SITI: "Siti", BUDI: "Budi"}, {SITI}, MORNING)
    return hold(floor, story.call.call_id, SITI) if holds else floor


@pytest.fixture
def story() -> Story:
    """A call that Siti has just answered."""
    return talking()


def test_a_call_is_shown_without_who_calls(story: Story) -> None:
    call = live_call(story.call, SOPS)
    assert (call.form_number, call.stage, call.operator) == (FORM, story.stage(), SITI)
    assert call.caller == "+62 81•-•••-567"
    assert call.answered_at is not None
    assert call.answered_at >= call.arrived_at


def test_clocks_that_run_are_those_of_the_records_judgement(story: Story) -> None:
    greeting = next(step for step in live_steps(story.call, SOPS) if step.step == "2")
    assert greeting.state == "running"
    assert greeting.limit_s == 10.0
    assert greeting in live_call(story.call, SOPS).steps
    story.after(3).presses("*2")
    greeting = next(step for step in live_steps(story.call, SOPS) if step.step == "2")
    assert greeting.state == "met"
    assert greeting.seconds is not None
    assert greeting not in live_call(story.call, SOPS).steps
    assert live_steps(story.call, {}) == [], "of a procedure that is not known nothing is said"


def test_an_operator_is_ready_or_rung_or_talks_or_is_away(story: Story) -> None:
    siti, budi = live_operators(floor_of(story), [story.call])
    assert (siti.activity, siti.form_number) == ("talking", FORM)
    offer = story.call.offer
    assert offer
    assert offer.answered
    assert siti.since == offer.answered.at
    assert (budi.activity, budi.form_number) == ("away", None)
    siti, _ = live_operators(floor_of(story, holds=False), [])
    assert (siti.activity, siti.since) == ("ready", MORNING)
    rung = ringing()
    siti, _ = live_operators(floor_of(rung), [rung.call])
    assert siti.activity == "ringing"


def test_a_call_that_is_over_is_not_on_the_floor_but_still_on_the_desk(story: Story) -> None:
    calls = [story.call]
    shown = LiveCalls(SOPS)
    found = live_floor(story.now, calls, floor_of(story), shown).calls
    assert [call.form_number for call in found] == [FORM]
    assert call_of(calls, SITI) == story.call
    assert unfinished_of(calls, SITI) == []
    story.after(60).hangs_up(CALLER)
    story.hangs_up(FIRST)
    calls = [story.call]
    floor = release(floor_of(story), story.call.call_id, SITI, story.now)
    assert live_floor(story.now, calls, floor, shown).calls == []
    assert call_of(calls, SITI) == story.call
    assert unfinished_of(calls, SITI) == [story.call]
    assert call_of(calls, BUDI) is None


def test_a_call_is_judged_anew_only_when_it_has_changed(story: Story) -> None:
    shown = LiveCalls(SOPS)
    (first,) = shown.of([story.call])
    (again,) = shown.of([story.call])
    assert again is first
    story.after(3).presses("*2")
    (greeted,) = shown.of([story.call])
    assert greeted == live_call(story.call, SOPS) != first
    assert shown.of([]) == []
