from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.domain.consultation import Outcome
from agent.domain.deviation_words import Verdict
from agent.domain.office_time import local
from agent.domain.recap import RecapCall, RecapDeviation
from agent.domain.recap_tally import OfficerTally, RecapTally
from tests.domain.recap_calls import MIDNIGHT, MISSING, any_calls, november

CALLS = st.lists(any_calls(), max_size=12)


def tallied(calls: list[RecapCall], zone: str = "WIB") -> RecapTally:
    tally = RecapTally(zone)
    for call in calls:
        tally.add(call)
    return tally


@given(CALLS, st.sampled_from(["WIB", "WITA", "WIT"]))
def test_totals_add_up_whatever_the_calls_are(calls: list[RecapCall], zone: str) -> None:
    totals = tallied(calls, zone).totals
    assert totals.differences() == []
    assert totals.offered == len(calls)
    counted = Counter(call.outcome for call in calls)
    assert totals.outcomes == {outcome: counted[outcome] for outcome in Outcome}
    without = sum(counted[o] for o in (Outcome.SILENT, Outcome.PRANK, Outcome.WRONG_NUMBER))
    assert totals.consultations == len(calls) - without
    hours = Counter(local(call.arrived_at, zone).hour for call in calls)
    assert totals.hours == [hours[hour] for hour in range(24)]


@given(CALLS)
def test_who_was_no_consultation_changes_calls_and_nothing_else(calls: list[RecapCall]) -> None:
    pranks = [replace(call, outcome=Outcome.PRANK) for call in calls]
    before, after = tallied(calls), tallied([*calls, *pranks])
    assert after.totals.consultations == before.totals.consultations
    assert after.totals.handling == before.totals.handling
    assert after.totals.deviations == before.totals.deviations
    assert after.steps == before.steps
    assert after.totals.offered == 2 * len(calls)


@given(CALLS, st.randoms(use_true_random=False))
def test_the_order_of_the_calls_does_not_matter(calls: list[RecapCall], chance: object) -> None:
    shuffled = sorted(calls, key=lambda call: (call.outcome, call.arrived_at))
    assert tallied(shuffled).totals == tallied(calls).totals


@given(CALLS)
def test_parts_of_the_service_figures_are_never_more_than_their_wholes(
    calls: list[RecapCall],
) -> None:
    of = tallied(calls).service
    assert of.in_time <= of.answered <= of.received - of.dropped_soon
    assert of.in_time_from_arrival <= of.answered
    assert of.left_queue_soon <= of.left_queue <= of.queued
    assert of.solved <= of.decided <= of.received
    assert of.without_deviation <= of.judged <= of.answered == len(of.waits_s)
    assert of.solved_once <= of.decided_followed <= of.followed <= of.judged
    assert of.called_again <= of.followed
    assert len(of.after_calls_s) == len(of.handlings_s) <= len(of.talks_s)
    times = (*of.waits_s, *of.talks_s, *of.after_calls_s, *of.handlings_s)
    assert all(seconds >= 0 for seconds in times)


@given(CALLS)
def test_every_answered_call_is_one_officers(calls: list[RecapCall]) -> None:
    tally = tallied(calls)
    officers = tally.officers.values()
    assert sum(of.answered for of in officers) == tally.service.answered
    for of in officers:
        assert of.explained <= of.deviations >= of.excused + of.upheld
        assert of.with_deviation <= min(of.answered, of.deviations)


def test_an_officers_deviations_are_counted_by_what_was_said_of_them() -> None:
    def late(step: str, explanation: str | None, verdict: Verdict | None) -> RecapDeviation:
        return RecapDeviation("time", step, 1.0, 2.0, 1.0, "met_late", explanation, verdict)

    call = RecapCall(
        form_number="1",
        outcome=Outcome.SOLVED,
        arrived_at=MIDNIGHT,
        answered_at=MIDNIGHT,
        operator="op-101",
        operator_name="Siti Aminah",
        deviations=(
            late("2", "telepon rusak", "excused"),
            late("3", None, "upheld"),
            late("7", "lupa", None),
            RecapDeviation("equipment", "1", None, None, None, "record_lost"),
        ),
    )
    clean, prank = replace(call, deviations=()), replace(call, outcome=Outcome.PRANK)
    unanswered = replace(call, answered_at=None)
    officers = tallied([call, clean, prank, unanswered]).officers
    assert officers == {"op-101": OfficerTally("Siti Aminah", 3, 1, 3, 2, 1, 1)}


def test_equipment_that_was_missing_beyond_a_call_is_counted_with_that_of_calls() -> None:
    calls = november(200)
    before, tally = tallied(calls).totals, tallied(calls)
    for missing in (*MISSING, MISSING[0]):
        tally.add_equipment(missing)
    after = tally.totals
    assert after.differences() == []
    assert after.deviations["equipment"] == before.deviations["equipment"] + 3
    assert after.deviations_by_step["equipment archive"] == 2
    assert after.with_deviation == before.with_deviation, "consultations alone"


def test_differences_are_seen() -> None:
    tally = tallied(november(20))
    assert tally.totals.differences() == []
    tally.totals.hours[9] += 1
    assert len(tally.totals.differences()) == 1
    tally.totals.offered += 1
    assert len(tally.totals.differences()) > 1


def test_each_call_counts_by_its_own_clock() -> None:
    call = RecapCall(form_number="1", outcome=Outcome.SOLVED, arrived_at=MIDNIGHT)

    def after(**seconds: float) -> RecapCall:
        return replace(
            call, **{key: MIDNIGHT + timedelta(seconds=value) for key, value in seconds.items()}
        )

    left = Outcome.ABANDONED_WAITING
    of = tallied(
        [
            after(queued_at=12, answered_at=42, ended_at=100),  # 30 s in the queue, 42 in all
            after(queued_at=12, answered_at=42.1, ended_at=100),
            after(answered_at=30),  # by the exchange alone
            replace(after(queued_at=12, ended_at=17), outcome=left),
            replace(after(queued_at=12, ended_at=17.1), outcome=left),
            replace(after(ended_at=5), outcome=Outcome.ABANDONED_IN_WELCOME),
            replace(after(ended_at=5.1), outcome=Outcome.ABANDONED_IN_WELCOME),
            replace(after(queued_at=12, answered_at=13), outcome=Outcome.IN_PROGRESS),
        ]
    ).service
    assert (of.received, of.dropped_soon, of.answered) == (7, 1, 3)
    assert (of.in_time, of.in_time_from_arrival) == (2, 1)
    assert (of.queued, of.left_queue, of.left_queue_soon) == (4, 2, 1)
    assert of.talks_s == [58.0, 57.9]
