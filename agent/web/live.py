"""What goes on now, as pages and programs see it: the floor, every living call, one's own call.

Made anew from the runtime's own memory whenever something changed; no clock is sent but moments,
from which a page counts by itself.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from agent.domain.call_state import Call, Stage
from agent.domain.consultation import StepState, judge
from agent.domain.events import SupervisionMode
from agent.domain.floor import Floor
from agent.domain.identifiers import CallId, OperatorId
from agent.domain.presence import Paused
from agent.domain.rights import mask_number
from agent.domain.sop import Sop

OperatorActivity = Literal["ready", "paused", "wrap_up", "ringing", "talking", "away"]


class LiveStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a living call; a page counts from `started_at` while it runs."""

    step: str
    activity: str
    state: StepState
    limit_s: float | None
    started_at: datetime | None
    met_at: datetime | None
    seconds: float | None


class LiveCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that is not over, without who calls."""

    form_number: str
    ticket_number: str | None
    stage: Stage
    caller: str
    """Masked."""
    operator: OperatorId | None
    supervisor: str | None
    """The name of who is with them now."""
    supervision: SupervisionMode | None
    """Whether he listens, whispers or has joined."""
    arrived_at: datetime
    queued_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    steps: list[LiveStep]
    """Those whose clock runs."""


class LiveOperator(msgspec.Struct, frozen=True, kw_only=True):
    """An operator and what he does, and since when."""

    operator: OperatorId
    name: str
    activity: OperatorActivity
    since: datetime
    form_number: str | None
    reason: str | None
    """A code of the office's list, while he is paused."""


class LiveFloor(msgspec.Struct, frozen=True, kw_only=True):
    """The whole floor at one moment."""

    now: datetime
    calls: list[LiveCall]
    operators: list[LiveOperator]


class LiveCalls:
    """Every call as it is shown, judged anew only when it has changed since it was shown last."""

    def __init__(self, sops: dict[str, Sop]) -> None:
        self._sops = sops
        self._shown: dict[CallId, tuple[Call, LiveCall]] = {}

    def of(self, calls: Iterable[Call]) -> list[LiveCall]:
        """These calls, in their order; others are forgotten."""
        before = self._shown
        self._shown = {}
        for call in calls:
            known = before.get(call.call_id)
            self._shown[call.call_id] = (
                known if known and known[0] is call else (call, live_call(call, self._sops))
            )
        return [shown for _, shown in self._shown.values()]


def live_floor(now: datetime, calls: Iterable[Call], floor: Floor, shown: LiveCalls) -> LiveFloor:
    """The floor as all who may see it see it."""
    living = sorted((c for c in calls if c.ended is None), key=lambda c: c.arrived.at)
    return LiveFloor(
        now=now,
        calls=shown.of(living),
        operators=live_operators(floor, living),
    )


def live_call(call: Call, sops: dict[str, Sop]) -> LiveCall:
    """One call, with the steps whose clocks run."""
    offer = call.conversation or call.offer
    session = call.supervision
    return LiveCall(
        form_number=call.form_number,
        ticket_number=call.ticket_number,
        stage=call.stage,
        caller=mask_number(call.caller.shown),
        operator=offer.operator if offer and not offer.ended else None,
        supervisor=session.name if session else None,
        supervision=session.mode if session else None,
        arrived_at=call.arrived.at,
        queued_at=call.queued.at if call.queued else None,
        answered_at=offer.answered.at if offer and offer.answered else None,
        ended_at=call.ended.at if call.ended else None,
        steps=[
            step
            for step in live_steps(call, sops)
            if step.state == "running" and step.started_at and step.limit_s
        ],
    )


def live_steps(call: Call, sops: dict[str, Sop]) -> list[LiveStep]:
    """Every step of its procedure, by the same judgement as the record's."""
    sop = sops.get(call.rules.sop)
    if sop is None:
        return []
    return [
        LiveStep(
            step=step.step,
            activity=step.activity,
            state=step.state,
            limit_s=step.limit_s,
            started_at=step.started_at,
            met_at=step.met_at,
            seconds=step.seconds,
        )
        for step in judge(call, sop).steps
    ]


def live_operators(floor: Floor, calls: Iterable[Call]) -> list[LiveOperator]:
    """All operators on duty, by account."""
    busy = {call.call_id: call for call in calls}
    found = []
    for state in sorted(floor.operators.values(), key=lambda state: state.operator):
        call = busy.get(state.busy_with) if state.busy_with else None
        offer = (
            next((o for o in reversed(call.offers) if o.operator == state.operator), None)
            if call
            else None
        )
        activity: OperatorActivity = state.kind
        since = state.idle_since if activity == "away" else state.presence.since
        if offer:
            activity = "talking" if offer.answered else "ringing"
            since = (offer.answered or offer.offered).at
        found.append(
            LiveOperator(
                operator=state.operator,
                name=state.name,
                activity=activity,
                since=since,
                form_number=call.form_number if call and offer else None,
                reason=state.presence.reason if isinstance(state.presence, Paused) else None,
            )
        )
    return found


def call_of(calls: Iterable[Call], operator: OperatorId) -> Call | None:
    """The call that an operator's page shows: the one that he has, or else his last unfinished."""
    own = [call for call in calls if any(o.operator == operator for o in call.offers)]
    after = unfinished_of(own, operator)
    return call_at(own, operator) or (after[-1] if after else None)


def call_at(calls: Iterable[Call], operator: OperatorId) -> Call | None:
    """The call that rings at an operator's telephone or that he has answered there."""
    now = [
        call
        for call in calls
        if call.offer and call.offer.operator == operator and not call.offer.ended
    ]
    return now[-1] if now else None


def unfinished_of(calls: Iterable[Call], operator: OperatorId) -> list[Call]:
    """Calls that he had and whose forms he has not finished, oldest first."""
    found = [
        call
        for call in calls
        if call.conversation
        and call.conversation.operator == operator
        and call.conversation.ended
        and not (call.form_finished or call.archived)
    ]
    return sorted(found, key=lambda call: call.arrived.at)
