"""`search` as people type it."""

import json

import pytest

from agent.database.access import access_of
from agent.database.connect import Connection
from tests.commands.shell import Shell
from tests.database.form_stories import record_all, told_records


@pytest.fixture
async def known(url: str, shell: Shell) -> str:
    """The answers of the program and one solved consultation."""
    await record_all(url, told_records(1, problem="Apendo menolak berkas"))
    await shell.run(url, "answer", "import", "agent/data/answers/usulan-1.toml")
    return url


async def test_people_read_answers_with_their_source_and_consultations_with_their_day(
    known: str, shell: Shell
) -> None:
    told = (await shell.run(known, "search", "lupa paswod", "--limit", "1")).stdout
    assert "1. Lupa password akun INAPROC" in told
    assert "[usulan-lupa-password-inaproc, berlaku sejak 2024-01-01, usulan; Perpres" in told
    told = (await shell.run(known, "search", "apendo menolak berk")).stdout
    assert "1. Apendo menolak berkas" in told
    assert "[konsultasi 0001/FK-TLP/LPSE.BTG/2026, 2026-03-02]" in told


async def test_who_read_consultations_is_on_record_and_answers_are_of_nobody(
    known: str, shell: Shell, connection: Connection
) -> None:
    await shell.run(known, "search", "lupa paswod", "--limit", "1")
    assert await connection.fetchval("SELECT count(*) FROM access_log") == 0
    await shell.run(known, "search", "apendo menolak berk")
    (line,) = await access_of(known, ["0001/FK-TLP/LPSE.BTG/2026"])
    assert (line.action, line.purpose) == ("read", "lpse-agent search")


async def test_programs_get_one_array(known: str, shell: Shell) -> None:
    result = await shell.run(known, "search", "gagal unggah", "--json", "--limit", "2")
    first, second = json.loads(result.stdout)
    assert (first["kind"], first["reference"]) == ("answer", "usulan-unggah-penawaran")
    assert first["rank"] >= second["rank"]


@pytest.mark.parametrize("typed", ["zzzz", "", "'&|!", "\udcff"])
async def test_nothing_found_says_so(known: str, shell: Shell, typed: str) -> None:
    result = await shell.run(known, "search", "--", typed)
    assert result.exit_code == 0
    assert result.stdout.strip() == "Tidak ada jawaban yang cocok."
