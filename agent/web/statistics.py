"""What a supervisor sees over time: counts, waiting, steps, load, subjects, deviations."""

from datetime import date
from typing import Any

import msgspec

from agent.catalogue import Words
from agent.database.statistics import read_statistics
from agent.domain.consultation import Outcome
from agent.domain.recap_period import RecapPeriod
from agent.domain.recap_tally import SHORT_S, WITHIN_S
from agent.domain.rights import Right
from agent.domain.statistics import ChoiceCount, DeviationCount, Statistics
from agent.web.charts.chart import Chart
from agent.web.charts.columns import columns
from agent.web.charts.drawing import Series
from agent.web.charts.drawing import Words as ChartWords
from agent.web.charts.heat_map import heat_map
from agent.web.charts.limits import LimitWords, TimesToLimit, limits
from agent.web.charts.lines import lines
from agent.web.charts.rows import rows
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.period import SpansAsked, period_of
from agent.web.shown_numbers import Numbers

SHOWN_OUTCOMES = (
    Outcome.SOLVED,
    Outcome.ESCALATED,
    Outcome.ABANDONED_WAITING,
    Outcome.UNANSWERED,
    Outcome.DROPPED_BY_CALLER,
)
"""Each has a pattern of its own; all others are one."""


def statistics_operations(parts: Parts) -> list[Operation]:
    """The calls of any period."""

    async def read(_asking: Asking, asked: SpansAsked) -> Statistics:
        return await counted(parts, period_of(asked, parts.settings.zone), asked)

    return [
        Operation(
            name="readStatistics", method="GET", path="/statistics", right=Right.CALLS,
            summary="The calls of a period, counted as the recap counts them.",
            perform=read, asked=SpansAsked, answered=Statistics,
        )
    ]  # fmt: skip


def statistics_pages(parts: Parts) -> list[Page]:
    """The plots of any period."""

    async def show(asking: Asking) -> Shown:
        asked = asked_of(asking)
        period = period_of(asked, parts.settings.zone)
        found = await counted(parts, period, asked)
        numbers = Numbers(asking.words)
        return Shown(
            "statistics.html",
            {
                "found": found,
                "asked": asked,
                "charts": [chart.markup for chart in charts_of(parts, found, asking.words)],
                "figures": figures_of_page(found, asking.words),
                "n": numbers,
            },
        )

    return [Page(path="/statistics", right=Right.CALLS, show=show, menu="menu.statistics")]


def asked_of(asking: Asking) -> SpansAsked:
    """What stands in a page's address; what is not asked is left out."""
    given = {key: value for key, value in asking.request.query.items() if value}
    return msgspec.convert(given, SpansAsked, strict=False)


async def counted(parts: Parts, period: RecapPeriod, asked: SpansAsked) -> Statistics:
    """A few at a time, so that no supervisor's question is all that the database does."""
    async with parts.counting:
        return await read_statistics(parts.pool.url, period, parts.settings.zone, asked.grain)


def figures_of_page(found: Statistics, words: Words) -> list[dict[str, str]]:
    """The recap's service figures as people read them."""
    numbers = Numbers(words)
    shown = {"share": numbers.share, "seconds": numbers.seconds}
    return [
        {"name": words(f"figures.{figure.key}"), "value": shown[figure.unit](figure.value)}
        for figure in found.figures
    ]


