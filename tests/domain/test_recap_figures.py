from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.domain.consultation import Outcome
from agent.domain.recap import RecapCall, RecapDeviation, StepTime
from agent.domain.recap_figures import percentile, service_figures, step_figures
from agent.domain.recap_tally import RecapTally
from tests.domain.recap_calls import MIDNIGHT, any_calls, november


def tallied(calls: list[RecapCall]) -> RecapTally:
    tally = RecapTally("WIB")
    for call in calls:
        tally.add(call)
    return tally


@given(st.lists(any_calls(), max_size=12))
def test_a_share_is_its_parts_by_its_whole_and_lies_between_none_and_all(
    calls: list[RecapCall],
) -> None:
    for figure in service_figures(tallied(calls)):
        if figure.unit == "share":
            counts = figure.counts
            if "received" in counts:
                whole = counts["received"] - counts["dropped"]
            else:
                whole = (
                    counts["whole"] if "whole" in counts else counts["answered"] + counts["left"]
                )
            assert figure.value == (counts["part"] / whole if whole else None)
            assert figure.value is None or 0 <= figure.value <= 1
        else:
            assert (figure.value is None) == (figure.counts["count"] == 0)
            assert figure.value is None or figure.value >= 0


def test_the_service_level_leaves_out_who_left_at_once() -> None:
    tally = RecapTally("WIB")
    tally.service.received, tally.service.dropped_soon, tally.service.in_time = 100, 4, 84
    level = service_figures(tally)[0]
    assert level.value == 84 / 96
    assert level.counts == {"part": 84, "received": 100, "dropped": 4}


def test_the_queues_level_is_told_with_and_without_who_left_at_once() -> None:
    tally = RecapTally("WIB")
    of = tally.service
    of.answered, of.in_time, of.left_queue, of.left_queue_soon = 1000, 860, 60, 20
    figures = {figure.key: figure for figure in service_figures(tally)}
    assert figures["service_level_queue"].value == 860 / 1040
    assert figures["service_level_queue_all"].value == 860 / 1060


def test_handling_is_talk_and_what_comes_after_it_where_both_are_known() -> None:
    def after(**seconds: float) -> RecapCall:
        moments = {key: MIDNIGHT + timedelta(seconds=value) for key, value in seconds.items()}
        return replace(call(), **moments)

    tally = tallied(
        [
            after(answered_at=10, ended_at=110, archived_at=140),
            after(answered_at=10, ended_at=210, archived_at=260),
            after(answered_at=10, ended_at=500),
            after(ended_at=40, archived_at=50),
        ]
    )
    figures = {figure.key: figure for figure in service_figures(tally)}
    assert figures["talk_mean"].counts == {"total": 790.0, "count": 3}
    assert figures["after_call_mean"].value == 40.0
    assert figures["handling_mean"].counts == {"total": 380.0, "count": 2}


def test_who_calls_again_within_the_week_was_not_served_by_one_call() -> None:
    def one(outcome: Outcome, again: bool | None) -> RecapCall:
        return RecapCall(
            form_number="1",
            outcome=outcome,
            arrived_at=MIDNIGHT,
            answered_at=MIDNIGHT,
            called_again=again,
        )

    calls = [
        one(Outcome.SOLVED, False),
        one(Outcome.SOLVED, True),
        one(Outcome.SOLVED, None),
        one(Outcome.ESCALATED, False),
        one(Outcome.DROPPED_BY_CALLER, True),
        one(Outcome.PRANK, True),
    ]
    figures = {figure.key: figure for figure in service_figures(tallied(calls))}
    assert figures["solved_once"].counts == {"part": 1, "whole": 3}
    assert figures["called_again"].counts == {"part": 2, "whole": 4}


def test_of_nothing_there_is_no_figure() -> None:
    assert {figure.value for figure in service_figures(RecapTally("WIB"))} == {None}
    assert {(step.share, step.p50_s) for step in step_figures(RecapTally("WIB"))} == {(None, None)}


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([0.01, 0.5, 0.9, 1.0]))
def test_a_percentile_is_the_least_value_that_reaches_its_share(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * share - 1e-9
    assert sum(value < found for value in values) < len(values) * share


def call(*steps: StepTime, deviating: tuple[str, ...] = ()) -> RecapCall:
    """A call with these steps; of some of them there is a deviation in time."""
    return RecapCall(
        form_number="1",
        outcome=Outcome.SOLVED,
        arrived_at=MIDNIGHT,
        steps=steps,
        deviations=tuple(
            RecapDeviation("time", step, None, None, None, "met_late") for step in deviating
        ),
    )


def test_a_step_is_within_its_own_limit_also_when_the_limit_was_changed() -> None:
    tally = tallied(
        [
            call(StepTime("2", "met", 10.0, 10.0), StepTime("3", "running", 120.0, None)),
            call(StepTime("2", "met", 10.0, 10.1), deviating=("2",)),
            call(StepTime("2", "met", 15.0, 14.0)),
            call(StepTime("2", "unmet", 10.0, None), deviating=("2",)),
            call(StepTime("2", "not_applicable", 10.0, None)),
        ]
    )
    greeting, identity, _, _ = step_figures(tally)
    assert (greeting.met, greeting.unmet, greeting.within) == (3, 1, 2)
    assert greeting.share == 0.5
    assert greeting.limits_s == (10.0, 15.0)
    assert (greeting.p50_s, greeting.p90_s) == (10.1, 14.0)
    assert (identity.met, identity.unmet, identity.share) == (0, 0, None)


def test_what_is_late_or_missing_counts_where_it_is_a_deviation() -> None:
    equipment = RecapDeviation("equipment", "1", None, None, None, "record_lost")
    left_at_once = call(StepTime("2", "met", 10.0, 4.0), StepTime("3", "unmet", 120.0, None))
    cut = replace(call(StepTime("3", "met", 120.0, 500.0)), deviations=(equipment,))
    late = call(StepTime("3", "met", 120.0, 130.0), deviating=("3",))
    _, identity, _, _ = step_figures(tallied([left_at_once, cut, late]))
    assert (identity.met, identity.unmet, identity.within, identity.share) == (1, 0, 0, 0.0)
    assert identity.limits_s == (120.0,)


@given(st.lists(any_calls(), max_size=12))
def test_no_step_misses_its_limit_more_often_than_the_list_says(calls: list[RecapCall]) -> None:
    listed = Counter(
        step
        for one in calls
        if one.is_consultation
        for step in {d.step for d in one.deviations if d.kind != "equipment"}
    )
    for step in step_figures(tallied([replace(one, steps=one.steps[:1]) for one in calls])):
        assert step.met - step.within + step.unmet <= listed[step.step]


def test_every_figure_of_a_month_has_a_value() -> None:
    tally = tallied(november())
    assert all(figure.value is not None for figure in service_figures(tally))
    assert all(step.share is not None for step in step_figures(tally))
