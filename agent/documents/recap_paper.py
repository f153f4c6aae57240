"""The recap as paper: PDF/A-2b, A4 lying, with letterhead, totals, figures, plots and signatures.

Everything that people have said or typed reaches the typesetter as JSON, never as markup.
"""

import os
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import typst
from msgspec.structs import replace

from agent.documents.recap_plots import draw_plots
from agent.documents.recap_summary import RecapSummary, shown
from agent.domain.plain_text import one_paragraph
from agent.domain.recap_row import Cell, RecapRow, shortened
from agent.domain.recap_tally import RecapTally
from agent.domain.recap_words import RecapWords
from agent.settings import DATA

TEMPLATE = DATA / "papers" / "recap.typ"
MOST_ROWS = 1500
"""A hundred pages, for which the typesetter takes half a gigabyte; twice a busy month's calls."""
LONGEST_TEXT = 110
"""Signs of problem and solution in a row; the whole of it is in the sheets and on the form.

Deviations with what was said and decided about them stand below the row, whole.
"""

_TYPED = ("name", "company", "contact", "problem", "solution", "deviations")
_MAY_BREAK = re.compile(r"\S{16}(?=\S{4})")
"""A word that would reach into the next column gets places where a line may end."""

# What the typesetter's own font has of Latin, of punctuation and of the signs of a formula.
_NO_GLYPH = re.compile(
    "[^\n\u0020-\u007e\u00a0-\u017f\u200b\u2010-\u2022\u2026\u20ac\u2212\u2264\u2265]"
)
_MISSING = "□"
"""For every other sign: PDF/A refuses one that the font has not."""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """One block of signatures; who left out his name writes it himself."""

    role: str
    name: str = ""
    nip: str = ""


class PaperHead(msgspec.Struct, frozen=True, kw_only=True):
    """Whose paper it is, where and by whom it is signed; what is left out is not printed."""

    government: str = ""
    unit: tuple[str, ...]
    address: str = ""
    place: str = ""
    telephone: str = ""
    email: str = ""
    logo: Path | None = None
    signers: tuple[Signature, ...] = ()


class RecapPaper:
    """Collects the rows, then typesets all; in a folder of its own, which it leaves full."""

    def __init__(
        self, file: Path, work: Path, words: RecapWords, head: PaperHead, zone: str
    ) -> None:
        self._file = file
        self._work = work
        self._words = words
        self._head = head
        self._zone = zone
        self._rows: list[dict[str, str]] = []
        self._count = 0

    def add(self, row: RecapRow) -> None:
        """Keep one consultation for the list."""
        self._count += 1
        if self._count <= MOST_ROWS:
            self._rows.append({key: _printed(key, cell) for key, cell in row.items()})

    def finish(self, summary: RecapSummary, tally: RecapTally, made_at: datetime) -> None:
        """Typeset the paper; takes a second or more, and all of one processor."""
        # Where the service runs, nobody has a home in which matplotlib could keep its fonts' list.
        os.environ.setdefault("MPLCONFIGDIR", str(self._work))
        draw_plots(self._work, summary, tally, self._words, self._zone)
        shutil.copyfile(TEMPLATE, self._work / TEMPLATE.name)
        logo = self._copied_logo()
        paper = self._content(summary) | {"logo": logo}
        (self._work / "paper.json").write_bytes(msgspec.json.encode(_on_paper(paper)))
        typst.compile(
            str(self._work / TEMPLATE.name),
            output=str(self._file),
            root=str(self._work),
            ignore_system_fonts=True,  # the same paper on every machine
            pdf_standards="a-2b",
            timestamp=int(made_at.timestamp()),
        )

    def _content(self, summary: RecapSummary) -> dict[str, Any]:
        words = self._words
        too_many = self._count > MOST_ROWS
        texts = words.texts | {
            "rows_note": words.text("rows_note", zone=self._zone),
            "equipment_note": words.text("equipment_note", zone=self._zone),
            "too_many_rows": words.text("too_many_rows", rows=self._count),
            "signed": words.text("signed", place=self._head.place, date=summary.made_on),
        }
        return {
            "texts": texts,
            "columns": words.columns,
            "plots": words.plots,
            "head": msgspec.to_builtins(replace(self._head, logo=None)),
            "summary": msgspec.to_builtins(summary),
            "equipment": [
                (line.what, line.about, *map(shown, (line.since, line.until, line.forms)))
                for line in summary.equipment
            ],
            "too_many_rows": too_many,
            "rows": [] if too_many else self._rows,
        }

    def _copied_logo(self) -> str | None:
        logo = self._head.logo
        if logo is None:
            return None
        name = f"logo{logo.suffix}"
        shutil.copyfile(logo, self._work / name)
        return name


def _printed(column: str, cell: Cell) -> str:
    if not isinstance(cell, str):
        return shown(cell)
    whole = column == "deviations"
    text = one_paragraph(cell) if whole else shortened(cell, LONGEST_TEXT)
    return _MAY_BREAK.sub(lambda run: f"{run[0]}\u200b", text) if column in _TYPED else text


def _on_paper(content: Any) -> Any:
    """Every text of a document of lists and dicts, as the font can show it."""
    if isinstance(content, str):
        return _NO_GLYPH.sub(_MISSING, content)
    if isinstance(content, dict):
        return {key: _on_paper(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_on_paper(value) for value in content]
    return content
