import csv
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.documents.recap_list import RecapList, without_formula
from tests.documents.recap_office import ROWS, WORDS, counted
from tests.domain.recap_calls import november


def written(file: Path, *texts: str) -> list[dict[str, str]]:
    """The list of some calls whose problems are these texts, read again."""
    calls = [call for call in november(40) if call.is_consultation]
    lines = RecapList(file, WORDS)
    for number, call in enumerate(calls, 1):
        text = texts[number % len(texts)] if texts else call.fields.get("problem", "")
        row = ROWS.row(number, replace(call, fields=call.fields | {"problem": text}))
        lines.add(row)
    lines.finish(counted(calls)[1])
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened, delimiter=";"))


def test_every_row_comes_back_as_it_was(tmp_path: Path) -> None:
    read = written(tmp_path / "list.csv", 'says "yes; no"\nin two lines', "plain")
    calls = [call for call in november(40) if call.is_consultation]
    assert [line["No. Formulir"] for line in read] == [call.form_number for call in calls]
    assert {line["Uraian singkat"] for line in read} == {'says "yes; no"\nin two lines', "plain"}
    assert read[0]["Tanggal"].startswith("2026-11-")
    assert "," in read[0]["Waktu L2 (dtk)"]


def test_excel_is_told_that_it_is_utf_8(tmp_path: Path) -> None:
    written(tmp_path / "list.csv")
    assert (tmp_path / "list.csv").read_bytes().startswith(b"\xef\xbb\xbfNo.;Tanggal;")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_nothing_that_was_typed_is_ever_calculated(tmp_path: Path, sign: str) -> None:
    evil = f"{sign}cmd|' /C calc'!A1"
    assert without_formula(evil) == f"'{evil}"
    assert without_formula(f"a{evil}") == f"a{evil}"
    read = written(tmp_path / "list.csv", evil)
    assert {line["Uraian singkat"] for line in read} == {f"'{evil}"}
    for line in read:
        assert not any(cell.startswith(sign) for cell in line.values())
