"""The service figures of a recap, each with the counts that it was made of.

Names and formulas are words of the papers (agent/data/papers/recap.toml); the numbers are here.
"""

from typing import Literal

import msgspec

from agent.domain.recap_tally import RecapTally, ServiceCounts, StepTally


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
    """Kept within the limit, of all that were met or can be met no more."""
    p50_s: float | None
    p90_s: float | None


def service_figures(tally: RecapTally) -> tuple[Figure, ...]:
    """All figures in the order in which people read them."""
    of = tally.service
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
        _share("answered", of.answered, of.received),
        _share("abandoned", of.left_queue, of.queued),
        _share("abandoned_without_short", of.left_queue - of.left_queue_soon, fair),
        _mean("answer_mean", of.waits_s),
        _rank("answer_p50", of.waits_s, 0.5),
        _rank("answer_p90", of.waits_s, 0.9),
        _mean("talk_mean", of.talks_s),
        _share("solved_on_phone", of.solved, of.decided),
        _share("without_deviation", of.without_deviation, of.judged),
    )


def step_figures(tally: RecapTally) -> tuple[StepFigures, ...]:
    """The figures of every step that has a limit."""
    return tuple(_of_step(step) for step in tally.steps.values())


def percentile(values: list[float], share: float) -> float | None:
    """The smallest value below or at which this share of all lies (nearest rank)."""
    if not values:
        return None
    ordered = sorted(values)
    rank = -int(-len(ordered) * share // 1)
    return ordered[max(1, rank) - 1]


def _of_step(step: StepTally) -> StepFigures:
    judged = len(step.seconds) + step.unmet
    return StepFigures(
        step=step.step,
        limits_s=tuple(step.limits_s),
        met=len(step.seconds),
        unmet=step.unmet,
        within=step.within,
        share=step.within / judged if judged else None,
        p50_s=percentile(step.seconds, 0.5),
        p90_s=percentile(step.seconds, 0.9),
    )


def _level_counts(of: ServiceCounts, in_time: int) -> dict[str, float]:
    return {"part": in_time, "received": of.received, "dropped": of.dropped_soon}


def _share(key: str, part: int, whole: int, counts: dict[str, float] | None = None) -> Figure:
    value = part / whole if whole else None
    return Figure(key, "share", value, counts or {"part": part, "whole": whole})


def _mean(key: str, values: list[float]) -> Figure:
    total, count = sum(values), len(values)
    value = total / count if count else None
    return Figure(key, "seconds", value, {"total": round(total, 1), "count": count})


def _rank(key: str, values: list[float], share: float) -> Figure:
    return Figure(key, "seconds", percentile(values, share), {"count": len(values)})
