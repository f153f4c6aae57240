"""The floor: which operators there are, who is free since when, and which callers wait.

First come, first served; the operator who was idle the longest is offered first. Who has let two
calls in a row ring out is believed away: he is offered after all others, for an office whose only
operator was out for a moment must not be without one until he comes back and does something.
Who is paused or in wrap-up is offered nothing; callers wait for him as for one who talks.
"""

from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from agent.domain.events import NumberPair
from agent.domain.identifiers import CallId, OperatorId
from agent.domain.presence import Paused, Presence, PresenceKind, Ready, WrapUp

NO_WRAP_UP = timedelta(0)
AWAY_AFTER = 2
"""Missed calls in a row."""


class OperatorState(msgspec.Struct, frozen=True, kw_only=True):
    """One operator as the floor sees him; idle since he was reachable, ready and without a call."""

    operator: OperatorId
    name: str
    reachable: bool
    idle_since: datetime
    presence: Presence
    misses: int = 0
    """Calls in a row that rang out at his telephone."""
    busy_with: CallId | None = None
    previous: NumberPair | None = None

    @property
    def free(self) -> bool:
        """Whether a call may be offered to him."""
        return self.reachable and self.busy_with is None and isinstance(self.presence, Ready)

    @property
    def kind(self) -> PresenceKind:
        """His presence as it stands on record; a telephone that is gone ends all but a pause."""
        if isinstance(self.presence, Paused):
            return "paused"
        if not self.reachable:
            return "away"
        return "wrap_up" if isinstance(self.presence, WrapUp) else "ready"


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
    wrap_up: timedelta = NO_WRAP_UP,
) -> Floor:
    """The operator has no call any more; a release by a call that does not hold him is ignored.

    A call that he had answered is followed by so much time to finish with it, unless he is paused.
    """
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
    if answered and wrap_up and not isinstance(state.presence, Paused):
        freed = replace(freed, presence=WrapUp(at, at + wrap_up, call_id))
    return _with(floor, freed)


def pause(floor: Floor, operator: OperatorId, reason: str, at: datetime) -> Floor:
    """He is offered nothing from now on; a call that he has or that rings at his goes on."""
    state = floor.operators.get(operator)
    if state is None:
        return floor
    if isinstance(state.presence, Paused) and state.presence.reason == reason:
        return floor
    return _with(floor, replace(state, presence=Paused(reason, at)))


def ready(floor: Floor, operator: OperatorId, at: datetime) -> Floor:
    """He takes calls again, and is there; idle from now on unless he was ready before."""
    state = floor.operators.get(operator)
    if state is None:
        return floor
    if not isinstance(state.presence, Ready):
        state = replace(state, presence=Ready(at), idle_since=at)
    return _with(floor, replace(state, misses=0))


def end_wrap_ups(floor: Floor, at: datetime) -> Floor:
    """Who has had his time to finish is ready since it was over."""
    for state in floor.operators.values():
        if isinstance(state.presence, WrapUp) and state.presence.until <= at:
            over = state.presence.until
            floor = _with(
                floor,
                replace(state, presence=Ready(over), idle_since=max(over, state.idle_since)),
            )
    return floor


def hold(floor: Floor, call_id: CallId, operator: OperatorId) -> Floor:
    """The operator is in this call, known from its record after a restart."""
    state = floor.operators.get(operator)
    if state is None:
        return floor
    return _with(floor, replace(state, busy_with=call_id))


def update_roster(
    floor: Floor, roster: dict[OperatorId, str], reachable: set[OperatorId], at: datetime
) -> Floor:
    """Operators as the office has them now, and whose telephones can be reached now."""
    states = {}
    for operator, name in roster.items():
        known = floor.operators.get(operator)
        here = operator in reachable
        if known is None:
            known = OperatorState(
                operator=operator, name=name, reachable=here, idle_since=at, presence=Ready(at)
            )
        if here and not known.reachable:
            known = replace(known, idle_since=at, misses=0)
            if isinstance(known.presence, Ready):
                known = replace(known, presence=Ready(at))
        states[operator] = replace(known, name=name, reachable=here)
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
                if state.free and state.operator not in waiting.tried
            ),
            key=lambda state: (state.misses >= AWAY_AFTER, state.idle_since, state.operator),
        )
        if free:
            matches.append(Match(waiting.call_id, free[0]))
            floor = hold(stop_seeking(floor, waiting.call_id), waiting.call_id, free[0].operator)
    return floor, tuple(matches)


def _with(floor: Floor, state: OperatorState) -> Floor:
    return replace(floor, operators={**floor.operators, state.operator: state})
