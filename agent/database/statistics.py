"""The calls of any period counted by the database: a million calls are no work for this process.

Counts and times come from sql/queries/statistics.sql, formulas from agent/domain/recap_figures.py.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import asyncpg
import msgspec

from agent.database.connect import Connection, connected
from agent.database.queries import sql
from agent.domain.call_form import NO_CONSULTATION
from agent.domain.consultation import Outcome
from agent.domain.office_time import ZONES
from agent.domain.recap import TIMED_STEPS
from agent.domain.recap_figures import (
    ServiceTimes,
    StepFigures,
    Times,
    figures_of,
    figures_of_step,
)
from agent.domain.recap_period import RecapPeriod
from agent.domain.recap_tally import SHORT_S, WITHIN_S, ServiceCounts
from agent.domain.statistics import (
    HOURS,
    WEEKDAYS,
    ChoiceCount,
    DeviationCount,
    Grain,
    OperatorFigures,
    Span,
    Statistics,
    grain_of,
    span_of,
    spans_of,
)

STATEMENT_S, WHOLE_S = 60.0, 120.0
"""For many years of calls; a month takes a fraction of a second."""
PLANNED = (
    "SET LOCAL work_mem = '64MB'",
    # A month's rows lie together: to look each up costs less than to read whole tables.
    "SET LOCAL random_page_cost = 1.1",
    # Calls need the other processor.
    "SET LOCAL max_parallel_workers_per_gather = 0",
)

_COUNTS = tuple(
    field.name for field in msgspec.structs.fields(ServiceCounts) if not field.name.endswith("_s")
)


async def read_statistics(
    url: str, period: RecapPeriod, zone: str, grain: Grain | None = None
) -> Statistics:
    """The calls that arrived in a period, as all were at one moment; days are the office's.

    Raises DatabaseUnreachable, also when the counting takes longer than a minute.
    """
    bounds = period.begins_at(zone), period.ends_at(zone)
    offset = ZONES[zone].utcoffset(None)
    grain = grain or grain_of(period)
    async with (
        connected(url, STATEMENT_S, WHOLE_S) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        for setting in PLANNED:
            await connection.execute(setting)
        outcomes = await connection.fetch(sql("statistics_of_outcomes"), *bounds, offset, grain)
        service = await connection.fetch(
            sql("statistics_of_service"),
            *bounds,
            offset,
            grain,
            WITHIN_S,
            SHORT_S,
            NO_CONSULTATION,
        )
        hours = await connection.fetch(sql("statistics_of_hours"), *bounds, offset)
        of_consultations = await _of_consultations(connection, bounds)
    whole = service[-1]
    after_calls = whole["after_calls"]
    times = ServiceTimes(
        waits=_times(whole, "wait"),
        talks=_times(whole, "talk"),
        after_calls=Times(after_calls, whole["after_call_total_s"]),
        handlings=Times(after_calls, whole["handling_total_s"]),
    )
    spans = _spans(period, grain, outcomes, service[:-1])
    return Statistics(
        first=period.first,
        last=period.last,
        grain=grain,
        zone=zone,
        offered=sum(span.offered for span in spans),
        outcomes={o.value: sum(span.outcomes[o.value] for span in spans) for o in Outcome},
        figures=figures_of(_service(whole), times),
        waits=times.waits,
        talks=times.talks,
        spans=spans,
        load=_load(hours),
        days=_days(hours),
        **of_consultations,
    )


async def _of_consultations(connection: Connection, bounds: tuple[Any, Any]) -> dict[str, Any]:
    asked = (*bounds, NO_CONSULTATION)
    steps = await connection.fetch(sql("statistics_of_steps"), *asked, TIMED_STEPS)
    subjects = await connection.fetch(sql("statistics_of_subjects"), *asked)
    deviations = await connection.fetch(sql("statistics_of_deviations"), *asked)
    operators = await connection.fetch(sql("statistics_of_operators"), *asked)
    return {
        "steps": _steps(steps),
        "categories": _choices(subjects, "category"),
        "applications": _choices(subjects, "application"),
        "deviations": tuple(
            DeviationCount(row["kind"], row["step"], row["deviations"])
            for row in deviations
            if row["step"] is not None
        ),
        "with_deviation": next((r["deviations"] for r in deviations if r["step"] is None), 0),
        "operators": tuple(_operator(row) for row in operators),
    }


def _spans(
    period: RecapPeriod,
    grain: Grain,
    outcomes: Sequence[asyncpg.Record],
    service: Sequence[asyncpg.Record],
) -> tuple[Span, ...]:
    """Every span of the period, those too in which nobody called."""
    by_outcome: dict[date, dict[str, int]] = defaultdict(
        lambda: {outcome.value: 0 for outcome in Outcome}
    )
    for row in outcomes:
        # Week and month of the first day may begin before the period does.
        by_outcome[max(row["span"], period.first)][row["outcome"]] = row["calls"]
    by_span = {max(row["span"], period.first): row for row in service}
    spans = []
    for span in spans_of(period, grain):
        row = by_span.get(span.first)
        counts, waits = (_service(row), _times(row, "wait")) if row else (ServiceCounts(), Times())
        spans.append(span_of(span, by_outcome[span.first], counts, waits))
    return tuple(spans)


def _service(row: Mapping[str, Any]) -> ServiceCounts:
    return ServiceCounts(**{name: row[name] for name in _COUNTS})


def _times(row: Mapping[str, Any], of: str) -> Times:
    """The columns of this kind of time; a wait has everybody who was answered."""
    ranks = row[f"{of}_ranks_s"] or (None, None, None)
    count = row["answered"] if of == "wait" else row[f"{of}s"]
    return Times(count, row[f"{of}_total_s"], *ranks)


def _load(rows: Sequence[asyncpg.Record]) -> tuple[tuple[int, ...], ...]:
    load = [[0] * HOURS for _ in range(WEEKDAYS)]
    for row in rows:
        if row["hour"] is not None:
            load[row["weekday"]][row["hour"]] = row["calls"]
    return tuple(map(tuple, load))


def _days(rows: Sequence[asyncpg.Record]) -> tuple[int, ...]:
    days = [0] * WEEKDAYS
    for row in rows:
        if row["hour"] is None:
            days[row["weekday"]] = row["days"]
    return tuple(days)


def _steps(rows: Sequence[asyncpg.Record]) -> tuple[StepFigures, ...]:
    by_step = {row["step"]: row for row in rows}
    figures = []
    for step in TIMED_STEPS:
        row = by_step.get(step)
        if row is None:
            figures.append(figures_of_step(step, (), 0, 0, Times()))
            continue
        met = Times(row["met"], 0.0, *(row["ranks_s"] or (None, None)))
        figures.append(figures_of_step(step, row["limits_s"], row["within"], row["unmet"], met))
    return tuple(figures)


def _choices(rows: Sequence[asyncpg.Record], field: str) -> tuple[ChoiceCount, ...]:
    return tuple(
        ChoiceCount(row["choice"], row["consultations"]) for row in rows if row["field"] == field
    )


def _operator(row: asyncpg.Record) -> OperatorFigures:
    return OperatorFigures(
        account=row["account"],
        name=row["name"],
        answered=row["answered"],
        talks=_times(row, "talk"),
        after_calls=_times(row, "after_call"),
        judged=row["judged"],
        without_deviation=row["without_deviation"],
    )
