"""Which call a channel, playback or bridge belongs to; the dispatcher's work has its own test."""

import pytest

from agent.domain.identifiers import CallId, bridge_of, operator_channel, playback_of
from agent.runtime.dispatcher import call_of

CALL = CallId("0123456789abcdef")


def test_every_id_of_our_own_making_leads_back_to_its_call() -> None:
    for own in (bridge_of(CALL), operator_channel(CALL, 1), playback_of(CALL, 123)):
        assert call_of(own) == CALL


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "lpse-",
        "lpse",
        "1795338000.7",
        "lpse-0123456789ABCDEF",
        "lpse-0123-o",
        "lpse-0123-x1",
        "lpse-0123-o1\n",
        " lpse-0123",
        "lpse-0123-o1;2",
        "PJSIP/op-101-00000001",
    ],
)
def test_an_id_that_somebody_else_made_belongs_to_no_call(foreign: str) -> None:
    assert call_of(foreign) is None
