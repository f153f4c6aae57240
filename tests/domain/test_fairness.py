"""Callers beside each other: in turn, and each operator with one of them at a time."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.domain.call import CallUnknown, replay
from agent.domain.call_state import Stage
from agent.domain.consultation import RECONCILED
from agent.domain.events import AnyEvent, OperatorRinging
from agent.domain.fairness import LONGEST, Course, Met, Wait, Watch, follow
from agent.domain.floor import Floor
from tests.domain.busy_floor import BusyFloor
from tests.domain.story import (
    BUDI,
    CALLER,
    FIRST,
    MORNING,
    SITI,
    Story,
    handed_talk,
    queueing,
    ringing,
    solved,
)


def course_of(story: Story, number: int = 1, later_s: float = 0) -> Course:
    """A story's course, under a form number of its own and so many seconds later."""
    later = timedelta(seconds=later_s)
    moved = [replace(event, at=event.at + later) for event in story.told]
    course = follow(enumerate(moved, start=1))
    return replace(course, call=replace(course.call, form_number=f"{number:04d}"))


def met(*courses: Course) -> list[tuple[str, str]]:
    """How the calls met, in the order of their arrival."""
    watch = Watch()
    found: list[Met] = []
    for course in sorted(courses, key=lambda course: course.call.arrived.at):
        found += watch.look(course)
    return [(one.how, one.form_number) for one in found]


# A call's course


def test_a_course_ends_with_the_call_as_it_is_replayed_and_knows_when_it_waited() -> None:
    story = ringing()
    story.after(5).hangs_up(FIRST, 17)
    story.after(5).fires("new_round")
    story.after(3).offered(BUDI)
    course = follow(enumerate(story.told, start=1))
    assert course.call == replay(story.told)
    first = MORNING + timedelta(seconds=8.1)
    assert course.waits == (
        Wait(first, first + timedelta(seconds=2), ()),
        Wait(first + timedelta(seconds=7.2), first + timedelta(seconds=12.2), (SITI,)),
        Wait(first + timedelta(seconds=12.2), first + timedelta(seconds=15.2), ()),
    )


def test_what_follows_a_gap_keeps_its_place() -> None:
    story = solved()
    log = list(enumerate(story.told, start=1))
    kept = [(place, event) for place, event in log if not isinstance(event, OperatorRinging)]
    assert len(kept) < len(log)
    call = follow(kept).call
    assert (call.ended, call.events) == (story.call.ended, story.call.events)


@pytest.mark.parametrize("log", [[], [(2, queueing().told[1])]])
def test_a_log_that_does_not_begin_with_the_arrival_is_refused(
    log: list[tuple[int, AnyEvent]],
) -> None:
    with pytest.raises(CallUnknown):
        follow(log)


# Turns


def waits_for_a_minute() -> Story:
    return queueing().after(60)


def answered_at_once(operator: str = SITI) -> Story:
    story = queueing()
    story.offered(SITI if operator == SITI else BUDI)
    story.answers()
    story.after(10).hangs_up(CALLER)
    story.hangs_up(FIRST)
    return story


def test_one_who_waits_while_a_later_one_is_given_an_operator_was_overtaken() -> None:
    first, later = course_of(waits_for_a_minute()), course_of(answered_at_once(), 2, later_s=5)
    assert met(first, later) == [("overtaken", "0001")]
    assert met(later, first) == [("overtaken", "0001")]


def test_whom_the_exchange_served_by_itself_overtook_nobody() -> None:
    by_exchange = course_of(handed_talk(), 2, later_s=5)
    assert by_exchange.call.queued
    assert met(course_of(waits_for_a_minute()), by_exchange) == []


def test_the_first_entry_into_the_queue_is_his_turn_also_after_a_failed_offer() -> None:
    story = ringing()
    story.after(5).hangs_up(FIRST, 17)
    story.after(60)
    first = course_of(story)
    assert met(first, course_of(answered_at_once(BUDI), 2, later_s=10)) == [("overtaken", "0001")]
    assert met(first, course_of(answered_at_once(SITI), 2, later_s=10)) == [("passed_over", "0001")]


def test_each_caller_is_told_of_once_whoever_overtook_him() -> None:
    others = [course_of(answered_at_once(), number, later_s=5 * number) for number in (2, 3, 4)]
    found = met(course_of(waits_for_a_minute()), *others)
    assert [one for one in found if one[0] == "overtaken"] == [("overtaken", "0001")]


