from agent.domain.events import LegHungUp
from tests.domain.story import (
    CALLER,
    FIRST,
    awaiting_ticket,
    connecting,
    queueing,
    reading_numbers,
    ringing,
    talking,
    welcoming,
)


def test_a_moment_names_the_event_that_is_being_decided() -> None:
    call = queueing().call
    gone = LegHungUp(at=call.arrived.at, source="ARI", channel=CALLER)
    moment = call.moment(gone)
    assert (moment.at, moment.source, moment.event) == (call.arrived.at, "ARI", call.events)


def test_an_offer_counts_until_it_failed() -> None:
    story = queueing()
    assert story.call.offer is None
    story.offered()
    assert story.call.offer is not None
    story.hangs_up(FIRST)
    assert story.call.offer is None
    assert len(story.call.offers) == 1


def test_an_operator_who_was_connected_counts_also_when_he_left() -> None:
    story = talking()
    assert story.call.operator_gone is None
    story.after(10).hangs_up(FIRST)
    assert story.call.conversation is not None
    assert story.call.operator_gone is not None
    assert story.call.operator_gone.at == story.now


def test_there_is_a_conversation_only_when_both_legs_are_connected() -> None:
    for make in (queueing, ringing, connecting):
        assert make().call.conversation is None
        assert make().call.operator_gone is None
    story = connecting()
    story.connected(FIRST)
    assert story.call.conversation is None
    story.connected(CALLER)
    assert story.call.conversation is not None


def test_a_call_is_of_whose_telephone_rings_for_it_and_then_of_who_talks() -> None:
    for make in (ringing, connecting, talking):
        call = make().call
        assert [call.is_of(name) for name in ("op-101", "op-102", None)] == [True, False, False]
    for make, his in ((talking, True), (ringing, False)):
        story = make()
        story.after(10).hangs_up(FIRST)
        assert story.call.is_of("op-101") is his, "merely rung, it is his no more"
    assert not queueing().call.is_of(None)


def test_a_leg_awaits_the_numbers_from_the_decision_to_the_end_of_their_prompt() -> None:
    assert not talking().call.reading_numbers_to(FIRST)
    story = awaiting_ticket()
    assert story.call.reading_numbers_to(FIRST)
    assert story.call.reading_numbers_to(CALLER)
    story = reading_numbers()
    assert [p.prompt for p in story.call.playing(FIRST)] == ["numbers"]
    story.prompt_finished(6)
    assert not story.call.reading_numbers_to(FIRST)
    assert story.call.reading_numbers_to(CALLER)


def test_a_caller_awaits_no_numbers_that_are_for_the_operator_alone() -> None:
    story = awaiting_ticket("operator")
    assert story.call.reading_numbers_to(FIRST)
    assert not story.call.reading_numbers_to(CALLER)


def test_the_last_known_moment_is_that_of_whatever_was_told_last() -> None:
    story = welcoming()
    assert story.call.last_known == story.now
    story.after(3).prompt_finished(1)
    assert story.call.last_known == story.now
    story = talking()
    assert story.call.last_known == story.now
    story.after(2).speaks()
    assert story.call.last_known == story.now
