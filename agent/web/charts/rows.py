"""Counts by name as lying bars: categories, applications, deviations, operators."""

from collections.abc import Sequence

from agent.web.charts.chart import Chart
from agent.web.charts.drawing import Drawing, Shown, Words, series_class
from agent.web.charts.scale import scale_of

LEFT, TOP, HIGH = 250.0, 12.0, 26.0
Row = tuple[str, float]


def rows(
    words: Words,
    columns: tuple[str, str],
    counts: Sequence[Row],
    shown: Shown,
    most: int = 12,
    others: str = "…",
) -> Chart:
    """A bar for each of the first `most` counts as they come, and one of all `others` together.

    The table has every one; `columns` head its names and numbers.
    """
    told = list(counts[:most])
    if rest := counts[most:]:
        told.append((others, sum(count for _, count in rest)))
    drawing = Drawing(words, 900, TOP * 2 + HIGH * max(2, len(told)))
    if not any(count for _, count in told):
        drawing.nothing()
    else:
        drawing.patterns(1)
        scale = scale_of([count for _, count in told], LEFT, drawing.width - 90)
        for place, (name, count) in enumerate(told):
            y = TOP + HIGH * place
            drawing.label(LEFT - 10, y + HIGH / 2 + 4, name, anchor="end")
            drawing.add(
                "rect",
                kind=f"chart-bar {series_class(0)}",
                tip=f"{name}: {shown(count)}",
                x=LEFT,
                y=y + 4,
                width=scale.place(count) - LEFT,
                height=HIGH - 8,
                fill=drawing.fill(0),
            )
            drawing.label(scale.place(count) + 8, y + HIGH / 2 + 4, shown(count), "chart-tick")
    return Chart(
        words=words,
        picture=drawing.markup(),
        columns=columns,
        rows=tuple((name, shown(count)) for name, count in counts),
    )
