"""The consultation as the SOP judges it: outcome, steps with their proof, deviations.

Everything here is computed from the call's stored facts, so a live call, a replay and a later
recomputation give the same answer.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from agent.domain.call_form import NO_CONSULTATION
from agent.domain.call_state import Call, Moment, Stage
from agent.domain.proofs import ANCHORS, ON_FORM, PROOFS, numbers_heard
from agent.domain.sop import Sop, SopStep


class Outcome(StrEnum):
    """How a call ended; every call has exactly one, and together they are the calls offered."""

    IN_PROGRESS = "in_progress"
    ABANDONED_IN_WELCOME = "abandoned_in_welcome"
    ABANDONED_WAITING = "abandoned_waiting"
    UNANSWERED = "unanswered"
    SOLVED = "solved"
    ESCALATED = "escalated"
    DROPPED_BY_CALLER = "dropped_by_caller"
    UNDECIDED = "undecided"
    INTERRUPTED = "interrupted"
    VOICEMAIL = "voicemail"
    REFERRED = "referred"
    SILENT = "silent"
    PRANK = "prank"
    WRONG_NUMBER = "wrong_number"


StepState = Literal["met", "running", "unmet", "not_applicable"]
Reason = Literal[
    "met_late",
    "not_met_in_time",
    "identity_not_recorded",
    "ended_without_decision",
    "form_incomplete",
    "solution_not_recorded",
    "not_handed_over",
    "caller_left_before_hearing",
    "numbers_not_heard",
    "handled_without_the_service",
    "record_lost",
]
"""Why the judge finds a deviation."""


class Evidence(msgspec.Struct, frozen=True):
    """One proven fact: what, when, by whose word, and its place in the call's log."""

    fact: str
    at: datetime
    source: str
    event: int


class StepRecord(msgspec.Struct, frozen=True, omit_defaults=False):
    """One step of one consultation; seconds from the anchor to the proof."""

    step: str
    activity: str
    state: StepState
    limit_s: float | None
    started_at: datetime | None
    met_at: datetime | None
    seconds: float | None
    evidence: tuple[Evidence, ...]


class Deviation(msgspec.Struct, frozen=True):
    """A departure from the standard that somebody answers for, with its proof."""

    kind: Literal["time", "output", "equipment"]
    step: str
    limit_s: float | None
    measured_s: float | None
    excess_s: float | None
    operator: str | None
    reason: str
    events: tuple[int, ...]


class Judgement(msgspec.Struct, frozen=True):
    """What the SOP says of one call."""

    outcome: Outcome
    steps: tuple[StepRecord, ...]
    deviations: tuple[Deviation, ...]


WRITTEN_ON_FORM = ("identity_recorded", "decided", "solution_recorded")
"""Steps that the form may still meet after the call, until it is archived."""
RECONCILED = "reconciled"
"""Source of a hang-up that nobody reported: the leg was found to be gone."""


def outcome_of(call: Call) -> Outcome:
    """The call's one outcome."""
    if call.stage not in (Stage.ENDED, Stage.ARCHIVED):
        return Outcome.IN_PROGRESS
    if call.decision:
        referred = call.decision == "solved" and call.outcome_told == Outcome.REFERRED
        return Outcome.REFERRED if referred else Outcome(call.decision)
    if call.conversation and call.outcome_told in NO_CONSULTATION:
        return Outcome(call.outcome_told)
    if call.voicemail:
        return Outcome.VOICEMAIL
    if call.conversation:
        if left_first(call) == "caller":
            return Outcome.DROPPED_BY_CALLER
        return Outcome.UNDECIDED if left_first(call) == "operator" else Outcome.INTERRUPTED
    if call.gave_up:
        return Outcome.UNANSWERED
    if call.caller_gone and call.caller_gone.source.startswith(RECONCILED):
        return Outcome.INTERRUPTED
    return Outcome.ABANDONED_WAITING if call.queued else Outcome.ABANDONED_IN_WELCOME


def left_first(call: Call) -> Literal["caller", "operator", "nobody"]:
    """Who ended the conversation; nobody when its end was only found later, or was Asterisk's."""
    if call.conversation and call.conversation.hung_up:
        return "operator"
    caller, operator = call.caller_gone, call.operator_gone
    first = min((m for m in (caller, operator) if m), key=lambda m: m.at, default=None)
    if first is None or first == call.by_exchange or first.source.startswith(RECONCILED):
        return "nobody"
    return "operator" if first is operator and first is not caller else "caller"


def judge(call: Call, sop: Sop, *, archiving: bool = False) -> Judgement:
    """Steps with their clocks and the deviations, by this revision of the SOP.

    `archiving` is how the form itself tells it, on which nothing more will be written.
    """
    steps = tuple(_record(call, step, archiving) for step in sop.steps)
    deviations = tuple(
        deviation
        for step, record in zip(sop.steps, steps, strict=True)
        for deviation in _deviations(call, step, record, archiving)
    )
    return Judgement(outcome_of(call), steps, (*_equipment(call), *deviations))


