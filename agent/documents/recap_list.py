"""The recap as CSV, as an Indonesian Excel opens it: UTF-8 with its mark, semicolons, commas."""

import csv
from datetime import date, time
from pathlib import Path

from agent.documents.recap_summary import RecapSummary, shown
from agent.domain.recap import COLUMNS
from agent.domain.recap_row import Cell, RecapRow
from agent.domain.recap_words import RecapWords

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class RecapList:
    """One line for each consultation; written as they come."""

    def __init__(self, file: Path, words: RecapWords) -> None:
        self._file = file.open("w", encoding="utf-8-sig", newline="")
        self._lines = csv.writer(self._file, delimiter=";")
        self._lines.writerow([words.columns[column] for column in COLUMNS])

    def add(self, row: RecapRow) -> None:
        """Write one consultation."""
        self._lines.writerow([_written(cell) for cell in row.values()])

    def finish(self, _summary: RecapSummary) -> None:
        """Nothing comes after the last row: a program reads this."""
        self._file.close()


def without_formula(text: str) -> str:
    """The text with an apostrophe before it, where a spreadsheet would calculate it."""
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text


def _written(cell: Cell) -> str:
    if isinstance(cell, str):
        return without_formula(cell)
    if isinstance(cell, date | time):
        return cell.isoformat()
    return shown(cell)
