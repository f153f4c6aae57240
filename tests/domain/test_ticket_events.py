from typing import get_args

import msgspec
import pytest

from agent.domain.ticket_events import AnyTicketEvent, TicketOpened
from tests.domain.offices import wib
from tests.domain.ticket_story import NAMES, event, opened

AT = wib("2026-07-06 10:00")
EVENTS: list[AnyTicketEvent] = [
    opened(AT),
    event("to lkpp", AT),
    *(event(name, AT) for name in NAMES),
]


def test_the_list_has_every_kind_of_event() -> None:
    assert {type(told) for told in EVENTS} == set(get_args(AnyTicketEvent))


@pytest.mark.parametrize("told", EVENTS, ids=lambda told: type(told).__name__)
def test_an_event_is_the_same_after_it_was_kept_as_json(told: AnyTicketEvent) -> None:
    kept = msgspec.json.encode(told)
    assert msgspec.json.decode(kept, type=AnyTicketEvent) == told
    assert msgspec.json.decode(kept)["event"] == type(told).__name__


def test_an_opening_without_its_priority_is_not_read() -> None:
    kept = msgspec.json.decode(msgspec.json.encode(opened(AT)))
    del kept["choice"]
    with pytest.raises(msgspec.ValidationError, match="choice"):
        msgspec.convert(kept, TicketOpened)
