"""The service figures of a recap, each with the counts that it was made of.

Names and formulas are words of the papers (agent/data/papers/recap.toml); the numbers are here.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from agent.domain.recap_tally import RecapTally, ServiceCounts


class Figure(msgspec.Struct, frozen=True):
    """One figure; a share lies between 0 and 1, and there is none of nothing."""

    key: str
    unit: Literal["share", "seconds"]
    value: float | None
    counts: dict[str, float]
    """What its formula is filled in with."""


class StepFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How one step's times stand to its limit; seconds."""

    step: str
    limits_s: tuple[float, ...]
    met: int
    unmet: int
    within: int
    share: float | None
    """Kept within the limit, of all that were, and of those that deviate: late or not met."""
    p50_s: float | None
    p90_s: float | None


class Times(msgspec.Struct, frozen=True):
    """Many durations in short, whoever added them up; seconds, none of nothing."""

    count: int = 0
    total_s: float = 0.0
    p50_s: float | None = None
    p90_s: float | None = None
    longest_s: float | None = None


class ServiceTimes(msgspec.Struct, frozen=True, kw_only=True):
    """To the answer, of talk, of the work after it, and of both together."""

    waits: Times = Times()
    talks: Times = Times()
    after_calls: Times = Times()
    handlings: Times = Times()


def times_of(values: list[float]) -> Times:
    """These durations in short."""
    return Times(
        len(values),
        sum(values),
        percentile(values, 0.5),
        percentile(values, 0.9),
        max(values, default=None),
    )


def service_figures(tally: RecapTally) -> tuple[Figure, ...]:
    """All figures in the order in which people read them."""
    of = tally.service
    times = ServiceTimes(
        waits=times_of(of.waits_s),
        talks=times_of(of.talks_s),
        after_calls=times_of(of.after_calls_s),
        handlings=times_of(of.handlings_s),
    )
    return figures_of(of, times)


def figures_of(of: ServiceCounts, times: ServiceTimes) -> tuple[Figure, ...]:
    """The same of counts and times that were made elsewhere."""
    reachable = of.received - of.dropped_soon
    fair = of.queued - of.left_queue_soon
    return (
        _share("service_level", of.in_time, reachable, _level_counts(of, of.in_time)),
        _share(
            "service_level_from_arrival",
            of.in_time_from_arrival,
            reachable,
            _level_counts(of, of.in_time_from_arrival),
        ),
        _queue_level("service_level_queue", of, of.left_queue - of.left_queue_soon),
        _queue_level("service_level_queue_all", of, of.left_queue),
        _share("answered", of.answered, of.received),
        _share("abandoned", of.left_queue, of.queued),
        _share("abandoned_without_short", of.left_queue - of.left_queue_soon, fair),
        _mean("answer_mean", times.waits),
        _rank("answer_p50", times.waits, times.waits.p50_s),
        _rank("answer_p90", times.waits, times.waits.p90_s),
        _mean("talk_mean", times.talks),
        _mean("after_call_mean", times.after_calls),
        _mean("handling_mean", times.handlings),
        _share("solved_on_phone", of.solved, of.decided),
        _share("solved_once", of.solved_once, of.decided_followed),
        _share("called_again", of.called_again, of.followed),
        _share("without_deviation", of.without_deviation, of.judged),
    )


def step_figures(tally: RecapTally) -> tuple[StepFigures, ...]:
    """The figures of every step that has a limit."""
    return tuple(
        figures_of_step(step.step, step.limits_s, step.within, step.unmet, times_of(step.seconds))
        for step in tally.steps.values()
    )


def figures_of_step(
    step: str, limits_s: Iterable[float], within: int, unmet: int, met: Times
) -> StepFigures:
    """The figures of one step; `met` are its times where it was met."""
    judged = met.count + unmet
    return StepFigures(
        step=step,
        limits_s=tuple(limits_s),
        met=met.count,
        unmet=unmet,
        within=within,
        share=within / judged if judged else None,
        p50_s=met.p50_s,
        p90_s=met.p90_s,
    )


def percentile(values: list[float], share: float) -> float | None:
    """The smallest value below or at which this share of all lies (nearest rank)."""
    if not values:
        return None
    ordered = sorted(values)
    rank = -int(-len(ordered) * share // 1)
    return ordered[max(1, rank) - 1]


def _level_counts(of: ServiceCounts, in_time: int) -> dict[str, float]:
    return {"part": in_time, "received": of.received, "dropped": of.dropped_soon}


def _queue_level(key: str, of: ServiceCounts, left: int) -> Figure:
    """Answered in time, of those who were answered or left the queue."""
    whole = of.answered + left
    value = of.in_time / whole if whole else None
    counts: dict[str, float] = {"part": of.in_time, "answered": of.answered, "left": left}
    return Figure(key, "share", value, counts)


def _share(key: str, part: int, whole: int, counts: dict[str, float] | None = None) -> Figure:
    value = part / whole if whole else None
    return Figure(key, "share", value, counts or {"part": part, "whole": whole})


def _mean(key: str, of: Times) -> Figure:
    value = of.total_s / of.count if of.count else None
    return Figure(key, "seconds", value, {"total": round(of.total_s, 1), "count": of.count})


def _rank(key: str, of: Times, value: float | None) -> Figure:
    return Figure(key, "seconds", value, {"count": of.count})