def _equipment(call: Call) -> tuple[Deviation, ...]:
    """The SOP counts a deviation in equipment too: here the service itself was away (step 1)."""
    moment = call.by_exchange or call.adopted
    if moment is None:
        return ()
    reason: Reason = "handled_without_the_service" if call.by_exchange else "record_lost"
    return (Deviation("equipment", "1", None, None, None, None, reason, (moment.event,)),)


def _record(call: Call, step: SopStep, archiving: bool) -> StepRecord:
    proofs = PROOFS[step.met_by](call)
    started = ANCHORS[step.anchor](call) if step.anchor else None
    applies = step.branch in (None, call.decision)
    met = max((m for _, m in proofs), key=lambda m: m.at) if proofs and applies else None
    state: StepState = "met" if met else "running"
    if not met and not applies and (call.decision or call.ended):
        state = "not_applicable"
    elif not met and _closed_by(call, step, archiving):
        state = "unmet" if call.conversation or step.met_by == "notice_heard" else "not_applicable"
    evidence = [("clock_started", started)] if started else []
    evidence += proofs
    # Two clocks can differ by a hair (the archive's is the agent's): never negative.
    seconds = max(0.0, (met.at - started.at).total_seconds()) if met and started else None
    return StepRecord(
        step=step.step,
        activity=step.activity,
        state=state,
        limit_s=step.limit_s,
        started_at=started.at if started and applies else None,
        met_at=met.at if met else None,
        seconds=seconds,
        evidence=tuple(Evidence(fact, m.at, m.source, m.event) for fact, m in evidence)
        if applies
        else (),
    )


def _closed_by(call: Call, step: SopStep, archiving: bool) -> tuple[Moment, ...]:
    """What ended the last chance to meet the step; nothing while there still is one.

    Form, archive and message come after the call.
    """
    if call.ended is None or step.met_by == "form_archived":
        return ()
    if call.rules.form and step.met_by in WRITTEN_ON_FORM:
        if call.archived:
            return (call.ended, call.archived)
        return (call.ended,) if archiving else ()
    if step.met_by == "numbers_heard" and numbers_heard(call):
        if call.hand_over_awaited:
            return ()
        if call.hand_over_given_up:
            return (call.ended, call.hand_over_given_up)
    return (call.ended,)


def _deviations(call: Call, step: SopStep, record: StepRecord, archiving: bool) -> list[Deviation]:
    """Nobody answers for a call that never reached an operator, or that the system cut.

    Nor for what could not be proved because the service was away: that is the equipment's fault.
    And a silent call, a prank or a wrong number is no consultation.
    """
    talk = call.conversation
    if not talk or call.by_exchange or call.adopted:
        return []
    if outcome_of(call) in NO_CONSULTATION:
        return []
    if call.ended and left_first(call) == "nobody":
        return []
    found: list[Deviation] = []
    proof = [evidence.event for evidence in record.evidence]

    def add(
        kind: Literal["time", "output"], measured: float | None, reason: Reason, *more: Moment
    ) -> None:
        limit = step.limit_s if kind == "time" else None
        excess = round(measured - limit, 6) if measured is not None and limit is not None else None
        events = tuple(dict.fromkeys((*proof, *(moment.event for moment in more))))
        found.append(
            Deviation(kind, step.step, limit, measured, excess, talk.operator, reason, events)
        )

    measured, closed_by = _measured(call, record), _closed_by(call, step, archiving)
    if step.limit_s is not None and measured is not None and measured > step.limit_s:
        if record.state == "met":
            add("time", measured, "met_late")
        else:
            add("time", measured, "not_met_in_time", *closed_by)
    if record.state == "unmet" and (reason := _output_missing(call, step)):
        add("output", None, reason, *closed_by)
    if record.state == "met" and closed_by and (lacking := _lacking(call, step)):
        add("output", None, "form_incomplete", lacking, *closed_by)
    return found


def _lacking(call: Call, step: SopStep) -> Moment | None:
    """When the form came to lack what had met the step; the clock keeps what was there first."""
    if not call.rules.form or step.actor != "helpdesk":
        return None
    return call.form_lacking.get(ON_FORM.get(step.met_by, ""))


def _measured(call: Call, record: StepRecord) -> float | None:
    """Seconds on the step's clock, to its proof or else to the end of the call."""
    if record.seconds is not None:
        return record.seconds
    if record.state != "unmet" or not record.started_at or not call.ended:
        return None
    return max(0.0, (call.ended.at - record.started_at).total_seconds())


def _output_missing(call: Call, step: SopStep) -> Reason | None:
    """Why an output is missing for which the officer answers; None where the caller just left."""
    first = left_first(call)
    match step.met_by:
        case "identity_recorded" if step.actor == "helpdesk" and (
            call.decision or first == "operator"
        ):
            return "identity_not_recorded"
        case "decided" if first == "operator":
            return "ended_without_decision"
        case "solution_recorded":
            return "solution_not_recorded"
        case "numbers_heard" if numbers_heard(call):
            return "not_handed_over"
        case "numbers_heard":
            return "caller_left_before_hearing" if first == "caller" else "numbers_not_heard"
        case _:
            return None
