from datetime import datetime, time
from pathlib import Path

import openpyxl
import pytest
from msgspec.structs import replace
from openpyxl.workbook import Workbook

from agent.documents import recap_sheet
from agent.documents.recap_sheet import RecapSheet
from agent.domain.recap import COLUMNS
from tests.documents.recap_office import ROWS, WORDS, counted
from tests.domain.recap_calls import MISSING, november

CALLS = november()
ROWS_OF = [call for call in CALLS if call.is_consultation]
EVIL = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "https://contoh.example", "0123")


def opened(file: Path, most: int = len(ROWS_OF)) -> Workbook:
    """A month's workbook, written and opened again; its solutions are what evil people type."""
    sheet = RecapSheet(file, WORDS)
    for number, call in enumerate(ROWS_OF[:most], 1):
        evil = {"solution": EVIL[number % len(EVIL)]}
        sheet.add(ROWS.row(number, replace(call, fields=call.fields | evil)))
    sheet.finish(counted(CALLS, MISSING)[1])
    return openpyxl.load_workbook(file)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return opened(tmp_path_factory.mktemp("sheet") / "recap.xlsx")


def test_every_row_is_there_with_real_dates_times_and_numbers(book: Workbook) -> None:
    rows = book["Rekap"]
    assert rows.max_row == len(ROWS_OF) + 1
    assert [cell.value for cell in rows[1]] == [WORDS.columns[column] for column in COLUMNS]
    place = COLUMNS.index("date") + 1
    for line, call in enumerate(ROWS_OF, 2):
        row = ROWS.row(1, call)
        assert isinstance(rows.cell(line, place).value, datetime)
        assert rows.cell(line, place).value.date() == row["date"]
        assert isinstance(rows.cell(line, place + 1).value, time)
        assert rows.cell(line, place + 3).value == call.form_number
        greeting = rows.cell(line, COLUMNS.index("step_2") + 1).value
        assert greeting == pytest.approx(call.seconds_of("2")) or greeting is None


def test_what_people_typed_is_text_and_never_a_formula(book: Workbook) -> None:
    rows = book["Rekap"]
    place = COLUMNS.index("solution") + 1
    cells = [rows.cell(line, place) for line in range(2, rows.max_row + 1)]
    assert {cell.value for cell in cells} == set(EVIL)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert cell.hyperlink is None


def test_the_head_stays_in_sight_and_every_column_can_be_filtered(book: Workbook) -> None:
    rows = book["Rekap"]
    assert rows.freeze_panes == "A2"
    assert rows.auto_filter.ref == f"A1:AC{len(ROWS_OF) + 1}"


def test_totals_and_figures_are_those_of_the_calls(book: Workbook) -> None:
    _, summary = counted(CALLS, MISSING)
    totals = [(row[0].value, row[1].value) for row in book["Ringkasan"].iter_rows(max_col=2)]
    for line in (*summary.totals, *summary.outcomes, *summary.handling, *summary.categories):
        assert line in totals
    assert ("Panggilan masuk", 300) in totals
    assert ("Jumlah formulir", len(ROWS_OF)) in totals
    figures = list(book["Angka layanan"].iter_rows(values_only=True))
    for figure in summary.figures:
        assert (figure.name, pytest.approx(figure.number), figure.formula, figure.counts) in [
            row[:4] for row in figures
        ]
    assert figures[-1][0] == WORDS.text("steps_formula")


def test_equipment_that_was_missing_has_its_sheet_and_counts_as_deviations(book: Workbook) -> None:
    heads, *lines = book["Perlengkapan"].iter_rows(values_only=True)
    assert heads == ("Yang tidak ada", "Tentang", "Sejak", "Sampai", "Formulir")
    archive = ("pengarsipan tidak berjalan", "2026-11-03")
    october = ("rekap bulan yang sudah tutup belum dibuat", "2026-10")
    assert [tuple(map(str, line)) for line in lines] == [
        (*archive, "2026-11-03 09:00:30", "2026-11-03 11:00:00", "4"),
        (*october, "2026-11-02 00:00:00", "masih berlangsung", ""),
    ]
    of_calls = sum(of.kind == "equipment" for call in ROWS_OF for of in call.deviations)
    totals = [(row[0].value, row[1].value) for row in book["Ringkasan"].iter_rows(max_col=2)]
    assert ("Perlengkapan", of_calls + 2) in totals


def test_officers_have_their_sheet(book: Workbook) -> None:
    _, summary = counted(CALLS)
    heads, *lines, note = book["Petugas"].iter_rows(values_only=True)
    assert heads[:2] == ("Petugas", "Dijawab")
    assert [line[0] for line in lines] == [officer.name for officer in summary.officers]
    assert sum(line[1] for line in lines) == sum(bool(call.answered_at) for call in CALLS)
    of_calls = sum(of.kind != "equipment" for call in ROWS_OF for of in call.deviations)
    assert sum(line[3] for line in lines) == of_calls > 0
    assert note[0] == WORDS.text("officers_note")


def test_a_full_sheet_is_followed_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recap_sheet, "MOST_ROWS", 4)
    book = opened(tmp_path / "recap.xlsx", most=10)
    after = ["Ringkasan", "Angka layanan", "Petugas", "Perlengkapan"]
    assert book.sheetnames == ["Rekap", "Rekap 2", "Rekap 3", *after]
    assert [book[name].max_row - 1 for name in book.sheetnames[:3]] == [4, 4, 2]
    assert book["Rekap 3"]["A3"].value == 10


def test_an_empty_month_has_its_workbook_too(tmp_path: Path) -> None:
    sheet = RecapSheet(tmp_path / "recap.xlsx", WORDS)
    sheet.finish(counted([])[1])
    book = openpyxl.load_workbook(tmp_path / "recap.xlsx")
    assert book["Rekap"].max_row == 1
    assert book["Angka layanan"]["B2"].value == "–"
