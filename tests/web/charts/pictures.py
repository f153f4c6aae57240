"""What every chart must be, whatever it shows, read from its markup as a browser would."""

import re
from xml.etree import ElementTree

from agent.web.charts.chart import Chart
from agent.web.charts.drawing import Words

NASTY = 'PT <script>alert("x")</script> & \'Co\' \u202e style="x"'
WORDS = Words(
    name="calls",
    title=f"Panggilan {NASTY}",
    description="Panggilan menurut hari",
    table="Tabel angka",
    nothing="Tidak ada data",
)
_REFUSED = {"style", "script", "foreignObject", "use", "image", "animate", "set", "iframe"}


def shown(value: float) -> str:
    """A number as the tests' people read it."""
    return f"{value:g}"


def read(chart: Chart) -> ElementTree.Element:
    """The whole figure; refuses what a page's policy forbids and what nobody could read."""
    figure = ElementTree.fromstring(chart.markup)  # noqa: S314 our own markup
    svg = figure.find("div/svg")
    assert svg is not None
    inspect(svg)
    _refuse(figure)
    return figure


def inspect(svg: ElementTree.Element) -> None:
    """One picture: refuses the same."""
    _refuse(svg)
    ids = [element.get("id") for element in svg.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for of in (svg.get("aria-labelledby") or "").split():
        assert of in ids
    title, description = svg.find("title"), svg.find("desc")
    assert title is not None and title.text and description is not None and description.text
    for element in svg.iter():
        if (element.get("fill") or "").startswith("url(#"):
            assert element.get("fill", "")[5:-1] in ids
    _inside(svg)


def _refuse(markup: ElementTree.Element) -> None:
    assert not {element.tag for element in markup.iter()} & _REFUSED
    for element in markup.iter():
        for name in element.attrib:
            assert name != "style"
            assert not name.startswith("on")
        for name in ("fill", "stroke"):
            paint = element.get(name, "none")
            assert paint == "none" or paint.startswith("url(#"), "colours are the style sheet's"
        for name in ("x", "y", "width", "height", "x1", "x2", "y1", "y2"):
            if (length := element.get(name)) is not None:
                assert re.fullmatch(r"-?\d+(\.\d{1,2})?", length), (element.tag, name, length)
                assert name not in ("width", "height") or float(length) >= 0


def _inside(svg: ElementTree.Element) -> None:
    """Nothing is drawn where nobody sees it."""
    width, height = (float(part) for part in svg.get("viewBox", "").split()[2:])
    for element in svg.iter():
        if element.tag in ("rect", "line") and element.get("class") != "chart-ground":
            for name, most in (("x", width), ("x1", width), ("x2", width), ("y", height)):
                assert 0 <= float(element.get(name, "0")) <= most + 0.5, element.attrib


def texts(figure: ElementTree.Element) -> list[str]:
    """Everything that stands in the picture, tips too."""
    svg = figure.find("div/svg")
    assert svg is not None
    return [text for element in svg.iter() for text in element.itertext()]


def table(figure: ElementTree.Element) -> list[list[str]]:
    """The rows of the table with their heading, the columns' names first."""
    return [[cell.text or "" for cell in row] for row in figure.iter("tr")]


def of_class(figure: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    """Elements of this class."""
    return [e for e in figure.iter() if kind in (e.get("class") or "").split()]
