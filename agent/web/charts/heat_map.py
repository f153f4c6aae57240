"""A number for every hour of the week: darker where it is more, the number in each field."""

from collections.abc import Sequence

from agent.web.charts.chart import Chart
from agent.web.charts.drawing import Drawing, Shown, Words

SHADES = 5
"""Classes chart-heat-1 to chart-heat-5; chart-heat-0 is nothing at all."""
LEFT, TOP, CELL, HIGH = 76.0, 30.0, 36.0, 30.0


def heat_map(
    words: Words,
    days: Sequence[str],
    load: Sequence[Sequence[float]],
    shown: Shown,
    hours: Sequence[int] = range(24),
) -> Chart:
    """`load` by day and hour (24 of each); only `hours` are shown, one after another."""
    drawing = Drawing(words, LEFT + CELL * len(hours) + 8, TOP + HIGH * len(days) + 8)
    most = max((load[day][hour] for day in range(len(days)) for hour in hours), default=0.0)
    for place, hour in enumerate(hours):
        middle = LEFT + CELL * (place + 0.5)
        drawing.label(middle, TOP - 10, f"{hour:02}", "chart-tick", "middle")
    for row, day in enumerate(days):
        y = TOP + HIGH * row
        drawing.label(LEFT - 8, y + HIGH / 2 + 4, day, "chart-tick", "end")
        for place, hour in enumerate(hours):
            value = load[row][hour]
            x = LEFT + CELL * place
            shade = -(-value * SHADES // most) if most else 0
            drawing.add(
                "rect",
                kind=f"chart-cell chart-heat-{shade:.0f}",
                tip=f"{day} {hour:02}.00: {shown(value)}",
                x=x + 1,
                y=y + 1,
                width=CELL - 2,
                height=HIGH - 2,
            )
            if value:
                kind = f"chart-cell-number chart-on-heat-{shade:.0f}"
                drawing.label(x + CELL / 2, y + HIGH / 2 + 4, shown(value), kind, "middle")
    return Chart(
        words=words,
        picture=drawing.markup(),
        columns=("", *(f"{hour:02}.00" for hour in hours)),
        rows=tuple(
            (day, *(shown(load[row][hour]) for hour in hours)) for row, day in enumerate(days)
        ),
    )
