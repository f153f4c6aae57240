"""The frame of pictures over time: an axis with its lines, and names below."""

from collections.abc import Sequence

from agent.web.charts.drawing import Drawing, Shown
from agent.web.charts.scale import Scale

LEFT, RIGHT, TOP = 56.0, 16.0, 40.0
MOST_NAMES = 12
"""More would stand on each other; the others are in tips and in the table."""


def frame(drawing: Drawing, scale: Scale, shown: Shown) -> None:
    """The lines of a vertical axis, each with its number."""
    for tick in scale.ticks:
        y = scale.place(tick)
        kind = "chart-line" if tick else "chart-axis"
        drawing.add("line", kind=kind, x1=LEFT, x2=drawing.width - RIGHT, y1=y, y2=y)
        drawing.label(LEFT - 8, y + 4, shown(tick), "chart-tick", "end")


def places_of(drawing: Drawing, count: int) -> list[float]:
    """The middle of each of so many places between the ends of the axis."""
    step = (drawing.width - LEFT - RIGHT) / max(1, count)
    return [LEFT + step * (place + 0.5) for place in range(count)]


def name_places(drawing: Drawing, names: Sequence[str], places: Sequence[float]) -> None:
    """Names below their places, as many as there is room for."""
    every = -(-len(names) // MOST_NAMES)
    for place in range(0, len(names), every or 1):
        drawing.label(places[place], drawing.height - 16, names[place], "chart-tick", "middle")
