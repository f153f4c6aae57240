"""`recap`: files and totals of a period, as people ask for them."""

import csv
import json
import tomllib
from pathlib import Path

import openpyxl
import pytest

from agent.database.access import access_of
from agent.database.connect import Connection
from agent.database.equipment import compute_equipment
from agent.database.office_files import keep_office_file
from agent.settings import DATA
from tests.commands.shell import Shell
from tests.database.agents import running_writer
from tests.database.stories import MORNING, abandoned, escalated, handed_over, in_turn, solved
from tests.database.test_equipment import NOW, archived_late, keep

MARCH = ("--from", "2026-03-01", "--to", "2026-03-31")


def rows_of(file: Path) -> list[dict[str, str]]:
    """The list of consultations, read again."""
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    return list(csv.DictReader(lines, delimiter=";"))


@pytest.fixture
async def filled(url: str) -> str:
    """Three calls of 2 March 2026."""
    async with running_writer(url) as writer:
        for record in in_turn([escalated(1, greeting_s=12.5), solved(2), abandoned(3)]):
            await writer.record(record)
    return url


async def test_people_get_three_files_and_totals_that_add_up(
    filled: str, shell: Shell, tmp_path: Path
) -> None:
    result = await shell.run(filled, "recap", *MARCH, "--output", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    files = {file.name for file in (tmp_path / "out").iterdir()}
    assert files == {f"rekap-2026-03-01-2026-03-31.{form}" for form in ("pdf", "xlsx", "csv")}
    out = result.stdout
    assert "Rekap Penanganan Permasalahan Melalui Telepon, Bulan Maret 2026" in out
    assert "       3 Panggilan masuk" in out
    assert "       1 Terjawab" in out
    assert "1 tercatat belum ditangani / 0 ditangani belum selesai / 1 selesai" in out
    assert all(name in out for name in files)


async def test_programs_get_one_object(filled: str, shell: Shell, tmp_path: Path) -> None:
    words = ("recap", *MARCH, "--format", "csv", "--output", str(tmp_path / "out"), "--json")
    told = json.loads((await shell.run(filled, *words)).stdout)
    assert (told["first"], told["rows"], told["totals"]["offered"]) == ("2026-03-01", 3, 3)
    (file,) = told["files"]
    rows = rows_of(Path(file["path"]))
    assert [row["Status"] for row in rows] == ["Tiket baru", "Selesai", "Tidak terlayani"]
    assert rows[0]["Simpangan"].startswith("L2 waktu")
    assert told["figures"][0]["key"] == "service_level"


async def test_equipment_that_was_missing_in_the_period_is_in_the_workbook(
    url: str, shell: Shell, tmp_path: Path
) -> None:
    await keep(url, archived_late(1, MORNING, minutes=None))
    await compute_equipment(url, "WIB", NOW)
    words = ("--format", "xlsx", "--output", str(tmp_path), "--json")
    told = json.loads((await shell.run(url, "recap", *MARCH, *words)).stdout)
    assert told["totals"]["deviations"]["equipment"] == 1
    rows = openpyxl.load_workbook(told["files"][0]["path"])["Perlengkapan"]
    assert [rows["A2"].value, rows["B2"].value] == ["pengarsipan tidak berjalan", "2026-03-02"]
    february = ("--from", "2026-02-01", "--to", "2026-02-28")
    told = json.loads((await shell.run(url, "recap", *february, *words)).stdout)
    assert told["totals"]["deviations"]["equipment"] == 0


async def test_days_are_the_offices_own(filled: str, shell: Shell, tmp_path: Path) -> None:
    async def offered(first: str, last: str) -> int:
        words = ("--from", first, "--to", last, "--format", "csv", "--output", str(tmp_path))
        told = json.loads((await shell.run(filled, "recap", *words, "--json")).stdout)
        return int(told["totals"]["offered"])

    assert await offered("2026-03-02", "2026-03-02") == 3
    assert await offered("2026-03-03", "2026-03-31") == 0


async def test_who_takes_a_recap_out_is_on_record_before_he_has_it(
    filled: str, shell: Shell, tmp_path: Path, connection: Connection
) -> None:
    words = ("recap", *MARCH, "--format", "csv", "--output", str(tmp_path / "out"))
    await connection.execute("ALTER TABLE access_log ADD CONSTRAINT no_room CHECK (by = 'x')")
    refused = await shell.run(filled, *words)
    assert refused.exit_code == 1
    assert not list((tmp_path / "out").iterdir())
    await connection.execute("ALTER TABLE access_log DROP CONSTRAINT no_room")
    assert (await shell.run(filled, *words)).exit_code == 0
    lines = {n: await access_of(filled, [f"{n:04d}/FK-TLP/LPSE.BTG/2026"]) for n in (1, 2, 3)}
    assert [(line.action, line.purpose) for line in lines[1]] == [("export", "lpse-agent recap")]
    assert lines[1] == lines[2] == lines[3]
    assert lines[1][0].by.startswith("system:")


@pytest.mark.parametrize(
    "options",
    [
        "--from 2026-03-01",
        "--from 2026-03-01 --to tomorrow",
        "--from 2026-03-02 --to 2026-03-01",
        "--from 0001-01-01 --to 2026-03-01",
        "--from 2026-03-01 --to 2026-03-02 --format doc",
        "--from 2026-03-01 --to 2026-03-02 --output /proc/nowhere",
    ],
)
async def test_bad_options_are_refused_with_status_two(
    url: str, shell: Shell, options: str
) -> None:
    result = await shell.run(url, "recap", *options.split())
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert result.stderr


async def test_a_form_that_cannot_be_read_is_named_by_its_setting(
    url: str, shell: Shell, tmp_path: Path
) -> None:
    ended = await shell.start(
        url, "recap", *MARCH, "--output", str(tmp_path), LPSE_FORM_FILE="/nowhere.toml"
    )
    assert ended.status == 2
    assert ended.err.startswith("form_file: ")


@pytest.mark.parametrize("version_of_the_file", ["1", "2"])
async def test_a_category_is_called_as_on_the_latest_form_whichever_version_the_file_has(
    url: str, shell: Shell, tmp_path: Path, version_of_the_file: str
) -> None:
    first = (DATA / "form" / "formulir-konsultasi-1.toml").read_text("utf-8")
    was = tomllib.loads(first)["lists"]["category"]["06"]["id"]
    second = first.replace('version = "1"', 'version = "2"').replace(was, "Unggah berkas")
    files = {"1": first, "2": second}
    for version, text in files.items():
        (tmp_path / version).write_text(text, "utf-8")
        name = f"formulir-konsultasi-{version}"
        await keep_office_file(url, "form", name, tomllib.loads(text))
    async with running_writer(url) as writer:
        for record in handed_over(1).records:
            await writer.record(record)
    words = ("recap", *MARCH, "--format", "xlsx", "--output", str(tmp_path / "out"))
    ended = await shell.start(url, *words, LPSE_FORM_FILE=str(tmp_path / version_of_the_file))
    assert ended.status == 0, ended.err
    (file,) = (tmp_path / "out").iterdir()
    told = [cell for sheet in openpyxl.load_workbook(file).worksheets[1:]
            for row in sheet.iter_rows(values_only=True) for cell in row]  # fmt: skip
    assert "Unggah berkas" in told
    assert was not in told
