"""The totals of a recap, counted call by call, so that they add up whatever the calls are."""

from datetime import datetime

import msgspec

from agent.domain.consultation import Outcome
from agent.domain.equipment import EquipmentDeviation
from agent.domain.office_time import local
from agent.domain.recap import TIMED_STEPS, Handling, RecapCall

WITHIN_S = 30.0
"""Permenkominfo 16/2013 art. 15: an officer answers within 30 seconds."""
SHORT_S = 5.0
"""The same: who puts the telephone down within 5 seconds is not counted as received."""
DEVIATION_KINDS = ("time", "output", "equipment")
_DECIDED = (Outcome.SOLVED, Outcome.REFERRED, Outcome.ESCALATED)
_LEFT = (Outcome.ABANDONED_IN_WELCOME, Outcome.ABANDONED_WAITING)


class StepTally(msgspec.Struct):
    """All times of one step, and how many of them kept its limit.

    What is late or missing counts where it is a deviation: nobody answers for a call that was cut,
    nor the officer for a caller who left at once.
    """

    step: str
    limits_s: list[float] = []
    """Its limits in the period, lowest first; more than one where the procedure was revised."""
    seconds: list[float] = []
    """Of those that were met."""
    within: int = 0
    unmet: int = 0


class RecapTotals(msgspec.Struct):
    """What is counted of a period; every list of parts adds up to its whole."""

    offered: int = 0
    outcomes: dict[str, int] = {}
    consultations: int = 0
    """Calls with a row: all but silent ones, pranks and wrong numbers."""
    no_consultations: int = 0
    handling: dict[str, int] = {}
    hours: list[int] = []
    """Calls that arrived in each hour of the office's day."""
    weekdays: list[int] = []
    """The same from Monday to Sunday."""
    categories: dict[str, int] = {}
    """Consultations by the category on their form; the empty key where it has none."""
    deviations: dict[str, int] = {}
    """By kind."""
    deviations_by_step: dict[str, int] = {}
    """By kind and step, as "time 2"; beyond a call by what was missing, as "equipment recap"."""
    with_deviation: int = 0
    """Consultations with at least one deviation."""

    def differences(self) -> list[str]:
        """Sums that do not add up; always empty, and asked before a recap leaves the house."""
        sums = {
            "outcomes": (sum(self.outcomes.values()), self.offered),
            "consultations": (self.consultations + self.no_consultations, self.offered),
            "handling": (sum(self.handling.values()), self.consultations),
            "hours": (sum(self.hours), self.offered),
            "weekdays": (sum(self.weekdays), self.offered),
            "categories": (sum(self.categories.values()), self.consultations),
            "deviations": (sum(self.deviations.values()), sum(self.deviations_by_step.values())),
        }
        return [
            f"{name}: {got} is not {whole}" for name, (got, whole) in sums.items() if got != whole
        ]


class ServiceCounts(msgspec.Struct):
    """What the service figures are made of; calls that go on still are in none of them."""

    received: int = 0
    dropped_soon: int = 0
    answered: int = 0
    in_time: int = 0
    in_time_from_arrival: int = 0
    queued: int = 0
    left_queue: int = 0
    left_queue_soon: int = 0
    solved: int = 0
    decided: int = 0
    judged: int = 0
    """Consultations with an officer, who answers for deviations."""
    without_deviation: int = 0
    followed: int = 0
    """The same, of which it is known whether the caller's number called again within a week."""
    called_again: int = 0
    decided_followed: int = 0
    solved_once: int = 0
    waits_s: list[float] = []
    """From the queue to the officer's answer."""
    talks_s: list[float] = []
    after_calls_s: list[float] = []
    """From the end of the call to the archived form, of calls that an officer answered."""
    handlings_s: list[float] = []
    """Talk and what came after it, of the same calls."""


class OfficerTally(msgspec.Struct):
    """What one officer answered, and the deviations in time and output that he answers for."""

    name: str = ""
    answered: int = 0
    with_deviation: int = 0
    deviations: int = 0
    explained: int = 0
    excused: int = 0
    upheld: int = 0


