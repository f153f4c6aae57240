import asyncio
import hashlib
import os
from datetime import date
from pathlib import Path

import pytest

from agent.documents.recap_process import RecapFailed, RecapProcess
from agent.domain.recap_period import month_of
from tests.commands.shell import Shell
from tests.database.agents import running_writer
from tests.database.stories import escalated, in_turn, solved

MARCH = month_of(date(2026, 3, 1))


async def test_a_month_is_written_in_every_format_and_told_as_it_is(
    url: str, tmp_path: Path
) -> None:
    async with running_writer(url) as writer:
        for record in in_turn([escalated(1), solved(2)]):
            await writer.record(record)
    folder = tmp_path / "recaps"
    made = await RecapProcess(folder, Shell(tmp_path).environment(url)).make(MARCH)
    assert made.path == "2026-03/rekap-2026-03-01-2026-03-31.pdf"
    assert hashlib.sha256((folder / made.path).read_bytes()).hexdigest() == made.sha256
    assert (made.rows, made.totals["offered"]) == (2, 2)
    names = {file.suffix for file in (folder / "2026-03").iterdir()}
    assert names == {".pdf", ".xlsx", ".csv"}


async def test_the_commands_own_sentence_says_why_it_failed(tmp_path: Path) -> None:
    environment = Shell(tmp_path).environment("postgresql://127.0.0.1:1/nowhere")
    with pytest.raises(RecapFailed, match=r"status 1: The database did not do its work"):
        await RecapProcess(tmp_path, environment).make(MARCH)
    with pytest.raises(RecapFailed, match="status 2: zone: expected"):
        await RecapProcess(tmp_path, environment | {"LPSE_ZONE": "UTC"}).make(MARCH)


async def test_a_command_that_hangs_is_ended(tmp_path: Path) -> None:
    environment = Shell(tmp_path).environment("postgresql://127.0.0.1:1/nowhere")
    with pytest.raises(RecapFailed, match="not done within 0 s"):
        await RecapProcess(tmp_path, environment, limit_s=0.1).make(MARCH)
    assert _children() == set()


async def test_a_service_that_stops_leaves_no_process(tmp_path: Path) -> None:
    environment = Shell(tmp_path).environment("postgresql://127.0.0.1:1/nowhere")
    process = RecapProcess(tmp_path, environment)
    making = asyncio.ensure_future(process.make(MARCH))  # noqa: TID251 — to be cancelled here
    await asyncio.sleep(0.1)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert _children() == set()


def _children() -> set[str]:
    """Recaps that our own processes make now."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = status.read_text().rpartition(")")[2].split()[1]
            command = (status.parent / "cmdline").read_text()
        except (OSError, IndexError):
            continue
        if parent == str(os.getpid()) and "recap" in command:
            found.add(status.parent.name)
    return found
