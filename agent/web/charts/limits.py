"""Times of steps against their limits: median and 90th percentile in hundredths of the limit.

The limits of the procedure differ sixtyfold, so that only shares of them can stand side by side.
"""

from collections.abc import Sequence

import msgspec

from agent.web.charts.chart import Chart
from agent.web.charts.drawing import Drawing, Shown, Words, number, series_class
from agent.web.charts.scale import Scale, scale_of

LEFT, TOP, HIGH, BELOW = 230.0, 40.0, 44.0, 30.0
MEDIAN_SIGN = "M-5,0 a5,5 0 1,0 10,0 a5,5 0 1,0 -10,0 z"
MOST_SIGN = "M0,-6.5 l6.5,6.5 l-6.5,6.5 l-6.5,-6.5 z"


class TimesToLimit(msgspec.Struct, frozen=True, kw_only=True):
    """One step: its name, its limit, what half and what nine of ten kept to, and how many did."""

    name: str
    limit_s: float
    p50_s: float | None
    p90_s: float | None
    within: str
    """The share that kept the limit, as people read it."""


class LimitWords(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the marks and of the table's columns."""

    step: str
    limit: str
    p50: str
    p90: str
    within: str


def limits(words: Words, names: LimitWords, steps: Sequence[TimesToLimit], shown: Shown) -> Chart:
    """A row for each step; `shown` writes seconds."""
    drawing = Drawing(words, 900, TOP + HIGH * max(2, len(steps)) + BELOW)
    measured = [step for step in steps if step.p90_s is not None]
    if not measured:
        drawing.nothing()
    else:
        shares = [100 * (step.p90_s or 0.0) / step.limit_s for step in measured]
        scale = scale_of([125.0, *shares], LEFT, drawing.width - 130)
        _draw(drawing, names, steps, scale, shown)
    return Chart(
        words=words,
        picture=drawing.markup(),
        columns=(names.step, names.limit, names.p50, names.p90, names.within),
        rows=tuple(
            (
                step.name,
                shown(step.limit_s),
                _told(step.p50_s, shown),
                _told(step.p90_s, shown),
                step.within,
            )
            for step in steps
        ),
    )


def _draw(
    drawing: Drawing,
    names: LimitWords,
    steps: Sequence[TimesToLimit],
    scale: Scale,
    shown: Shown,
) -> None:
    foot = drawing.height - BELOW
    for tick in scale.ticks:
        x = scale.place(tick)
        drawing.add("line", kind="chart-line", x1=x, x2=x, y1=TOP, y2=foot)
        drawing.label(x, foot + 18, f"{tick:.0f}%", "chart-tick", "middle")
    for place, step in enumerate(steps):
        y = TOP + HIGH * (place + 0.5)
        drawing.label(LEFT - 12, y - 2, step.name, anchor="end")
        limit = f"{names.limit} {shown(step.limit_s)}"
        drawing.label(LEFT - 12, y + 14, limit, "chart-tick", "end")
        drawing.label(drawing.width - 8, y + 4, step.within, "chart-number", "end")
        if step.p50_s is not None and step.p90_s is not None:
            _times(drawing, names, step, y, scale, shown)
    x = scale.place(100)
    drawing.add("line", kind="chart-limit", x1=x, x2=x, y1=TOP - 8, y2=foot, stroke_dasharray="6 4")
    drawing.label(x + 4, TOP - 12, f"{names.limit} (100%)", "chart-limit-name")
    _legend(drawing, names)


def _times(
    drawing: Drawing,
    names: LimitWords,
    step: TimesToLimit,
    y: float,
    scale: Scale,
    shown: Shown,
) -> None:
    assert step.p50_s is not None and step.p90_s is not None
    half, most = (scale.place(100 * s / step.limit_s) for s in (step.p50_s, step.p90_s))
    drawing.add("line", kind="chart-span", x1=half, x2=most, y1=y, y2=y)
    for x, sign, name, seconds, series in (
        (half, MEDIAN_SIGN, names.p50, step.p50_s, 0),
        (most, MOST_SIGN, names.p90, step.p90_s, 1),
    ):
        drawing.add(
            "path",
            kind=f"chart-sign {series_class(series)}",
            tip=f"{step.name}: {name} {shown(seconds)}",
            d=sign,
            transform=f"translate({number(x)},{number(y)})",
        )
    drawing.label(half, y - 10, f"{shown(step.p50_s)} – {shown(step.p90_s)}", "chart-tick")


def _legend(drawing: Drawing, names: LimitWords) -> None:
    x = 16.0
    for sign, name, series in ((MEDIAN_SIGN, names.p50, 0), (MOST_SIGN, names.p90, 1)):
        place = f"translate({number(x)},{number(TOP - 20)})"
        drawing.add("path", kind=f"chart-sign {series_class(series)}", d=sign, transform=place)
        drawing.label(x + 12, TOP - 16, name)
        x += 34 + 7.2 * len(name)


def _told(value: float | None, shown: Shown) -> str:
    return "–" if value is None else shown(value)