def charts_of(parts: Parts, found: Statistics, words: Words) -> list[Chart]:
    """Every picture of a period, in the order of the page."""
    numbers = Numbers(words)

    def said(name: str, note: str, **values: object) -> ChartWords:
        return chart_words(words, name, f"statistics.{name}_title", note, **values)

    one_year = found.first.year == found.last.year
    names = [_short(span.first, one_year) for span in found.spans]
    level = tuple(span.service_level for span in found.spans)
    waits = [span.waits for span in found.spans]
    heading = words("statistics.span")
    return [
        columns(
            said("calls", "statistics.calls_note"),
            heading,
            names,
            _outcomes(found, words),
            numbers.count,
        ),
        lines(
            chart_words(
                words,
                "level",
                "statistics.level",
                "statistics.level_note",
                within=numbers.count(WITHIN_S),
                short=numbers.count(SHORT_S),
            ),
            heading,
            names,
            [Series(words("statistics.level"), level)],
            numbers.share,
        ),
        lines(
            chart_words(words, "wait", "statistics.wait", "statistics.wait_note"),
            heading,
            names,
            [
                Series(words("statistics.median"), tuple(w.p50_s for w in waits)),
                Series(words("statistics.p90"), tuple(w.p90_s for w in waits)),
                Series(words("statistics.longest"), tuple(w.longest_s for w in waits)),
            ],
            numbers.seconds,
            (words("statistics.limit"), WITHIN_S),
        ),
        limits(
            said("steps", "statistics.steps_note"),
            LimitWords(**{k: words(f"statistics.{v}") for k, v in _LIMIT_WORDS.items()}),
            [
                TimesToLimit(
                    name=f"{words('picture.step')} {step.step}",
                    limit_s=step.limits_s[-1],
                    p50_s=step.p50_s,
                    p90_s=step.p90_s,
                    within=numbers.share(step.share),
                )
                for step in found.steps
                if step.limits_s
            ],
            numbers.seconds,
        ),
        heat_map(said("load", "statistics.load_note"), weekdays(words), found.load, numbers.count),
        _choices(parts, found.categories, "category", "categories", words),
        _choices(parts, found.applications, "application", "applications", words),
        rows(
            said("deviations", "statistics.deviations_note", count=found.with_deviation),
            (words("statistics.deviation"), words("statistics.count")),
            [(_deviation(d, words), float(d.count)) for d in found.deviations],
            numbers.count,
        ),
    ]


_LIMIT_WORDS = {"step": "step", "limit": "limit", "p50": "median", "p90": "p90", "within": "within"}


def chart_words(words: Words, name: str, title: str, note: str, **values: object) -> ChartWords:
    """What a chart says, by the keys of its words."""
    return ChartWords(
        name=name,
        title=words(title),
        description=words(note, **values),
        table=words("statistics.numbers"),
        nothing=words("statistics.nothing"),
    )


def weekdays(words: Words) -> list[str]:
    """Monday to Sunday."""
    return [words(f"weekdays.{day}") for day in range(1, 8)]


def _outcomes(found: Statistics, words: Words) -> list[Series]:
    spans = [span.outcomes for span in found.spans]
    shown = [
        Series(words(f"record.outcomes.{o}"), tuple(float(span[o]) for span in spans))
        for o in SHOWN_OUTCOMES
    ]
    others = tuple(
        float(sum(count for o, count in span.items() if o not in SHOWN_OUTCOMES)) for span in spans
    )
    return [*shown, Series(words("statistics.other"), others)]


def _choices(
    parts: Parts, counts: tuple[ChoiceCount, ...], field: str, name: str, words: Words
) -> Chart:
    return rows(
        chart_words(words, name, f"statistics.{name}_title", "statistics.choices_note"),
        (words("statistics.choice"), words("statistics.count")),
        [(_label(parts, field, c.choice, words), float(c.count)) for c in counts],
        Numbers(words).count,
        others=words("statistics.other"),
    )


def _label(parts: Parts, field: str, code: str, words: Words) -> str:
    """How a choice is called on the latest form that knows it; the empty one has no name."""
    for form in reversed(tuple(parts.forms.values())):
        known = form.field(field)
        label: Any = form.lists.get(known.choices or "", {}).get(code) if known else None
        if label:
            return str(getattr(label, words.language))
    return code or words("statistics.no_choice")


def _deviation(deviation: DeviationCount, words: Words) -> str:
    kind = words(f"record.deviation_kinds.{deviation.kind}")
    return f"{words('picture.step')} {deviation.step}: {kind}"


def _short(day: date, one_year: bool) -> str:
    return f"{day:%d-%m}" if one_year else f"{day:%d-%m-%y}"
