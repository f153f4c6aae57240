"""`archive verify`: a line for whatever is wrong with an archived form, status 0 only for none."""

import json
from pathlib import Path

import pytest

from agent.database.connect import Connection
from agent.domain.events import FormArchived
from tests.commands.shell import Shell
from tests.database.agents import running_writer
from tests.database.stories import MORNING, abandoned, escalated
from tests.documents.papers import folder_archive

FORMS = ["0001/FK-TLP/LPSE.BTG/2026", "0002/FK-TLP/LPSE.BTG/2026"]


@pytest.fixture
async def filled(url: str, shell: Shell) -> str:
    """Two calls whose forms are really in the archive of this shell's office."""
    archive = folder_archive(shell.folder / "archive")
    async with running_writer(url) as writer:
        for story in (escalated(1), abandoned(2)):
            ended = story.records[-2]
            performed = await archive.write(ended.call)
            assert isinstance(performed.event, FormArchived)
            for record in story.records[:-1]:
                await writer.record(record)
            story._call = ended.call
            story.records.clear()
            story.tell(0.1, performed.event)
            await writer.record(story.records[-1])
    return url


def file_of(shell: Shell, number: int) -> Path:
    return shell.folder / "archive" / str(MORNING.year) / f"call-{number}.pdf"


async def test_an_archive_that_is_whole_ends_with_status_zero_and_its_last_hash(
    filled: str, shell: Shell, connection: Connection
) -> None:
    ended = await shell.start(filled, "archive", "verify")
    assert (ended.status, ended.err) == (0, "")
    chain = await connection.fetchval("SELECT chain FROM archive_entries WHERE sequence = 2")
    assert ended.out == f"All is in order; forms archived: 2, supplements: 0, chain {chain}.\n"


async def test_whatever_is_wrong_has_its_line(filled: str, shell: Shell) -> None:
    changed, missing = file_of(shell, 1), file_of(shell, 2)
    changed.chmod(0o640)
    changed.write_bytes(changed.read_bytes()[:-1] + b"\0")
    missing.unlink()
    (missing.parent / "slipped\x1b[31m-in.pdf").write_bytes(b"%PDF")
    ended = await shell.start(filled, "archive", "verify")
    assert ended.status == 1
    *lines, last = ended.out.splitlines()
    assert lines == [
        f"✗ {FORMS[0]} 2026/call-1.pdf: the archived file has another content than was archived.",
        f"✗ {FORMS[1]} 2026/call-2.pdf: the archived file is not there.",
        "✗ 2026/slipped?[31m-in.pdf: nothing on record says that this file was archived.",
    ]
    assert last.startswith("3 things are wrong; forms archived: 2, supplements: 0, chain ")


async def test_a_chain_that_was_tampered_with_is_told_to_programs(
    filled: str, shell: Shell, connection: Connection
) -> None:
    await connection.execute("ALTER TABLE archive_entries DISABLE TRIGGER ALL")
    await connection.execute("DELETE FROM archive_entries WHERE sequence = 1")
    ended = await shell.run(filled, "archive", "verify", "--json")
    assert ended.exit_code == 1
    told = json.loads(ended.stdout)
    assert list(told) == ["entries", "supplements", "chain", "findings"]
    assert {(one["fault"], one["form_number"]) for one in told["findings"]} == {
        ("chain_broken", FORMS[1]),
        ("file_unknown", None),
        ("entry_missing", FORMS[0]),
    }


async def test_an_archive_of_nothing_is_in_order(url: str, shell: Shell) -> None:
    ended = await shell.run(url, "archive", "verify")
    assert (ended.exit_code, ended.stdout) == (
        0,
        "All is in order; forms archived: 0, supplements: 0.\n",
    )


async def test_a_store_that_is_away_is_said_in_one_sentence(filled: str, shell: Shell) -> None:
    shell.secret.write_text("id secret")
    settings = {
        "LPSE_ARCHIVE_STORE": "s3://arsip/lpse",
        "LPSE_ARCHIVE_S3_ENDPOINT": "http://127.0.0.1:1",
        "LPSE_ARCHIVE_S3_SECRET_FILE": str(shell.secret),
    }
    ended = await shell.start(filled, "archive", "verify", **settings)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("the archive's store: ")
    assert len(ended.err.splitlines()) == 1
