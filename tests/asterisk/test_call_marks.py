import msgspec
import pytest

from agent.asterisk.call_marks import longest_wait, parse_marks, render_marks
from agent.domain.call_state import Call
from agent.domain.rules import CallRules
from agent.runtime.doors import CallMarks
from tests.domain.story import CALL, FIRST, FORM, SITI, queueing, talking


def reported(call: Call, **unreported: str) -> dict[str, str]:
    """What Asterisk then tells of the channel: only what it was asked to report."""
    body = msgspec.json.decode(msgspec.json.encode(render_marks(call, 3, **unreported)))
    values = body["variables"].items()
    return {k: v["value"] for k, v in values if isinstance(v, dict) and v["report_events"]}


def test_a_channel_tells_its_call_and_form_and_the_operator_with_his_leg() -> None:
    assert parse_marks(reported(talking().call)) == CallMarks(CALL, FORM, SITI, FIRST)


def test_a_caller_who_waits_has_no_operator() -> None:
    assert parse_marks(reported(queueing().call)) == CallMarks(CALL, FORM)


def test_a_channel_tells_under_which_owner_it_was_marked_last() -> None:
    assert reported(talking().call)["LPSE_EPOCH"] == "3"


def test_what_is_for_asterisk_alone_is_not_reported() -> None:
    assert "TIMEOUT(absolute)" not in reported(talking().call, **{"TIMEOUT(absolute)": "60"})


def test_asterisk_sends_nobody_on_while_the_agent_may_still_let_a_telephone_ring() -> None:
    rules = CallRules(sop="SOP", longest_wait_seconds=3600.0, ring_seconds=25.5)
    [(variable, seconds)] = longest_wait(rules).items()
    assert variable == "TIMEOUT(absolute)"
    assert int(seconds) > 3600 + 25.5 + 60


def test_a_channel_that_was_never_marked_tells_nothing() -> None:
    assert parse_marks({}) is None
    assert parse_marks({"LPSE_CALL": CALL}) is None


@pytest.mark.parametrize("call", ["../../etc/x", "a/b", "/x", "..", "A\0", "a" * 33, "c0ffee\n"])
def test_a_channel_that_tells_what_is_no_calls_id_was_not_marked_by_us(call: str) -> None:
    assert parse_marks({"LPSE_CALL": call, "LPSE_FORM": FORM}) is None
