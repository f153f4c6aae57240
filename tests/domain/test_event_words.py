"""The words themselves are seen in tests/commands/test_timeline.py."""

from agent.domain.event_words import event_told, who
from agent.domain.events import DigitPressed, LegHungUp
from tests.domain.story import CALLER, FIRST, talking


def test_a_line_says_whose_leg_it_was() -> None:
    call = talking().call
    assert who(call, CALLER) == "penelepon"
    assert who(call, FIRST) == "operator op-101"
    assert who(call, "other") == "saluran other"


def test_what_people_did_is_said_in_their_words() -> None:
    story = talking()
    pressed = DigitPressed(at=story.now, channel=FIRST, digit="*")
    assert event_told(story.call, pressed) == "Operator op-101 menekan *"
    gone = LegHungUp(at=story.now, channel=CALLER, cause=16)
    assert event_told(story.call, gone) == "Saluran penelepon berakhir: ditutup"
