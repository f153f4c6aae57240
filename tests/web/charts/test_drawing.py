from xml.etree import ElementTree

import pytest

from agent.web.charts.drawing import PATTERNS, Drawing, number, series_class
from tests.web.charts.pictures import NASTY, WORDS


def drawn(drawing: Drawing) -> ElementTree.Element:
    return ElementTree.fromstring(drawing.markup())  # noqa: S314 our own markup


def test_whatever_a_text_holds_it_stays_text() -> None:
    drawing = Drawing(WORDS, 100, 50)
    drawing.label(1, 2, NASTY)
    drawing.add("rect", tip=NASTY, x=1, y=1, width=3, height=4)
    markup = drawing.markup()
    assert "<script" not in markup
    assert "\u202e" not in markup
    assert [e.tag for e in drawn(drawing).iter()] == [
        "svg", "title", "desc", "text", "title", "rect", "title"
    ]  # fmt: skip


def test_a_long_label_is_cut_and_whole_in_its_tip() -> None:
    drawing = Drawing(WORDS, 100, 50)
    long = "Pengumuman pemenang dan sanggah banding pada pengadaan"
    drawing.label(0, 0, long)
    label = drawn(drawing).findall("text")[0]
    tip = label.find("title")
    assert tip is not None
    assert (tip.text, tip.tail) == (long, "Pengumuman pemenang dan sanggah b…")


def test_every_series_has_a_pattern_of_its_own() -> None:
    drawing = Drawing(WORDS, 100, 50)
    drawing.patterns(len(PATTERNS))
    fills = {drawing.fill(place) for place in range(len(PATTERNS))}
    textures = [e.get("d") for e in drawn(drawing).iter("path")]
    assert len(fills) == len(PATTERNS)
    assert len(set(textures)) == len(PATTERNS) - 1, "one is plain"
    assert {series_class(0), series_class(len(PATTERNS))} == {"chart-1"}


def test_a_link_holds_what_is_drawn_in_it() -> None:
    drawing = Drawing(WORDS, 100, 50, role="group")
    with drawing.link("event-7", "Bukti #7"):
        drawing.add("rect", x=0, y=0, width=1, height=1)
    drawing.add("line", x1=0, x2=1, y1=0, y2=0)
    picture = drawn(drawing)
    link = picture.find("a")
    assert link is not None
    assert (link.get("href"), link.get("aria-label")) == ("#event-7", "Bukti #7")
    assert [e.tag for e in link] == ["title", "rect"]
    assert picture[-1].tag == "line"
    assert picture.get("role") == "group"


@pytest.mark.parametrize(
    ("value", "written"), [(0, "0"), (12.0, "12"), (0.125, "0.12"), (-3.5, "-3.5"), (10.001, "10")]
)
def test_lengths_have_no_more_than_hundredths(value: float, written: str) -> None:
    assert number(value) == written
