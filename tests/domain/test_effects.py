import msgspec

from agent.domain.call import decide
from agent.domain.effects import AnyEffect, RingOperator
from tests.domain.story import (
    CALLER,
    FIRST,
    MORNING,
    Effects,
    Story,
    queueing,
    reading_numbers,
    solved,
    talking,
    talking_with_form,
)


def wishes() -> Effects:
    """The wishes of a few whole stories."""
    given_up, read = queueing(), reading_numbers()
    given_up.offered()
    given_up.fires("longest_wait")
    read.presses("*0")
    read.hangs_up(FIRST)
    found: list[AnyEffect] = []
    handed = talking_with_form()
    handed.presses("*8*7")
    handed.ticket()
    supervised = talking()
    supervised.calls_supervisor()
    supervised.supervisor_joins()
    for story in (supervised, given_up, read, solved(), handed):
        call = None
        for event in story.told:
            decision = decide(call, event)
            call = decision.call
            found += decision.effects
    return tuple(found)


def test_every_kind_of_wish_is_the_same_after_its_way_through_json() -> None:
    effects = wishes()
    decoder = msgspec.json.Decoder(tuple[AnyEffect, ...])
    assert decoder.decode(msgspec.json.encode(effects)) == effects
    assert {type(effect) for effect in effects} == set(AnyEffect.__args__)


def test_a_wish_is_told_apart_by_its_name_and_leaves_out_what_is_usual() -> None:
    story = Story(start=MORNING)
    content = [msgspec.json.decode(msgspec.json.encode(effect)) for effect in story.arrives()]
    assert content == [
        {"effect": "AnswerCaller", "channel": CALLER},
        {"effect": "StartTimer", "timer": "welcome", "seconds": 45.0},
    ]


def test_an_operator_sees_who_calls() -> None:
    rings = [effect for effect in wishes() if isinstance(effect, RingOperator)]
    assert {ring.caller_shown for ring in rings} == {"+62 811-234-567"}
