"""Real calls, recorded at a real Asterisk, give the same judgement again.

Beside each recording lies what the live service judged of it. A recording tells by its name what
the people did; how to make one stands in the README.
"""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from agent.commands.replay import decisions, read_recording
from agent.domain.call import decide, replay
from agent.domain.call_form import NO_CONSULTATION
from agent.domain.call_state import Stage
from agent.domain.consultation import Judgement, Outcome, judge
from agent.domain.events import CallArrived, OperatorOffered
from agent.domain.sop import parse_sop
from agent.settings import DATA

FOLDER = Path(__file__).parents[1] / "recordings"
RECORDINGS = sorted(FOLDER.glob("*.jsonl"))
PROCEDURE = parse_sop(tomllib.loads((DATA / "sop" / "SOP-LPSE.BTG-017.toml").read_text()))


def judged_live(recording: Path) -> Judgement:
    return msgspec.json.decode(recording.with_suffix(".judged.json").read_bytes(), type=Judgement)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_a_replay_judges_as_the_live_call_was_judged(recording: Path) -> None:
    call = replay(read_recording(recording))
    assert judge(call, PROCEDURE) == judged_live(recording)
    assert call.stage is Stage.ARCHIVED


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_every_recorded_event_taught_something_and_none_does_twice(recording: Path) -> None:
    """The log holds no event that changed nothing, so its places are those that proofs name."""
    events = read_recording(recording)
    for place, (event, decision) in enumerate(decisions(events), start=1):
        assert decision.call.events == place
        again = decide(decision.call, event)
        assert again.call.stage == decision.call.stage
        assert (again.call.decision, again.call.ended) == (
            decision.call.decision,
            decision.call.ended,
        )


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_nobody_can_be_recognised(recording: Path) -> None:
    for event in read_recording(recording):
        if isinstance(event, CallArrived) and event.caller.raw:
            assert event.caller.number == "+6281100000000"
        if isinstance(event, OperatorOffered):
            assert re.fullmatch(r"op-\d+", event.name)


def test_there_are_human_stories_of_every_kind() -> None:
    outcomes = {judged_live(recording).outcome for recording in RECORDINGS}
    assert len(RECORDINGS) >= 10
    told_on_the_form = {Outcome(outcome) for outcome in (*NO_CONSULTATION, "referred")}
    living = {Outcome.IN_PROGRESS, Outcome.INTERRUPTED}
    assert outcomes == set(Outcome) - living - told_on_the_form
    assert any(judged_live(recording).deviations for recording in RECORDINGS)
