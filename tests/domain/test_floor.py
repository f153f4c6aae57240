from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from agent.domain.events import NumberPair
from agent.domain.floor import (
    Floor,
    Match,
    OperatorState,
    Waiting,
    end_wrap_ups,
    hold,
    match,
    pause,
    ready,
    release,
    seek,
    stop_seeking,
    update_roster,
)
from agent.domain.identifiers import CallId, OperatorId
from agent.domain.presence import Paused, Ready, WrapUp

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
A, B, C = CallId("a"), CallId("b"), CallId("c")
SITI, BUDI = OperatorId("op-101"), OperatorId("op-102")
ROSTER = {SITI: "Siti", BUDI: "Budi"}


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def staffed(reachable: set[OperatorId] | None = None) -> Floor:
    return update_roster(Floor(), ROSTER, ROSTER.keys() if reachable is None else reachable, NOON)  # type: ignore[arg-type]  # keys are a set too


def offered(floor: Floor) -> tuple[Floor, list[tuple[str, str]]]:
    floor, matches = match(floor)
    return floor, [(m.call_id, m.operator.operator) for m in matches]


def test_the_longest_waiting_call_is_served_first_whoever_sought_first() -> None:
    floor = staffed({SITI})
    floor = seek(floor, Waiting(B, at(2)))
    floor = seek(floor, Waiting(A, at(1)))
    floor, matches = offered(floor)
    assert matches == [(A, SITI)]
    assert [w.call_id for w in floor.waiting] == [B]


def test_a_call_keeps_its_place_through_a_failed_offer() -> None:
    floor = seek(staffed(set()), Waiting(A, at(1)))
    floor = seek(floor, Waiting(B, at(2)))
    floor = seek(floor, Waiting(A, at(1), (SITI,)))
    assert [w.call_id for w in floor.waiting] == [A, B]
    assert floor.waiting[0].tried == (SITI,)


def test_the_operator_who_was_idle_the_longest_is_offered_first() -> None:
    floor = hold(hold(staffed(), A, SITI), B, BUDI)
    floor = release(floor, B, BUDI, at(10))
    floor = release(floor, A, SITI, at(20))
    assert offered(seek(floor, Waiting(C, at(30))))[1] == [(C, BUDI)]


def missed(floor: Floor, times: int) -> Floor:
    for count in range(times):
        floor = release(hold(floor, A, SITI), A, SITI, at(count), missed=True)
    return floor


def test_who_let_two_calls_in_a_row_ring_out_is_offered_after_all_others() -> None:
    late = release(hold(missed(staffed(), 1), A, BUDI), A, BUDI, at(50))
    assert offered(seek(late, Waiting(C, at(60))))[1] == [(C, SITI)]
    away = release(hold(missed(staffed(), 2), A, BUDI), A, BUDI, at(50))
    assert offered(seek(away, Waiting(C, at(60))))[1] == [(C, BUDI)]
    alone = seek(seek(away, Waiting(B, at(60))), Waiting(C, at(61)))
    assert offered(alone)[1] == [(B, BUDI), (C, SITI)], "an office is never without its last one"


def test_who_answers_or_comes_back_is_away_no_more() -> None:
    away = missed(staffed(), 2)
    answered = release(hold(away, A, SITI), A, SITI, at(9), answered=True)
    assert answered.operators[SITI].misses == 0
    gone = update_roster(away, ROSTER, {BUDI}, at(9))
    assert gone.operators[SITI].misses == 2
    assert update_roster(gone, ROSTER, {SITI, BUDI}, at(10)).operators[SITI].misses == 0
    left = release(hold(away, A, SITI), A, SITI, at(9))
    assert left.operators[SITI].misses == 2, "the caller left, that says nothing of him"


def test_equally_idle_operators_are_offered_in_the_order_of_their_accounts() -> None:
    assert offered(seek(staffed(), Waiting(A, NOON)))[1] == [(A, SITI)]


def test_an_operator_who_was_tried_is_passed_over_though_a_later_caller_gets_him() -> None:
    floor = seek(staffed({SITI}), Waiting(A, at(1), (SITI,)))
    floor = seek(floor, Waiting(B, at(2)))
    floor, matches = offered(floor)
    assert matches == [(B, SITI)]
    assert [w.call_id for w in floor.waiting] == [A]


