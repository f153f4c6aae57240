"""What the database counts of a period is what the recap counts of it, call by call."""

import random
from collections import Counter
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from agent.database.connect import Connection
from agent.database.recap import read_recap
from agent.database.statistics import read_statistics
from agent.domain.consultation import Outcome
from agent.domain.recap import RecapCall, StepTime
from agent.domain.recap_figures import Figure, service_figures, step_figures, times_of
from agent.domain.recap_period import RecapPeriod
from agent.domain.recap_tally import SHORT_S, WITHIN_S, RecapTally
from agent.domain.statistics import Statistics
from tests.database.recap_rows import keep
from tests.domain.recap_calls import MIDNIGHT, november

NOVEMBER = RecapPeriod(date(2026, 11, 1), date(2026, 11, 30))
MOMENT = timedelta(microseconds=1)


def odd_calls(count: int) -> list[RecapCall]:
    """Calls of November as no telephone makes them: times missing, turned round, at a threshold."""
    chance = random.Random(7)  # noqa: S311 nothing is kept secret by it
    spans = [None, -3.0, 0.0, SHORT_S, SHORT_S + 0.001, WITHIN_S, WITHIN_S + 0.001, 400.25]
    calls = []
    for call in november(count):
        queued, answered, ended = (
            call.arrived_at + timedelta(seconds=span) if span is not None else None
            for span in chance.choices(spans, k=3)
        )
        late = StepTime(
            "2", chance.choice(("met", "unmet", "running")), 12.5, chance.choice((12.5, 13.0))
        )
        steps = (late, *call.steps[1:]) if call.steps else ()
        calls.append(
            replace(
                call,
                form_number=f"9{call.form_number}",
                outcome=chance.choice(tuple(Outcome)),
                queued_at=queued,
                answered_at=answered,
                ended_at=ended,
                caller_number=f"+6281{chance.randint(1, 30):08}",
                steps=steps,
            )
        )
    return calls


async def tallied(url: str, period: RecapPeriod, zone: str) -> tuple[RecapTally, list[RecapCall]]:
    calls: list[RecapCall] = []
    await read_recap(url, period.begins_at(zone), period.ends_at(zone), calls.append)
    tally = RecapTally(zone)
    for call in calls:
        tally.add(call)
    return tally, calls


def told(figures: tuple[Figure, ...]) -> list[object]:
    """As they are compared: the database adds many seconds up in another order."""
    return [(figure.key, figure.counts, pytest.approx(figure.value)) for figure in figures]


@pytest.mark.parametrize(
    ("period", "zone"),
    [
        (NOVEMBER, "WIB"),
        (NOVEMBER, "WIT"),
        (RecapPeriod(date(2026, 11, 10), date(2026, 11, 10)), "WITA"),
        (RecapPeriod(date(2025, 1, 1), date(2026, 12, 31)), "WIB"),
        (RecapPeriod(date(2026, 5, 1), date(2026, 5, 31)), "WIB"),
    ],
)
async def test_every_total_is_that_of_the_recap(
    url: str, connection: Connection, period: RecapPeriod, zone: str
) -> None:
    await keep(connection, november(150) + odd_calls(150))
    tally, calls = await tallied(url, period, zone)
    totals = tally.totals
    found = await read_statistics(url, period, zone)
    assert found.offered == totals.offered
    assert found.outcomes == totals.outcomes
    assert [sum(day[hour] for day in found.load) for hour in range(24)] == totals.hours
    assert [sum(day) for day in found.load] == totals.weekdays
    assert {c.choice: c.count for c in found.categories} == totals.categories
    assert sum(c.count for c in found.applications) == totals.consultations
    by_step = {f"{d.kind} {d.step}": d.count for d in found.deviations}
    assert by_step == totals.deviations_by_step
    assert found.with_deviation == totals.with_deviation
    assert [(f.key, f.counts, f.value) for f in found.figures] == told(service_figures(tally))
    assert list(found.steps) == list(step_figures(tally))
    waits = times_of(tally.service.waits_s)
    assert found.waits == replace(waits, total_s=pytest.approx(waits.total_s))
    answered = Counter(
        c.operator for c in calls if c.answered_at and c.outcome != Outcome.IN_PROGRESS
    )
    assert {o.account: o.answered for o in found.operators} == answered


@pytest.mark.parametrize("grain", ["day", "week", "month"])
async def test_spans_add_up_to_the_whole_and_are_each_a_recap_of_their_own(
    url: str, connection: Connection, grain: str
) -> None:
    await keep(connection, november(60) + odd_calls(60))
    period = RecapPeriod(date(2026, 11, 3), date(2026, 12, 3))
    found = await read_statistics(url, period, "WIB", grain)  # type: ignore[arg-type]
    assert (found.spans[0].first, found.spans[-1].last) == (period.first, period.last)
    assert sum(span.offered for span in found.spans) == found.offered
    assert any(span.offered == 0 for span in found.spans) == (grain != "week")
    for span in found.spans:
        tally, _ = await tallied(url, RecapPeriod(span.first, span.last), "WIB")
        assert span.outcomes == tally.totals.outcomes
        assert (span.answered, span.left_queue) == (
            tally.service.answered,
            tally.service.left_queue,
        )
        assert span.service_level == service_figures(tally)[0].value
        waits = times_of(tally.service.waits_s)
        assert span.waits == replace(waits, total_s=pytest.approx(waits.total_s))


async def test_a_day_is_the_offices_own(url: str, connection: Connection) -> None:
    last = replace(november(1)[0], arrived_at=MIDNIGHT - MOMENT, steps=(), deviations=())
    await keep(connection, [last, replace(last, form_number="2/x/2026", arrived_at=MIDNIGHT)])
    both = RecapPeriod(date(2026, 10, 31), date(2026, 11, 1))

    async def by_day(zone: str) -> list[int]:
        return [span.offered for span in (await read_statistics(url, both, zone)).spans]

    assert await by_day("WIB") == [1, 1]
    assert await by_day("WIT") == [0, 2]


async def test_an_ordinary_day_leaves_out_days_without_calls(
    url: str, connection: Connection
) -> None:
    call = replace(november(1)[0], steps=(), deviations=())
    monday = MIDNIGHT + timedelta(days=1, hours=9)  # 2 November 2026 in WIB
    moments = [monday, monday + timedelta(minutes=59), monday + timedelta(days=14)]
    await keep(
        connection,
        [
            replace(call, form_number=f"{place}/x/2026", arrived_at=at)
            for place, at in enumerate(moments)
        ],
    )
    found = await read_statistics(url, NOVEMBER, "WIB")
    assert found.days == (2, 0, 0, 0, 0, 0, 0)
    assert found.hourly_load[0][9] == 1.5
    assert sum(map(sum, found.hourly_load)) == 1.5


async def test_an_operator_has_his_talk_and_his_work_afterwards(
    url: str, connection: Connection
) -> None:
    await keep(connection, november(80))
    found: Statistics = await read_statistics(url, NOVEMBER, "WIB")
    assert [one.name for one in found.operators if one.account == "op-101"] == ["Siti Aminah"]
    for one in found.operators:
        assert 0 < one.without_deviation <= one.judged <= one.answered == one.talks.count
        assert one.after_calls.count == one.answered
        assert one.talks.longest_s and one.talks.total_s >= one.talks.longest_s
