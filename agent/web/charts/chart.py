"""A chart as a page shows it: the picture, and the same numbers as a table beside it."""

from collections.abc import Sequence
from xml.etree import ElementTree

import msgspec

from agent.domain.plain_text import one_paragraph
from agent.web.charts.drawing import Words


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """One picture with its table; the first column of a row is its heading."""

    words: Words
    picture: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def markup(self) -> str:
        """The whole figure, safe to stand in a page as it is."""
        table = ElementTree.Element("table", {"class": "chart-table"})
        ElementTree.SubElement(table, "caption").text = self.words.title
        head = ElementTree.SubElement(ElementTree.SubElement(table, "thead"), "tr")
        _cells(head, self.columns, "col", headings=len(self.columns))
        body = ElementTree.SubElement(table, "tbody")
        for row in self.rows:
            _cells(ElementTree.SubElement(body, "tr"), row, "row", headings=1)
        details = ElementTree.Element("details", {"class": "chart-numbers"})
        ElementTree.SubElement(details, "summary").text = self.words.table
        details.append(table)
        numbers = ElementTree.tostring(details, encoding="unicode", short_empty_elements=False)
        caption = ElementTree.Element("figcaption")
        ElementTree.SubElement(caption, "h2").text = one_paragraph(self.words.title)
        note = ElementTree.SubElement(caption, "p", {"class": "note"})
        note.text = one_paragraph(self.words.description)
        told = ElementTree.tostring(caption, encoding="unicode", short_empty_elements=False)
        picture = f'<div class="scroll" tabindex="0">{self.picture}</div>'
        return f'<figure class="chart-figure">{told}{picture}{numbers}</figure>'


def _cells(row: ElementTree.Element, texts: Sequence[str], scope: str, headings: int) -> None:
    for place, text in enumerate(texts):
        heading = place < headings
        cell = ElementTree.SubElement(
            row, "th" if heading else "td", {"scope": scope} if heading else {}
        )
        cell.text = one_paragraph(text)
