"""`seed` as people type it."""

import json

import pytest

from tests.commands.shell import Shell


async def test_it_fills_an_empty_database_with_what_verify_accepts_and_refuses_a_second_time(
    url: str, shell: Shell
) -> None:
    words = ("seed", "--consultations", "60", "--years", "1", "--until", "2026-03-02", "--json")
    rows = json.loads((await shell.run(url, *words)).stdout)
    assert (rows["calls"], rows["consultations"]) == (60, 60)
    assert (await shell.run(url, "verify")).exit_code == 0
    again = await shell.run(url, *words)
    assert again.exit_code == 1
    assert "empty one only" in again.stderr
    assert len(again.stderr.splitlines()) == 1


async def test_people_see_how_many_rows_each_table_got(url: str, shell: Shell) -> None:
    result = await shell.run(url, "seed", "--consultations", "20", "--years", "1")
    assert result.exit_code == 0, result.output
    assert "20/20" in result.stdout
    assert "consultation_forms" in result.stdout


@pytest.mark.parametrize(
    "options", ["--consultations 0", "--years 0", "--until soon", "--consultations many"]
)
async def test_bad_options_are_refused_with_status_two(
    url: str, shell: Shell, options: str
) -> None:
    result = await shell.run(url, "seed", *options.split())
    assert result.exit_code == 2
    assert "Traceback" not in result.output
