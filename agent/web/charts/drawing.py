"""One picture: elements with classes and plain attributes, never a style or a script in it.

The pages' Content-Security-Policy forbids both. What any element says is escaped by the writer of
XML, so that a caller's name is a name whatever signs are in it. Colours are the style sheet's: a
class chart-1, chart-2 … is a series, and its pattern tells it from others without any colour.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal
from xml.etree import ElementTree

import msgspec

from agent.domain.plain_text import one_paragraph

PATTERNS = ("solid", "stripes", "dots", "cross", "rising", "bars")
"""How a series looks beside its colour; more series than these begin again."""
LONGEST_LABEL = 34
LEGEND_ROW = 18.0

Shown = Callable[[float], str]
"""How a number is written for people."""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What one chart says; `table` invites to see its numbers, `nothing` says that there are none.

    `name` is the chart's own on its page: letters, digits and hyphens.
    """

    name: str
    title: str
    description: str
    table: str
    nothing: str


class Series(msgspec.Struct, frozen=True):
    """One row of numbers with its name; None where there is no number."""

    name: str
    values: tuple[float | None, ...]


class Drawing:
    """A picture that is drawn on; all lengths are in its own units, about a pixel each."""

    def __init__(
        self, words: Words, width: float, height: float, role: Literal["img", "group"] = "img"
    ) -> None:
        """A picture with links is a group: of an image nobody hears what is in it."""
        self.words = words
        self.width, self.height = width, height
        ids = f"{words.name}-title {words.name}-description"
        self._root = ElementTree.Element(
            "svg",
            {
                "class": "chart",
                "role": role,
                "aria-labelledby": ids,
                "viewBox": f"0 0 {number(width)} {number(height)}",
                "width": number(width),
                "height": number(height),
            },
        )
        self._into = self._root
        self.add("title", words.title, id=f"{words.name}-title")
        self.add("desc", words.description, id=f"{words.name}-description")

    def add(
        self, tag: str, text: str = "", tip: str = "", kind: str = "", **attributes: str | float
    ) -> ElementTree.Element:
        """Draw one element: `kind` is its class, `tip` what a pointer that rests on it is told."""
        element = ElementTree.SubElement(self._into, tag)
        if kind:
            element.set("class", kind)
        for name, value in attributes.items():
            written = value if isinstance(value, str) else number(value)
            element.set(name.strip("_").replace("_", "-"), written)
        if tip:
            ElementTree.SubElement(element, "title").text = one_paragraph(tip)
        if text:
            element.text = one_paragraph(text)
        return element

    def label(
        self, x: float, y: float, text: str, kind: str = "chart-label", anchor: str = "start"
    ) -> None:
        """A short text; of a long one the rest is in its tip."""
        words = one_paragraph(text)
        short = words if len(words) <= LONGEST_LABEL else f"{words[: LONGEST_LABEL - 1].rstrip()}…"
        element = self.add("text", kind=kind, x=x, y=y, text_anchor=anchor)
        if short != words:
            ElementTree.SubElement(element, "title").text = words
            element[0].tail = short
        else:
            element.text = short

    @contextmanager
    def link(self, address: str, tip: str) -> Iterator[None]:
        """What is drawn in here leads to a place on the same page; `tip` says to which."""
        around = self._into
        said = one_paragraph(tip)
        self._into = ElementTree.SubElement(
            around, "a", {"href": f"#{address}", "aria-label": said}
        )
        ElementTree.SubElement(self._into, "title").text = said
        yield
        self._into = around

    def patterns(self, count: int) -> None:
        """Make the patterns of so many series known to this picture."""
        known = ElementTree.SubElement(self._into, "defs")
        for place in range(min(count, len(PATTERNS))):
            pattern = ElementTree.SubElement(
                known,
                "pattern",
                {
                    "id": self._pattern(place),
                    "class": series_class(place),
                    "width": "8",
                    "height": "8",
                    "patternUnits": "userSpaceOnUse",
                },
            )
            ElementTree.SubElement(
                pattern, "rect", {"class": "chart-ground", "width": "8", "height": "8"}
            )
            if lines := _LINES[PATTERNS[place]]:
                ElementTree.SubElement(pattern, "path", {"class": "chart-texture", "d": lines})

    def fill(self, place: int) -> str:
        """What a surface of this series is filled with."""
        return f"url(#{self._pattern(place % len(PATTERNS))})"

    def legend(self, x: float, y: float, names: Sequence[str]) -> None:
        """Which pattern is which series; what finds no room in a row stands in the next."""
        for place, (row, beside) in enumerate(legend_places(names, self.width - x)):
            left, low = x + beside, y + row * LEGEND_ROW
            self.add(
                "rect",
                kind=f"chart-patch {series_class(place)}",
                x=left,
                y=low - 10,
                width=14,
                height=12,
                fill=self.fill(place),
            )
            self.label(left + 20, low, names[place])

    def nothing(self) -> None:
        """Say that there is nothing to show, in as little room as that takes."""
        self.height = min(self.height, 80)
        self._root.set("viewBox", f"0 0 {number(self.width)} {number(self.height)}")
        self._root.set("height", number(self.height))
        self.label(self.width / 2, self.height / 2, self.words.nothing, anchor="middle")

    def markup(self) -> str:
        """The picture as it stands in a page."""
        return ElementTree.tostring(self._root, encoding="unicode")

    def _pattern(self, place: int) -> str:
        return f"{self.words.name}-pattern-{place + 1}"


_LINES = {
    "solid": "",
    "stripes": "M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4",
    "dots": "M2,2 h2 v2 h-2 z M6,6 h2 v2 h-2 z",
    "cross": "M0,4 h8 M4,0 v8",
    "rising": "M-2,6 l4,4 M0,0 l8,8 M6,-2 l4,4",
    "bars": "M2,0 v8 M6,0 v8",
}


def legend_places(names: Sequence[str], width: float) -> list[tuple[int, float]]:
    """The row of each name in a legend of this width, and how far from its left edge it stands."""
    places, row, beside = [], 0, 0.0
    for name in names:
        needs = 38 + 7.2 * min(len(name), LONGEST_LABEL)
        if beside and beside + needs > width:
            row, beside = row + 1, 0.0
        places.append((row, beside))
        beside += needs
    return places


def number(value: float) -> str:
    """A length as SVG has it, to a hundredth."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def series_class(place: int) -> str:
    """The class of the series at this place."""
    return f"chart-{place % len(PATTERNS) + 1}"