def test_two_calls_are_offered_two_operators() -> None:
    floor = seek(seek(staffed(), Waiting(A, at(1))), Waiting(B, at(2)))
    floor, matches = offered(floor)
    assert matches == [(A, SITI), (B, BUDI)]
    assert offered(floor) == (floor, [])


def test_a_match_tells_who_the_operator_is_and_his_last_numbers() -> None:
    last = NumberPair("0001/FK-TLP/LPSE.BTG/2026", "26-00001-7")
    floor = release(hold(staffed({SITI}), A, SITI), A, SITI, at(5), last)
    _, matches = match(seek(floor, Waiting(B, at(6))))
    state = OperatorState(
        operator=SITI,
        name="Siti",
        reachable=True,
        idle_since=at(5),
        presence=Ready(NOON),
        previous=last,
    )
    assert matches == (Match(B, state),)


def test_a_call_that_had_no_numbers_leaves_the_operators_last_ones() -> None:
    last = NumberPair("0001/FK-TLP/LPSE.BTG/2026")
    floor = release(hold(staffed(), A, SITI), A, SITI, at(5), last)
    floor = release(hold(floor, B, SITI), B, SITI, at(9))
    assert floor.operators[SITI].previous == last
    assert floor.operators[SITI].idle_since == at(9)


def test_a_release_by_a_call_that_does_not_hold_the_operator_is_ignored() -> None:
    floor = hold(staffed(), A, SITI)
    assert release(floor, B, SITI, at(1)) == floor
    assert release(floor, A, OperatorId("op-999"), at(1)) == floor
    freed = release(floor, A, SITI, at(1))
    assert release(freed, A, SITI, at(2)) == freed


def test_a_call_that_seeks_no_more_is_offered_nobody() -> None:
    floor = stop_seeking(seek(staffed(), Waiting(A, NOON)), A)
    assert offered(floor)[1] == []
    assert stop_seeking(floor, B) == floor


def test_holding_an_operator_who_is_not_on_the_floor_does_nothing() -> None:
    assert hold(Floor(), A, SITI) == Floor()


def test_an_operator_whose_telephone_cannot_be_reached_is_not_offered() -> None:
    floor = seek(staffed({BUDI}), Waiting(A, NOON))
    floor = seek(floor, Waiting(B, at(1)))
    assert offered(floor)[1] == [(A, BUDI)]


def test_an_operator_is_idle_since_his_telephone_came_back() -> None:
    floor = staffed({BUDI})
    floor = update_roster(floor, ROSTER, {SITI, BUDI}, at(60))
    assert floor.operators[SITI].idle_since == at(60)
    assert floor.operators[BUDI].idle_since == NOON
    assert offered(seek(floor, Waiting(A, at(61))))[1] == [(A, BUDI)]


def test_a_roster_that_has_not_changed_changes_nothing() -> None:
    floor = hold(staffed(), A, SITI)
    assert update_roster(floor, ROSTER, {SITI, BUDI}, at(60)) == floor


def test_an_operator_may_be_renamed_while_he_talks() -> None:
    floor = hold(staffed(), A, SITI)
    floor = update_roster(floor, {SITI: "Siti Aminah", BUDI: "Budi"}, {SITI}, at(60))
    assert floor.operators[SITI].name == "Siti Aminah"
    assert floor.operators[SITI].busy_with == A


def test_an_operator_who_is_removed_finishes_his_call_and_gets_no_other() -> None:
    floor = hold(staffed(), A, SITI)
    floor = update_roster(floor, {}, {SITI, BUDI}, at(60))
    assert set(floor.operators) == {SITI}
    floor = release(floor, A, SITI, at(70))
    assert offered(seek(floor, Waiting(B, at(71))))[1] == []
    assert update_roster(floor, {}, set(), at(80)).operators == {}


MINUTE = timedelta(minutes=1)


def kind_of(floor: Floor, operator: OperatorId) -> str:
    return floor.operators[operator].kind


def test_who_is_paused_is_offered_nothing_and_is_idle_from_the_pauses_end() -> None:
    floor = pause(staffed(), SITI, "rapat", at(1))
    assert floor.operators[SITI].presence == Paused("rapat", at(1))
    floor = seek(seek(floor, Waiting(A, at(2))), Waiting(B, at(3)))
    floor, matches = offered(floor)
    assert matches == [(A, BUDI)]
    floor, matches = offered(ready(floor, SITI, at(9)))
    assert matches == [(B, SITI)]
    assert floor.operators[SITI].idle_since == at(9)
    assert floor.operators[SITI].presence == Ready(at(9))


