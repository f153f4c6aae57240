"""The recap in words: its totals and figures as the tables that paper and sheets show."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from agent.domain.equipment import EquipmentDeviation
from agent.domain.office_time import local
from agent.domain.recap_figures import Figure, StepFigures, service_figures, step_figures
from agent.domain.recap_period import RecapPeriod
from agent.domain.recap_row import Cell, RowMaker
from agent.domain.recap_tally import RecapTally, RecapTotals
from agent.domain.recap_words import RecapWords
from agent.domain.sop import Sop

Line = tuple[str, int]
"""A label and how many."""


class FigureLine(msgspec.Struct, frozen=True):
    """One service figure as people read it; `number` is the same for a sheet."""

    name: str
    value: str
    formula: str
    counts: str
    number: float | None
    unit: str


class StepLine(msgspec.Struct, frozen=True):
    """One step's times against its limit as people read them."""

    step: str
    activity: str
    limit: str
    met: int
    unmet: int
    within: int
    share: str
    p50: str
    p90: str


class OfficerLine(msgspec.Struct, frozen=True):
    """What one officer answered, and what became of his deviations."""

    name: str
    answered: int
    with_deviation: int
    deviations: int
    explained: int
    excused: int
    upheld: int


class EquipmentLine(msgspec.Struct, frozen=True):
    """Equipment that was missing beyond one call; times are the office's, without their zone."""

    what: str
    about: str
    since: datetime
    until: datetime | None
    forms: int | None
    """Consultations that it cost their form; None where it is not about forms."""


class RecapSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of a recap but its rows."""

    title: str
    document: str
    period: str
    as_of: str
    made_on: str
    totals: tuple[Line, ...]
    outcomes: tuple[Line, ...]
    handling: tuple[Line, ...]
    deviations: tuple[Line, ...]
    categories: tuple[Line, ...]
    hours: tuple[Line, ...]
    weekdays: tuple[Line, ...]
    figures: tuple[FigureLine, ...]
    steps: tuple[StepLine, ...]
    officers: tuple[OfficerLine, ...]
    equipment: tuple[EquipmentLine, ...]
    footer: str


def summarise(
    tally: RecapTally,
    words: RecapWords,
    rows: RowMaker,
    *,
    period: RecapPeriod,
    zone: str,
    sop: Sop,
    made_at: datetime,
    equipment: Sequence[EquipmentDeviation] = (),
) -> RecapSummary:
    """The tables of a recap; a table's lines add up to the total that it names."""
    totals = tally.totals
    made = local(made_at, zone)
    steps = step_figures(tally)
    return RecapSummary(
        title=words.text("title"),
        document=words.text("document", document=sop.document, revision=sop.revision),
        period=_period(period, words),
        as_of=words.text("as_of", at=f"{_day(made.date(), words)} {made:%H.%M} {zone}"),
        made_on=_day(made.date(), words),
        totals=_totals(totals, words),
        outcomes=tuple((words.outcomes[key], count) for key, count in totals.outcomes.items()),
        handling=tuple((words.handling[key], count) for key, count in totals.handling.items()),
        deviations=tuple(
            (words.deviation_kinds[key], count) for key, count in totals.deviations.items()
        ),
        categories=_categories(totals, rows),
        hours=tuple((f"{hour:02}.00", count) for hour, count in enumerate(totals.hours)),
        weekdays=tuple(zip(words.weekdays, totals.weekdays, strict=True)),
        figures=tuple(_figure_line(figure, words) for figure in service_figures(tally)),
        steps=tuple(_step_line(step, words) for step in steps),
        officers=_officers(tally, words),
        equipment=tuple(_equipment_line(missing, words, zone) for missing in equipment),
        footer=words.text(
            "footer",
            **{key: whole(count) for key, count in totals.handling.items()},
            consultations=whole(totals.consultations),
        ),
    )


def shown(cell: Cell) -> str:
    """A cell or a moment as Indonesians write it: 25-11-2026 09.05, 12,5; nothing for nothing."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell:%d-%m-%Y %H.%M}"
    if isinstance(cell, date):
        return f"{cell:%d-%m-%Y}"
    if isinstance(cell, float):
        return f"{cell:.1f}".replace(".", ",")
    if isinstance(cell, str | int):
        return str(cell)
    return f"{cell:%H.%M}"


def whole(count: float) -> str:
    """A count with points between thousands; one that is no whole number with a comma."""
    text = f"{count:,.1f}" if count % 1 else f"{count:,.0f}"
    return text.translate(str.maketrans(",.", ".,"))


def share(value: float | None, words: RecapWords) -> str:
    """A share in hundredths, e.g. 87,5%."""
    return words.text("none") if value is None else f"{shown(value * 100)}%"


def seconds(value: float | None, words: RecapWords) -> str:
    """A duration, e.g. 12,5 dtk."""
    if value is None:
        return words.text("none")
    return words.text("seconds", value=whole(round(value, 1)))


def _totals(totals: RecapTotals, words: RecapWords) -> tuple[Line, ...]:
    return (
        (words.text("offered"), totals.offered),
        (words.text("no_consultations"), totals.no_consultations),
        (words.text("consultations"), totals.consultations),
        (words.text("with_deviation"), totals.with_deviation),
    )


def _categories(totals: RecapTotals, rows: RowMaker) -> tuple[Line, ...]:
    """The most frequent first; those of one name are one, whichever form they stood on."""
    counts: dict[str, int] = {}
    for code, count in totals.categories.items():
        name = rows.category(code)
        counts[name] = counts.get(name, 0) + count
    return tuple(sorted(counts.items(), key=lambda line: (-line[1], line[0])))


def _figure_line(figure: Figure, words: RecapWords) -> FigureLine:
    of = words.figures[figure.key]
    tell = share if figure.unit == "share" else seconds
    counts = of.counts.format(**{key: whole(count) for key, count in figure.counts.items()})
    value = tell(figure.value, words)
    return FigureLine(of.name, value, of.formula, counts, figure.value, figure.unit)


def _step_line(step: StepFigures, words: RecapWords) -> StepLine:
    return StepLine(
        step=words.text("step", step=step.step),
        activity=words.steps[step.step],
        limit=" / ".join(seconds(limit, words) for limit in step.limits_s) or words.text("none"),
        met=step.met,
        unmet=step.unmet,
        within=step.within,
        share=share(step.share, words),
        p50=seconds(step.p50_s, words),
        p90=seconds(step.p90_s, words),
    )


def _officers(tally: RecapTally, words: RecapWords) -> tuple[OfficerLine, ...]:
    """Who answered most first."""
    lines = [
        OfficerLine(**msgspec.structs.asdict(of) | {"name": of.name or words.text("none")})
        for of in tally.officers.values()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.answered, line.name)))


def _equipment_line(missing: EquipmentDeviation, words: RecapWords, zone: str) -> EquipmentLine:
    def clock(at: datetime) -> datetime:
        return local(at, zone).replace(microsecond=0, tzinfo=None)

    return EquipmentLine(
        what=words.equipment_kinds[missing.kind],
        about=missing.subject,
        since=clock(missing.began_at),
        until=clock(missing.ended_at) if missing.ended_at else None,
        forms=missing.proof.get("consultations"),
    )


def _period(period: RecapPeriod, words: RecapWords) -> str:
    first = period.first
    if period.is_month:
        return words.text("month", month=words.months[first.month - 1], year=first.year)
    if first == period.last:
        return _day(first, words)
    return words.text("period", first=_day(first, words), last=_day(period.last, words))


def _day(day: date, words: RecapWords) -> str:
    return words.text("day", day=day.day, month=words.months[day.month - 1], year=day.year)
