"""The floor: which operators there are, who is free since when, and which callers wait.

First come, first served; the operator who was idle the longest is offered first. Who has let two
calls in a row ring out is believed away: he is offered after all others, for an office whose only
operator was out for a moment must not be without one until he comes back and does something.
"""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from agent.domain.events import NumberPair
from agent.domain.identifiers import CallId, OperatorId

AWAY_AFTER = 2
"""Missed calls in a row."""


class OperatorState(msgspec.Struct, frozen=True, kw_only=True):
    """One operator as the floor sees him; idle since he was reachable and without a call."""

    operator: OperatorId
    name: str
    reachable: bool
    idle_since: datetime
    misses: int = 0
    """Calls in a row that rang out at his telephone."""
    busy_with: CallId | None = None
    previous: NumberPair | None = None


class Waiting(msgspec.Struct, frozen=True):
    """A call that waits; `since` is its entry into the queue, kept through failed offers."""

    call_id: CallId
    since: datetime
    tried: tuple[OperatorId, ...] = ()


class Match(msgspec.Struct, frozen=True):
    """This call is offered this operator."""

    call_id: CallId
    operator: OperatorState


class Floor(msgspec.Struct, frozen=True):
    """Operators by account, and the waiting calls."""

    operators: dict[OperatorId, OperatorState] = {}
    waiting: tuple[Waiting, ...] = ()


def seek(floor: Floor, waiting: Waiting) -> Floor:
    """A call begins to wait, or waits on with other operators tried."""
    others = tuple(w for w in floor.waiting if w.call_id != waiting.call_id)
    queue = sorted((*others, waiting), key=lambda w: w.since)
    return replace(floor, waiting=tuple(queue))


def stop_seeking(floor: Floor, call_id: CallId) -> Floor:
    """A call waits no more."""
    return replace(floor, waiting=tuple(w for w in floor.waiting if w.call_id != call_id))


def release(
    floor: Floor,
    call_id: CallId,
    operator: OperatorId,
    at: datetime,
    numbers: NumberPair | None = None,
    *,
    answered: bool = False,
    missed: bool = False,
) -> Floor:
    """The operator has no call any more; a release by a call that does not hold him is ignored."""
    state = floor.operators.get(operator)
    if state is None or state.busy_with != call_id:
        return floor
    freed = replace(
        state,
        busy_with=None,
        idle_since=at,
        previous=numbers or state.previous,
        misses=0 if answered else state.misses + missed,
    )
    return replace(floor, operators={**floor.operators, operator: freed})


def hold(floor: Floor, call_id: CallId, operator: OperatorId) -> Floor:
    """The operator is in this call, known from its record after a restart."""
    state = floor.operators.get(operator)
    if state is None:
        return floor
    held = replace(state, busy_with=call_id)
    return replace(floor, operators={**floor.operators, operator: held})


def update_roster(
    floor: Floor, roster: dict[OperatorId, str], reachable: set[OperatorId], at: datetime
) -> Floor:
    """Operators as the office has them now, and whose telephones can be reached now."""
    states = {}
    for operator, name in roster.items():
        known = floor.operators.get(operator)
        ready = operator in reachable
        if known is None:
            known = OperatorState(operator=operator, name=name, reachable=ready, idle_since=at)
        if ready and not known.reachable:
            known = replace(known, idle_since=at, misses=0)
        states[operator] = replace(known, name=name, reachable=ready)
    for operator, known in floor.operators.items():
        if operator not in states and known.busy_with:  # removed while talking: let him finish
            states[operator] = replace(known, reachable=False)
    return replace(floor, operators=states)


def match(floor: Floor) -> tuple[Floor, tuple[Match, ...]]:
    """Offer idle operators to waiting calls, each once; matched calls leave the queue."""
    matches: list[Match] = []
    for waiting in floor.waiting:
        free = sorted(
            (
                state
                for state in floor.operators.values()
                if state.reachable and not state.busy_with and state.operator not in waiting.tried
            ),
            key=lambda state: (state.misses >= AWAY_AFTER, state.idle_since, state.operator),
        )
        if free:
            matches.append(Match(waiting.call_id, free[0]))
            floor = hold(stop_seeking(floor, waiting.call_id), waiting.call_id, free[0].operator)
    return floor, tuple(matches)