class RecapTally:
    """Adds up the calls of a period by the clock of the office."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self.totals = RecapTotals(
            outcomes={outcome.value: 0 for outcome in Outcome},
            handling={handling.value: 0 for handling in Handling},
            hours=[0] * 24,
            weekdays=[0] * 7,
            deviations=dict.fromkeys(DEVIATION_KINDS, 0),
        )
        self.service = ServiceCounts()
        self.steps = {step: StepTally(step) for step in TIMED_STEPS}
        self.officers: dict[str, OfficerTally] = {}
        """By account; calls whose officer nobody knows under the empty one."""

    def add(self, call: RecapCall) -> None:
        """Count one call."""
        totals, arrived = self.totals, local(call.arrived_at, self._zone)
        totals.offered += 1
        totals.outcomes[call.outcome] += 1
        totals.hours[arrived.hour] += 1
        totals.weekdays[arrived.weekday()] += 1
        if call.handling is None:
            totals.no_consultations += 1
        else:
            totals.consultations += 1
            totals.handling[call.handling] += 1
            category = call.fields.get("category", "")
            totals.categories[category] = totals.categories.get(category, 0) + 1
            self._add_deviations(call)
            self._add_steps(call)
        if call.outcome != Outcome.IN_PROGRESS:
            self._add_service(call)

    def add_equipment(self, missing: EquipmentDeviation) -> None:
        """Count equipment that was missing for more than one call."""
        self._count_deviation("equipment", missing.kind)

    def _add_deviations(self, call: RecapCall) -> None:
        self.totals.with_deviation += bool(call.deviations)
        for deviation in call.deviations:
            self._count_deviation(deviation.kind, deviation.step)

    def _count_deviation(self, kind: str, of: str) -> None:
        totals, key = self.totals, f"{kind} {of}"
        totals.deviations[kind] += 1
        totals.deviations_by_step[key] = totals.deviations_by_step.get(key, 0) + 1

    def _add_steps(self, call: RecapCall) -> None:
        deviating = {of.step for of in call.deviations if of.kind != "equipment"}
        for time in call.steps:
            step = self.steps.get(time.step)
            if step is None or time.limit_s is None:
                continue
            if time.limit_s not in step.limits_s:
                step.limits_s = sorted([*step.limits_s, time.limit_s])
            if time.state == "met" and time.seconds is not None:
                within = time.seconds <= time.limit_s
                step.within += within
                if within or time.step in deviating:
                    step.seconds.append(time.seconds)
            elif time.state == "unmet":
                step.unmet += time.step in deviating

    def _add_service(self, call: RecapCall) -> None:
        service = self.service
        service.received += 1
        service.queued += call.queued_at is not None
        service.solved += call.outcome == Outcome.SOLVED
        service.decided += call.outcome in _DECIDED
        if call.answered_at is None:
            soon = _is_soon(call.arrived_at, call.ended_at)
            service.dropped_soon += call.outcome in _LEFT and soon
            left_queue = call.outcome == Outcome.ABANDONED_WAITING and call.queued_at is not None
            service.left_queue += left_queue
            service.left_queue_soon += left_queue and _is_soon(call.queued_at, call.ended_at)
            return
        service.answered += 1
        service.in_time_from_arrival += _seconds(call.arrived_at, call.answered_at) <= WITHIN_S
        # A caller whom the exchange alone brought to an officer was in no queue of ours.
        wait = _seconds(call.queued_at or call.arrived_at, call.answered_at)
        service.in_time += wait <= WITHIN_S
        service.waits_s.append(wait)
        if call.ended_at:
            talk = _seconds(call.answered_at, call.ended_at)
            service.talks_s.append(talk)
            if call.archived_at:
                after = _seconds(call.ended_at, call.archived_at)
                service.after_calls_s.append(after)
                service.handlings_s.append(talk + after)
        if call.is_consultation:
            service.judged += 1
            service.without_deviation += not call.deviations
            self._add_followed(call)
        self._add_officer(call)

    def _add_followed(self, call: RecapCall) -> None:
        if call.called_again is None:
            return
        service = self.service
        service.followed += 1
        service.called_again += call.called_again
        service.decided_followed += call.outcome in _DECIDED
        service.solved_once += call.outcome == Outcome.SOLVED and not call.called_again

    def _add_officer(self, call: RecapCall) -> None:
        account = call.operator or ""
        officer = self.officers.setdefault(account, OfficerTally())
        officer.name = call.operator_name or account
        officer.answered += 1
        if not call.is_consultation:
            return
        own = [of for of in call.deviations if of.kind != "equipment"]
        officer.with_deviation += bool(own)
        officer.deviations += len(own)
        officer.explained += sum(of.explanation is not None for of in own)
        officer.excused += sum(of.verdict == "excused" for of in own)
        officer.upheld += sum(of.verdict == "upheld" for of in own)


def _is_soon(begins_at: datetime | None, ends_at: datetime | None) -> bool:
    return begins_at is not None and ends_at is not None and _seconds(begins_at, ends_at) <= SHORT_S


def _seconds(begins_at: datetime, ends_at: datetime) -> float:
    # An adopted call may have been answered before it is known to have arrived.
    return max(0.0, (ends_at - begins_at).total_seconds())
