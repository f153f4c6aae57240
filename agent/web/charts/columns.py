"""Counts by day, week or month as columns, one pattern on another."""

from collections.abc import Sequence

from agent.web.charts.chart import Chart
from agent.web.charts.drawing import (
    LEGEND_ROW,
    Drawing,
    Series,
    Shown,
    Words,
    legend_places,
    series_class,
)
from agent.web.charts.frame import LEFT, TOP, frame, name_places, places_of
from agent.web.charts.scale import scale_of

WIDTH = 900.0


def columns(
    words: Words, first: str, names: Sequence[str], series: Sequence[Series], shown: Shown
) -> Chart:
    """A column for each name, in it the series one on another; `first` heads the names.

    Every series has a number for each name.
    """
    further_rows = legend_places([s.name for s in series], WIDTH - LEFT)[-1][0] if series else 0
    top = TOP + further_rows * LEGEND_ROW
    drawing = Drawing(words, WIDTH, 260 + top)
    totals = [sum(s.values[place] or 0 for s in series) for place in range(len(names))]
    if not any(totals):
        drawing.nothing()
    else:
        _draw(drawing, top, names, series, totals, shown)
    rows = tuple(
        (name, *(shown(s.values[place] or 0) for s in series), shown(totals[place]))
        for place, name in enumerate(names)
    )
    return Chart(
        words=words,
        picture=drawing.markup(),
        columns=(first, *(s.name for s in series), "Σ"),
        rows=rows,
    )


def _draw(
    drawing: Drawing,
    top: float,
    names: Sequence[str],
    series: Sequence[Series],
    totals: Sequence[float],
    shown: Shown,
) -> None:
    drawing.patterns(len(series))
    drawing.legend(LEFT, TOP - 14, [s.name for s in series])
    scale = scale_of(totals, drawing.height - 36, top + 4, whole=True)
    frame(drawing, scale, shown)
    places = places_of(drawing, len(names))
    width = max(1.0, (places[1] - places[0] if len(places) > 1 else 60.0) * 0.72)
    for place, name in enumerate(names):
        below = 0.0
        for kind, one in enumerate(series):
            value = one.values[place] or 0
            if not value:
                continue
            foot, head = scale.place(below), scale.place(below + value)
            drawing.add(
                "rect",
                kind=f"chart-bar {series_class(kind)}",
                tip=f"{name}: {one.name} {shown(value)}",
                x=places[place] - width / 2,
                y=head,
                width=width,
                height=foot - head,
                fill=drawing.fill(kind),
            )
            below += value
    name_places(drawing, names, places)
