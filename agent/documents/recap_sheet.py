"""The recap as a workbook: its rows with real dates and times, its totals, and its figures.

Strings are written as strings whatever they begin with; no cell of it calculates anything.
"""

from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import msgspec
from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import Worksheet

from agent.documents.recap_summary import Line, RecapSummary
from agent.domain.recap import COLUMNS
from agent.domain.recap_row import RecapRow
from agent.domain.recap_words import RecapWords

MOST_ROWS = 1_000_000
"""Of one sheet; Excel ends at 1,048,576."""
LONGEST_TEXT = 32_000
"""Excel ends at 32,767 signs in a cell."""
WIDTHS = {"number": 6, "form_number": 27, "problem": 50, "solution": 50, "company": 28, "note": 30}
WIDTH = 17
OFFICER = (
    "officer",
    "officer_answered",
    "officer_with_deviation",
    "officer_deviations",
    "officer_explained",
    "officer_excused",
    "officer_upheld",
)
EQUIPMENT = ("what", "about", "since", "until", "forms")


class RecapSheet:
    """One row for each consultation, in the memory of one row."""

    def __init__(self, file: Path, words: RecapWords) -> None:
        self._words = words
        options = {
            "constant_memory": True,
            "tmpdir": str(file.parent),
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        self._book = Workbook(str(file), options)
        self._head = self._book.add_format(
            {"bold": True, "bg_color": "#E4E4E4", "border": 1, "text_wrap": True, "valign": "top"}
        )
        self._plain = self._book.add_format({"valign": "top", "text_wrap": True})
        self._date = self._book.add_format({"valign": "top", "num_format": "dd-mm-yyyy"})
        self._time = self._book.add_format({"valign": "top", "num_format": "hh:mm:ss"})
        self._seconds = self._book.add_format({"valign": "top", "num_format": "0.0"})
        self._share = self._book.add_format({"valign": "top", "num_format": "0.0%"})
        self._rows = 0
        self._sheets = 0
        self._sheet = self._next_sheet()

    def add(self, row: RecapRow) -> None:
        """Write one consultation; a sheet that is full is followed by another."""
        if self._rows == MOST_ROWS:
            self._end_sheet()
            self._sheet = self._next_sheet()
        self._rows += 1
        for column, cell in enumerate(row.values()):
            place = (self._rows, column)
            if isinstance(cell, str):
                self._sheet.write_string(*place, cell[:LONGEST_TEXT], self._plain)
            elif isinstance(cell, date):
                self._sheet.write_datetime(*place, cell, self._date)
            elif isinstance(cell, time):
                self._sheet.write_datetime(*place, cell, self._time)
            elif isinstance(cell, float):
                self._sheet.write_number(*place, cell, self._seconds)
            elif cell is not None:
                self._sheet.write_number(*place, cell, self._plain)

    def finish(self, summary: RecapSummary) -> None:
        """Write totals and figures, and the file. Raises OSError."""
        self._end_sheet()
        self._write_totals(summary)
        self._write_figures(summary)
        self._write_officers(summary)
        self._write_equipment(summary)
        try:
            self._book.close()
        except FileCreateError as error:
            raise OSError(str(error)) from error

    def _next_sheet(self) -> Worksheet:
        self._sheets += 1
        self._rows = 0
        name = self._words.text("rows_sheet")
        sheet = self._book.add_worksheet(name if self._sheets == 1 else f"{name} {self._sheets}")
        sheet.freeze_panes(1, 0)
        for column, key in enumerate(COLUMNS):
            sheet.set_column(column, column, WIDTHS.get(key, WIDTH))
            sheet.write_string(0, column, self._words.columns[key], self._head)
        return sheet

    def _end_sheet(self) -> None:
        self._sheet.autofilter(0, 0, self._rows, len(COLUMNS) - 1)

    def _write_totals(self, summary: RecapSummary) -> None:
        words = self._words
        lines = _Lines(self._book.add_worksheet(words.text("totals_sheet")), self._head)
        lines.sheet.set_column(0, 0, 52)
        for text in (summary.title, summary.document, summary.period, summary.as_of):
            lines.add(text)
        lines.table(words.text("totals_heading"), summary.totals)
        lines.table(
            words.text("outcomes_heading"), (*summary.outcomes, _sum("offered", summary, words))
        )
        lines.table(
            words.text("handling_heading"),
            (*summary.handling, _sum("handling_total", summary, words)),
        )
        total = sum(count for _, count in summary.deviations)
        lines.table(
            words.text("deviations_heading"),
            (*summary.deviations, (words.text("deviations_total"), total)),
        )
        lines.table(words.text("categories_heading"), summary.categories)
        lines.table(words.text("weekdays_heading"), summary.weekdays)
        lines.table(words.text("hours_heading"), summary.hours)
        lines.add()
        lines.add(summary.footer)

    def _write_figures(self, summary: RecapSummary) -> None:
        words = self._words
        lines = _Lines(self._book.add_worksheet(words.text("figures_sheet")), self._head)
        for column, width in enumerate((42, 12, 70, 24, 12, 12, 12, 12, 12)):
            lines.sheet.set_column(column, column, width)
        lines.heads(words.text(key) for key in ("figure", "value", "formula", "counts"))
        for figure in summary.figures:
            form = self._share if figure.unit == "share" else self._seconds
            number = figure.value if figure.number is None else (figure.number, form)
            lines.add(figure.name, number, figure.formula, figure.counts)
        lines.add()
        lines.heads(
            words.text(key)
            for key in ("step_heading", "limit", "met", "unmet", "within", "share", "p50", "p90")
        )
        for step in summary.steps:
            lines.add(
                f"{step.step} {step.activity}",
                step.limit,
                step.met,
                step.unmet,
                step.within,
                step.share,
                step.p50,
                step.p90,
            )
        lines.add(words.text("steps_formula"))

    def _write_officers(self, summary: RecapSummary) -> None:
        words = self._words
        lines = _Lines(self._book.add_worksheet(words.text("officers_sheet")), self._head)
        lines.sheet.set_column(0, 6, WIDTH)
        lines.heads(words.text(key) for key in OFFICER)
        for line in summary.officers:
            lines.add(*msgspec.structs.astuple(line))
        lines.add(words.text("officers_note"))

    def _write_equipment(self, summary: RecapSummary) -> None:
        words = self._words
        moment = self._book.add_format({"num_format": "dd-mm-yyyy hh:mm"})
        sheet = self._book.add_worksheet(words.text("equipment_sheet"))
        lines = _Lines(sheet, self._head, moment)
        for column, width in enumerate((42, 27, 18, 18, 12)):
            lines.sheet.set_column(column, column, width)
        lines.heads(words.text(f"equipment_{key}") for key in EQUIPMENT)
        for line in summary.equipment:
            until = line.until or words.text("equipment_still")
            forms = "" if line.forms is None else line.forms
            lines.add(line.what, line.about, line.since, until, forms)


class _Lines:
    """Writes a sheet line by line, as a workbook of constant memory wants it."""

    def __init__(self, sheet: Worksheet, head: Any, moment: Any = None) -> None:
        self.sheet = sheet
        self._head = head
        self._moment = moment
        self._line = 0

    def add(self, *cells: str | float | datetime | tuple[float, Any]) -> None:
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                self.sheet.write_string(self._line, column, cell)
            elif isinstance(cell, datetime):
                self.sheet.write_datetime(self._line, column, cell, self._moment)
            elif isinstance(cell, tuple):
                self.sheet.write_number(self._line, column, *cell)
            else:
                self.sheet.write_number(self._line, column, cell)
        self._line += 1

    def heads(self, texts: Iterable[str]) -> None:
        for column, text in enumerate(texts):
            self.sheet.write_string(self._line, column, text, self._head)
        self._line += 1

    def table(self, heading: str, lines: Iterable[Line]) -> None:
        self.add()
        self.heads((heading, ""))
        for line in lines:
            self.add(*line)


def _sum(key: str, summary: RecapSummary, words: RecapWords) -> Line:
    """The line below a table of parts: their sum, counted from the parts themselves."""
    parts = summary.outcomes if key == "offered" else summary.handling
    return words.text(key), sum(count for _, count in parts)
