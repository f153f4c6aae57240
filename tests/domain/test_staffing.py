from math import factorial, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.staffing import (
    MOST_OPERATORS,
    StaffingGoal,
    StaffingInvalid,
    blocked,
    staff_needed,
    staffed,
    waiting,
    week_needed,
)

EIGHTY_TWENTY = StaffingGoal(0.8, 20.0, 180.0)
loads = st.floats(0.01, 300.0)
goals = st.builds(
    StaffingGoal, st.floats(0.05, 0.99), st.floats(0.0, 300.0), st.floats(5.0, 1800.0)
)


@pytest.mark.parametrize(
    ("operators", "load", "share"),
    [
        # Erlang B tables: 1 % at 4.46 erlang on 10 lines, at 12.03 on 20, at 84.06 on 100.
        (10, 4.461, 0.01),
        (20, 12.03, 0.01),
        (100, 84.06, 0.01),
        (1, 1.0, 0.5),
        (2, 1.0, 0.2),
        (10, 10.0, 0.2146),
    ],
)
def test_lines_are_busy_as_the_tables_of_erlang_b_say(
    operators: int, load: float, share: float
) -> None:
    assert blocked(operators, load) == pytest.approx(share, abs=5e-5)


@pytest.mark.parametrize(
    ("operators", "wait", "level"),
    [(11, 0.682, 0.390), (12, 0.449, 0.640), (13, 0.285, 0.796), (14, 0.174, 0.888)],
)
def test_the_usual_worked_example_comes_out(operators: int, wait: float, level: float) -> None:
    """100 calls in half an hour of 3 minutes each, 80 % within 20 s: 14 operators."""
    staff = staffed(200.0, operators, EIGHTY_TWENTY)
    assert waiting(operators, 10.0) == pytest.approx(wait, abs=6e-4)
    assert staff.level == pytest.approx(level, abs=6e-4)


def test_the_usual_worked_example_needs_fourteen_operators() -> None:
    staff = staff_needed(200.0, EIGHTY_TWENTY)
    assert staff.operators == 14
    assert staff.wait_s == pytest.approx(7.8, abs=0.05)
    assert staff.occupancy == pytest.approx(0.714, abs=5e-4)


@given(st.integers(1, 25), st.floats(0.01, 30.0))
def test_the_recursion_is_the_formula_of_the_book(operators: int, load: float) -> None:
    terms = [load**k / factorial(k) for k in range(operators + 1)]
    assert blocked(operators, load) == pytest.approx(terms[-1] / sum(terms), rel=1e-9)


@given(st.integers(1, 2000), st.floats(0.01, 3000.0))
def test_shares_stay_shares_whatever_the_size(operators: int, load: float) -> None:
    assert 0.0 <= blocked(operators, load) <= waiting(operators, load) <= 1.0


@given(st.integers(1, 300), loads)
def test_one_operator_more_never_makes_it_worse(operators: int, load: float) -> None:
    assert waiting(operators + 1, load) <= waiting(operators, load) + 1e-12


@given(loads, goals)
def test_the_goal_is_reached_and_with_one_less_it_is_not(load: float, goal: StaffingGoal) -> None:
    calls = load * 3600.0 / goal.handling_s
    staff = staff_needed(calls, goal)
    assert staff.level >= goal.share
    assert 0 < staff.occupancy < 1
    assert staffed(calls, staff.operators - 1, goal).level < goal.share


def test_too_few_operators_never_catch_up() -> None:
    staff = staffed(200.0, 10, EIGHTY_TWENTY)
    assert (staff.level, staff.occupancy, staff.wait_s) == (0.0, 1.0, inf)


def test_where_nobody_calls_nobody_is_needed() -> None:
    week = week_needed([[0.0] * 24, [0.0] * 9 + [4.0] + [0.0] * 14], EIGHTY_TWENTY)
    assert [hour.operators for hour in week[0]] == [0] * 24
    assert [hour.operators for hour in week[1] if hour.calls] == [1]


@pytest.mark.parametrize(
    "goal", [(0.0, 20.0, 180.0), (1.0, 20.0, 180.0), (0.8, -1.0, 180.0), (0.8, 20.0, 0.0)]
)
def test_a_goal_that_nobody_can_have_is_refused(goal: tuple[float, float, float]) -> None:
    with pytest.raises(StaffingInvalid):
        StaffingGoal(*goal)


def test_a_load_beyond_every_office_is_refused() -> None:
    with pytest.raises(StaffingInvalid, match=str(MOST_OPERATORS)):
        staff_needed(1e6, EIGHTY_TWENTY)
