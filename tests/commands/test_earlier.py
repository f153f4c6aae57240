"""`earlier` as people type it."""

import json

import pytest

from agent.database.access import access_of
from tests.commands.shell import Shell
from tests.database.form_stories import record_all, told_records


@pytest.fixture
async def known(url: str) -> str:
    """One escalated consultation."""
    await record_all(url, told_records(1, "escalated"))
    return url


@pytest.mark.parametrize(
    "options",
    [
        ("--number", "0812-3456-789"),
        ("--number", "628123456789"),
        ("--npwp", "01.234.567.8-901.000"),
        ("--npwp", "0012345678901000"),
        ("--number", "0811999", "--npwp", "0012345678901000"),
    ],
)
async def test_numbers_are_found_in_any_spelling(
    known: str, shell: Shell, options: tuple[str, ...]
) -> None:
    (one,) = json.loads((await shell.run(known, "earlier", "--json", *options)).stdout)
    assert one["form_number"] == "0001/FK-TLP/LPSE.BTG/2026"
    assert one["ticket_open"] is True


async def test_people_get_a_table_or_a_sentence(known: str, shell: Shell) -> None:
    told = (await shell.run(known, "earlier", "--number", "08123456789")).stdout
    assert "dieskalasi" in told
    assert "terbuka" in told
    none = await shell.run(known, "earlier", "--number", "0811222333")
    assert none.stdout.strip() == "Belum ada konsultasi sebelumnya."


async def test_who_looked_is_on_record(known: str, shell: Shell) -> None:
    await shell.run(known, "earlier", "--number", "08123456789")
    (line,) = await access_of(known, ["0001/FK-TLP/LPSE.BTG/2026"])
    assert (line.action, line.purpose) == ("read", "lpse-agent earlier")
    assert line.by.startswith("system:")


async def test_without_a_number_nothing_is_asked(url: str, shell: Shell) -> None:
    result = await shell.run(url, "earlier")
    assert result.exit_code == 2
    assert result.stderr.strip() == "Name a --number or an --npwp."
