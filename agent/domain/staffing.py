"""How many operators an office needs for its calls: Erlang's C formula.

Callers come at random, wait in one queue and do not give up; a conversation takes as long as any
other on average. So it asks for rather too many operators than too few. Erlang B is computed by its
recursion, which has no factorial and no power that could overflow, and C from B.
"""

from collections.abc import Sequence
from math import exp

import msgspec

AN_HOUR_S = 3600.0
MOST_OPERATORS = 1000
"""More is no office; a load that needs them is a slip of the finger."""


class StaffingInvalid(ValueError):
    """No staff can be computed from this; the message says in one sentence why."""


class StaffingGoal(msgspec.Struct, frozen=True):
    """This share of the callers is answered within so many seconds; each takes `handling_s`."""

    share: float
    within_s: float
    handling_s: float

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise StaffingInvalid("The share to be answered in time lies between 0 and 1.")
        if not 0 <= self.within_s <= AN_HOUR_S or not 0 < self.handling_s <= AN_HOUR_S:
            raise StaffingInvalid("Seconds to the answer and of handling are at most an hour.")


class Staff(msgspec.Struct, frozen=True):
    """How many operators one hour needs, and what its callers and operators then live through."""

    operators: int
    calls: float
    level: float
    """Share answered in time."""
    occupancy: float
    """Share of their time in which operators talk or write."""
    wait_s: float
    """Mean over all callers, those too who do not wait."""


def blocked(operators: int, load: float) -> float:
    """Erlang B: the share of callers who find all operators busy where nobody may wait.

    `load` is in erlang: calls in a second times seconds of handling.
    """
    share = 1.0
    for count in range(1, operators + 1):
        share = load * share / (count + load * share)
    return share


def waiting(operators: int, load: float) -> float:
    """Erlang C: the share of callers who have to wait; all, where the load is too much."""
    if load >= operators:
        return 1.0
    share = blocked(operators, load)
    return operators * share / (operators - load * (1.0 - share))


def staffed(calls: float, operators: int, goal: StaffingGoal) -> Staff:
    """What so many operators make of so many calls in an hour; an endless wait is infinite."""
    load = calls * goal.handling_s / AN_HOUR_S
    if load <= 0:
        return Staff(operators, calls, 1.0, 0.0, 0.0)
    wait = waiting(operators, load)
    spare = operators - load
    if spare <= 0:
        return Staff(operators, calls, 0.0, 1.0, float("inf"))
    level = 1.0 - wait * exp(-spare * goal.within_s / goal.handling_s)
    return Staff(operators, calls, level, load / operators, wait * goal.handling_s / spare)


def staff_needed(calls: float, goal: StaffingGoal) -> Staff:
    """The fewest operators that reach the goal; nobody where nobody calls.

    Raises StaffingInvalid when it would take more than MOST_OPERATORS.
    """
    operators = int(calls * goal.handling_s / AN_HOUR_S)
    while operators <= MOST_OPERATORS:
        staff = staffed(calls, operators, goal)
        if staff.level >= goal.share:
            return staff
        operators += 1
    raise StaffingInvalid(f"This takes more than {MOST_OPERATORS} operators.")


def week_needed(
    load: Sequence[Sequence[float]], goal: StaffingGoal
) -> tuple[tuple[Staff, ...], ...]:
    """The staff of each hour of each weekday, from the calls that come in each.

    Raises StaffingInvalid.
    """
    return tuple(tuple(staff_needed(calls, goal) for calls in hours) for hours in load)
