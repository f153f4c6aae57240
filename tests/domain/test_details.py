"""What is shed changes no judgement, and a replay without it comes to the same end."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.commands.replay import read_recording
from agent.domain.call import decide, replay
from agent.domain.call_state import Call
from agent.domain.consultation import judge
from agent.domain.details import is_detail
from agent.domain.events import (
    AnyEvent,
    DetailShed,
    OperatorRinging,
    PromptFinished,
    PromptStarted,
)
from agent.domain.sop import parse_sop
from agent.settings import DATA
from tests.domain.story import Story
from tests.domain.test_call_promises import any_events

PROCEDURE = parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text()))
RECORDINGS = sorted((Path(__file__).parents[1] / "recordings").glob("*.jsonl"))


def shed(events: Iterable[AnyEvent]) -> tuple[Call, list[AnyEvent]]:
    """The call after all events, and its log when every detail was shed."""
    call: Call | None = None
    left: list[AnyEvent] = []
    for event in events:
        before, decision = call, decide(call, event)
        call = decision.call
        if call is before:
            continue
        if before is None or not is_detail(before, decision):
            left.append(event)
        elif isinstance(left[-1], DetailShed):
            left[-1] = DetailShed(at=left[-1].at, count=left[-1].count + 1)
        else:
            left.append(DetailShed(at=event.at, count=1))
    assert call is not None
    return call, left


def all_is_judged_alike(whole: Call, log: list[AnyEvent]) -> None:
    again = replay(log)
    assert judge(again, PROCEDURE) == judge(whole, PROCEDURE)
    assert (again.stage, again.events) == (whole.stage, whole.events)
    assert again.ticket_number == whole.ticket_number


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_a_real_call_without_its_details_is_judged_as_with_them(recording: Path) -> None:
    call, log = shed(read_recording(recording))
    # Of a call that the exchange handled by itself nothing but what counts is on record.
    assert call.by_exchange or any(isinstance(event, DetailShed) for event in log)
    all_is_judged_alike(call, log)


def test_only_marks_of_prompts_and_ringing_are_details() -> None:
    kinds: dict[type, int] = {}
    for recording in RECORDINGS:
        events = read_recording(recording)
        _call, left = shed(events)
        for event in events:
            if event not in left:
                kinds[type(event)] = kinds.get(type(event), 0) + 1
    assert set(kinds) == {OperatorRinging, PromptFinished, PromptStarted}
    assert min(kinds.values()) > 1


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(any_events(), max_size=60))
def test_no_order_of_events_makes_a_detail_matter(events: list[AnyEvent]) -> None:
    story = Story()
    story.arrives()
    all_is_judged_alike(*shed([*story.told, *events]))