def test_when_all_are_paused_callers_wait_and_the_first_is_served_first() -> None:
    floor = pause(pause(staffed(), SITI, "rapat", at(1)), BUDI, "ibadah", at(1))
    floor = seek(seek(floor, Waiting(B, at(3))), Waiting(A, at(2)))
    assert offered(floor) == (floor, [])
    assert offered(ready(floor, BUDI, at(9)))[1] == [(A, BUDI)]


def test_who_is_paused_while_he_has_a_call_keeps_it_and_gets_no_other() -> None:
    floor = pause(hold(staffed({SITI}), A, SITI), SITI, "rapat", at(1))
    assert floor.operators[SITI].busy_with == A
    floor = release(floor, A, SITI, at(5), answered=True, wrap_up=MINUTE)
    assert floor.operators[SITI].presence == Paused("rapat", at(1)), "no wrap-up ends a pause"
    floor = end_wrap_ups(floor, at(999))
    assert offered(seek(floor, Waiting(B, at(999))))[1] == []


def test_a_pause_that_is_said_again_keeps_its_beginning_and_another_reason_begins_anew() -> None:
    floor = pause(staffed(), SITI, "rapat", at(1))
    assert pause(floor, SITI, "rapat", at(5)) == floor
    other = pause(floor, SITI, "ibadah", at(5))
    assert other.operators[SITI].presence == Paused("ibadah", at(5))


def test_a_pause_outlasts_a_telephone_that_is_gone_and_comes_back() -> None:
    floor = pause(staffed(), SITI, "rapat", at(1))
    gone = update_roster(floor, ROSTER, {BUDI}, at(2))
    assert kind_of(gone, SITI) == "paused"
    back = update_roster(gone, ROSTER, {SITI, BUDI}, at(3))
    assert back.operators[SITI].presence == Paused("rapat", at(1))


def test_a_telephone_that_is_gone_takes_its_operator_away_and_brings_him_back_ready() -> None:
    gone = update_roster(staffed(), ROSTER, {BUDI}, at(2))
    assert kind_of(gone, SITI) == "away"
    back = update_roster(gone, ROSTER, {SITI, BUDI}, at(3))
    assert kind_of(back, SITI) == "ready"
    assert back.operators[SITI].presence == Ready(at(3))


def talked(floor: Floor, wrap_up: timedelta = MINUTE) -> Floor:
    return release(hold(floor, A, SITI), A, SITI, at(10), answered=True, wrap_up=wrap_up)


def test_after_an_answered_call_there_is_a_wrap_up_that_ends_by_itself() -> None:
    floor = talked(staffed({SITI}))
    assert floor.operators[SITI].presence == WrapUp(at(10), at(70), A)
    assert kind_of(floor, SITI) == "wrap_up"
    floor = seek(floor, Waiting(B, at(20)))
    assert offered(end_wrap_ups(floor, at(69)))[1] == []
    floor, matches = offered(end_wrap_ups(floor, at(80)))
    assert matches == [(B, SITI)]
    assert floor.operators[SITI].presence == Ready(at(70))
    assert floor.operators[SITI].idle_since == at(70)


def test_who_says_that_he_is_ready_ends_his_wrap_up() -> None:
    floor = ready(talked(staffed({SITI})), SITI, at(20))
    assert floor.operators[SITI].idle_since == at(20)
    assert offered(seek(floor, Waiting(B, at(20))))[1] == [(B, SITI)]


def test_without_a_wrap_up_or_an_answer_an_operator_is_ready_at_once() -> None:
    assert kind_of(talked(staffed(), timedelta(0)), SITI) == "ready"
    rang = release(hold(staffed(), A, SITI), A, SITI, at(5), missed=True, wrap_up=MINUTE)
    assert kind_of(rang, SITI) == "ready"


def test_who_says_that_he_is_ready_is_there_again_and_keeps_his_turn_if_he_was() -> None:
    floor = ready(missed(staffed(), 2), SITI, at(50))
    assert floor.operators[SITI].misses == 0
    assert floor.operators[SITI].idle_since == at(1), "he was ready before"


