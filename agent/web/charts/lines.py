"""Figures by day, week or month as lines, each with its own sign, beside a limit."""

from collections.abc import Sequence

from agent.web.charts.chart import Chart
from agent.web.charts.drawing import Drawing, Series, Shown, Words, number, series_class
from agent.web.charts.frame import LEFT, RIGHT, TOP, frame, name_places, places_of
from agent.web.charts.scale import Scale, scale_of

NONE = "–"
SIGNS = (
    "M-4,0 a4,4 0 1,0 8,0 a4,4 0 1,0 -8,0 z",
    "M-4,-4 h8 v8 h-8 z",
    "M0,-5.5 l5,9.5 h-10 z",
    "M0,-5.5 l5.5,5.5 l-5.5,5.5 l-5.5,-5.5 z",
)
"""Round, square, triangle, diamond; a fifth line would be one too many to read."""
Limit = tuple[str, float]
"""A limit with its name."""


def lines(
    words: Words,
    first: str,
    names: Sequence[str],
    series: Sequence[Series],
    shown: Shown,
    limit: Limit | None = None,
) -> Chart:
    """A line for each series (at most four) over the names; it breaks where there is no number."""
    assert len(series) <= len(SIGNS), "more lines than signs"
    drawing = Drawing(words, 900, 300)
    values = [value for s in series for value in s.values]
    if all(value is None for value in values):
        drawing.nothing()
    else:
        most = [*values, limit[1] if limit else None]
        scale = scale_of(most, drawing.height - 36, TOP + 4)
        frame(drawing, scale, shown)
        if limit:
            _limit(drawing, scale, limit, shown)
        places = places_of(drawing, len(names))
        for place, one in enumerate(series):
            _line(drawing, scale, place, one, names, places, shown)
        _legend(drawing, [s.name for s in series])
        name_places(drawing, names, places)
    rows = tuple(
        (name, *(_told(s.values[place], shown) for s in series)) for place, name in enumerate(names)
    )
    return Chart(
        words=words,
        picture=drawing.markup(),
        columns=(first, *(s.name for s in series)),
        rows=rows,
    )


def _line(
    drawing: Drawing,
    scale: Scale,
    place: int,
    series: Series,
    names: Sequence[str],
    places: Sequence[float],
    shown: Shown,
) -> None:
    path, draws = [], False
    for x, value in zip(places, series.values, strict=True):
        if value is not None:
            path.append(f"{'L' if draws else 'M'}{number(x)},{number(scale.place(value))}")
        draws = value is not None
    drawing.add("path", kind=f"chart-trend {series_class(place)}", d=" ".join(path), fill="none")
    for name, x, value in zip(names, places, series.values, strict=True):
        if value is not None:
            drawing.add(
                "path",
                kind=f"chart-sign {series_class(place)}",
                tip=f"{name}: {series.name} {shown(value)}",
                d=SIGNS[place],
                transform=f"translate({number(x)},{number(scale.place(value))})",
            )


def _limit(drawing: Drawing, scale: Scale, limit: Limit, shown: Shown) -> None:
    name, value = limit
    y = scale.place(value)
    drawing.add(
        "line",
        kind="chart-limit",
        x1=LEFT,
        x2=drawing.width - RIGHT,
        y1=y,
        y2=y,
        stroke_dasharray="6 4",
    )
    drawing.label(drawing.width - RIGHT, y - 5, f"{name} {shown(value)}", "chart-limit-name", "end")


def _legend(drawing: Drawing, names: Sequence[str]) -> None:
    x = LEFT
    for place, name in enumerate(names):
        drawing.add(
            "path",
            kind=f"chart-sign {series_class(place)}",
            d=SIGNS[place],
            transform=f"translate({number(x + 7)},{number(TOP - 18)})",
        )
        drawing.label(x + 20, TOP - 14, name)
        x += 38 + 7.2 * len(name)


def _told(value: float | None, shown: Shown) -> str:
    return NONE if value is None else shown(value)
