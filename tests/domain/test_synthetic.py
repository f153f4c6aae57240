"""A made-up call is a true call: its log replays to it, and its outcome is the one of its plot."""

from typing import get_args

import msgspec
import pytest

from agent.domain.call import replay
from agent.domain.call_state import Stage
from agent.domain.consultation import judge
from agent.domain.synthetic import LINE, Kind, tell
from tests.domain.made_up import FORM, MORNING, SOP, plot


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_plot_comes_to_its_outcome_and_is_replayed_to_the_same_call(kind: Kind) -> None:
    told = tell(plot(kind), MORNING, "WIB", SOP.name, FORM)
    last = told[-1].call
    assert judge(last, SOP).outcome == kind
    assert last.stage is Stage.ARCHIVED
    assert replay(one.event for one in told) == last
    assert [one.call.events for one in told] == list(range(1, len(told) + 1))
    assert last.line == LINE


@pytest.mark.parametrize(
    ("changes", "step"),
    [({"greeting_s": 12.0}, "2"), ({"identity_s": 130.0}, "3"), ({"archive_s": 700.0}, "7")],
)
def test_what_takes_too_long_is_a_deviation_of_its_step(
    changes: dict[str, float], step: str
) -> None:
    assert judge(tell(plot(), MORNING, "WIB", SOP.name, FORM)[-1].call, SOP).deviations == ()
    late = tell(plot(**changes), MORNING, "WIB", SOP.name, FORM)[-1].call
    assert [deviation.step for deviation in judge(late, SOP).deviations] == [step]


@pytest.mark.parametrize(
    ("user_type", "of"), [("penyedia", "business_name"), ("ppk", "institution")]
)
def test_the_form_has_all_that_steps_three_and_six_need(user_type: str, of: str) -> None:
    call = tell(plot(user_type=user_type), MORNING, "WIB", SOP.name, FORM)[-1].call
    assert {"3", "6"} <= set(call.complete_now)
    assert of in call.form.shown
    assert ("npwp" in call.form.shown) == (user_type == "penyedia")


def test_whatever_is_the_calls_own_is_a_mark() -> None:
    content = msgspec.json.encode(tell(plot("escalated"), MORNING, "WIB", SOP.name, FORM)).decode()
    for name in ("call", "form", "ticket", "operator", "phone", "caller_name", "problem"):
        assert f"@@{name}@@" in content
    assert "Budi Santoso" not in content