@pytest.mark.parametrize("later_s", [-5, 0, 61, 0.5])
def test_one_who_came_before_or_had_his_operator_first_overtakes_nobody(later_s: float) -> None:
    story = queueing().after(60)
    story.offered(BUDI)
    story.after(10).hangs_up(CALLER)
    story.hangs_up(FIRST)
    assert met(course_of(story), course_of(answered_at_once(), 2, later_s=later_s)) == []


# Operators


def test_an_operator_in_two_calls_or_rung_for_two_is_found() -> None:
    first = course_of(solved())
    assert met(first, course_of(solved(), 2, later_s=5)) == [("in_two_calls", "0002")]
    rung = ringing().after(20)
    rung.hangs_up(CALLER)
    rung.hangs_up(FIRST)
    assert met(first, course_of(rung, 2, later_s=5)) == [("rung_for_two", "0002")]
    assert met(first, course_of(solved(), 2, later_s=120)) == []
    other = [replace(offer, operator=BUDI) for offer in first.call.offers]
    budi = replace(first, call=replace(first.call, offers=tuple(other), form_number="0002"))
    assert met(first, budi) == []


def test_an_operator_whose_end_was_only_found_later_may_have_been_in_another_call() -> None:
    story = ringing()
    story.after(4).answers()
    story.after(600).hangs_up(FIRST, source=RECONCILED)
    story.hangs_up(CALLER, source=RECONCILED)
    assert met(course_of(story), course_of(solved(), 2, later_s=60)) == [
        ("end_found_later", "0002")
    ]


def test_a_call_that_is_over_is_forgotten_and_one_without_an_end_after_a_day() -> None:
    endless = course_of(queueing())
    assert endless.over == endless.call.arrived.at + LONGEST
    watch = Watch()
    for course in (endless, course_of(solved(), 2), course_of(solved(), 3, later_s=600)):
        watch.look(course)
    assert watch.remembered == 2
    watch.look(course_of(solved(), 4, later_s=90000))
    assert watch.remembered == 1


# The floor itself

MOVES = st.one_of(
    st.tuples(st.sampled_from(["after"]), st.floats(0.1, 20)),
    st.tuples(st.sampled_from(["arrive", "leave"])),
    st.tuples(
        st.sampled_from(["answer", "reject", "finish", "pause", "ready"]),
        st.sampled_from([SITI, BUDI]),
    ),
)


def play(floor: BusyFloor, moves: Iterable[tuple[str, object]]) -> list[tuple[str, str]]:
    for move, *what in moves:
        getattr(floor, move)(*what)
    return met(*(follow(enumerate(log, start=1)) for log in floor.logs.values()))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(MOVES, max_size=80), st.sampled_from([0.0, 7.0]))
def test_whatever_people_do_the_floor_serves_in_turn(
    moves: list[tuple[str, object]], wrap_up_s: float
) -> None:
    """Also while some are paused or in wrap-up: who takes no calls overtakes nobody."""
    assert {how for how, _ in play(BusyFloor(wrap_up_s=wrap_up_s), moves)} <= {"passed_over"}


def test_callers_who_wait_for_paused_operators_are_served_in_turn_when_one_is_ready() -> None:
    floor = BusyFloor()
    moves = [("pause", SITI), ("pause", BUDI), ("arrive",), ("after", 10), ("arrive",)]
    assert play(floor, moves) == []  # type: ignore[arg-type]  # of any length
    assert all(call.stage is Stage.QUEUEING for call in floor.calls.values())
    moves = [("after", 10), ("ready", BUDI), ("answer", BUDI), ("after", 10), ("finish", BUDI)]
    assert play(floor, [*moves, ("answer", BUDI)]) == []  # type: ignore[list-item]  # the same
    assert [call.offers[-1].operator for call in floor.calls.values()] == [BUDI, BUDI]


def test_a_floor_that_serves_the_last_one_first_is_found() -> None:
    moves = [("arrive",), ("answer", SITI), ("arrive",), ("answer", BUDI)]
    moves += [("after", 10), ("arrive",), ("after", 10), ("arrive",), ("after", 10)]
    moves += [("finish", SITI), ("after", 10), ("finish", BUDI)]
    assert play(BusyFloor(), moves) == []  # type: ignore[arg-type]  # of any length

    def last_first(floor: Floor) -> Floor:
        return replace(
            floor, waiting=tuple(sorted(floor.waiting, key=lambda w: w.since, reverse=True))
        )

    spoilt = play(BusyFloor(last_first), moves)  # type: ignore[arg-type]
    assert spoilt == [("overtaken", "0003/FK-TLP/LPSE.BTG/2026")]