def test_the_presence_of_who_is_not_on_the_floor_changes_nothing() -> None:
    assert pause(Floor(), SITI, "rapat", NOON) == ready(Floor(), SITI, NOON) == Floor()


CALLS = st.sampled_from([A, B, C])
OPERATORS = st.sampled_from([OperatorId(f"op-{n}") for n in range(101, 105)])


class FloorLife(RuleBasedStateMachine):
    """Any order of seeking, releasing and roster changes, each followed by matching."""

    def __init__(self) -> None:
        super().__init__()
        self.floor = Floor()
        self.now = NOON

    def _change(self, floor: Floor) -> None:
        self.now += timedelta(seconds=1)
        floor = end_wrap_ups(floor, self.now)
        before = {s.operator: s.busy_with for s in floor.operators.values()}
        self.floor, matches = match(floor)
        assert len({m.call_id for m in matches}) == len(matches)
        assert all(before[m.operator.operator] is None for m in matches)
        assert all(isinstance(m.operator.presence, Ready) for m in matches)
        assert [m.call_id for m in matches] == [
            w.call_id for w in floor.waiting if w.call_id in {m.call_id for m in matches}
        ], "first come, first served"

    @rule(call=CALLS, tried=st.sets(OPERATORS, max_size=2))
    def call_seeks(self, call: CallId, tried: set[OperatorId]) -> None:
        self._change(seek(self.floor, Waiting(call, self.now, tuple(tried))))

    @rule(call=CALLS)
    def call_stops_seeking(self, call: CallId) -> None:
        self._change(stop_seeking(self.floor, call))

    @rule(operator=OPERATORS, reason=st.sampled_from(["rapat", "ibadah"]))
    def operator_pauses(self, operator: OperatorId, reason: str) -> None:
        busy = {s.operator: s.busy_with for s in self.floor.operators.values()}
        self._change(pause(self.floor, operator, reason, self.now))
        assert busy == {s.operator: s.busy_with for s in self.floor.operators.values()}

    @rule(operator=OPERATORS)
    def operator_is_ready(self, operator: OperatorId) -> None:
        self._change(ready(self.floor, operator, self.now))

    @rule(seconds=st.integers(1, 10))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self._change(self.floor)

    @rule(call=CALLS, operator=OPERATORS, answered=st.booleans(), wrap_up=st.integers(0, 6))
    def call_releases(
        self, call: CallId, operator: OperatorId, answered: bool, wrap_up: int
    ) -> None:
        busy = self.floor.operators.get(operator)
        time = timedelta(seconds=wrap_up)
        self._change(release(self.floor, call, operator, self.now, answered=answered, wrap_up=time))
        if busy and busy.busy_with not in (None, call):
            assert self.floor.operators[operator].busy_with == busy.busy_with

    @rule(on_duty=st.sets(OPERATORS), reachable=st.sets(OPERATORS))
    def roster_changes(self, on_duty: set[OperatorId], reachable: set[OperatorId]) -> None:
        talking = {s.operator for s in self.floor.operators.values() if s.busy_with}
        roster = {operator: operator.title() for operator in on_duty}
        self._change(update_roster(self.floor, roster, reachable, self.now))
        assert talking <= {s.operator for s in self.floor.operators.values() if s.busy_with}

    @invariant()
    def nobody_waits_while_a_fitting_operator_is_idle(self) -> None:
        idle = {
            s.operator
            for s in self.floor.operators.values()
            if s.reachable and not s.busy_with and isinstance(s.presence, Ready)
        }
        assert all(idle <= set(waiting.tried) for waiting in self.floor.waiting)

    @invariant()
    def the_queue_is_in_order_and_names_each_call_once(self) -> None:
        since = [waiting.since for waiting in self.floor.waiting]
        assert since == sorted(since)
        assert len({w.call_id for w in self.floor.waiting}) == len(since)


FloorLife.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, derandomize=True
)
TestFloorLife = FloorLife.TestCase


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.permutations([A, B, C]))
def test_whoever_waited_longest_is_first_in_whatever_order_they_are_entered(
    order: list[CallId],
) -> None:
    floor = staffed({SITI})
    for call in order:
        floor = seek(floor, Waiting(call, at(ord(call))))
    assert offered(floor)[1] == [(A, SITI)]
