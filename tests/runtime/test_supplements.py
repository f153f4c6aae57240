"""The job that archives what was said of deviations, on a real database and a real folder."""

import asyncio
from pathlib import Path

import pytest

from agent.commands.plain import FAILED
from agent.database.connect import Connection
from agent.database.deviation_words import decide, explain
from agent.database.supplements import SupplementStore
from agent.domain.events import FormArchived
from agent.domain.supplement import Supplement
from agent.runtime.errors import EffectFailed
from agent.runtime.supplements import SupplementJob
from tests.commands.shell import Shell
from tests.database.agents import running_writer
from tests.database.broken_promises import MINUTE
from tests.database.stories import MORNING, escalated
from tests.documents.papers import folder_archive
from tests.documents.test_form_paper import text_of

NOW = MORNING + 60 * MINUTE


class Fickle:
    """An archive that refuses the sheets of this number."""

    def __init__(self, folder: Path, refused: int) -> None:
        self._archive = folder_archive(folder)
        self._refused = refused

    async def typeset_supplement(self, supplement: Supplement) -> bytes:
        if supplement.sequence == self._refused:
            raise EffectFailed("cannot be typeset")
        return await self._archive.typeset_supplement(supplement)

    async def keep(self, path: str, content: bytes) -> str:
        return await self._archive.keep(path, content)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
async def spoken(url: str, shell: Shell) -> str:
    """A call that is really in the archive of this shell's office; explained, then excused."""
    story = escalated(1, greeting_s=12.5)
    ended = story.records[-2]
    performed = await folder_archive(shell.folder / "archive").write(ended.call)
    assert isinstance(performed.event, FormArchived)
    *records, _ = story.records
    story._call = ended.call
    story.records.clear()
    story.tell(0.1, performed.event)
    async with running_writer(url) as writer:
        for record in (*records, *story.records):
            await writer.record(record)
    await explain(url, "1/2026", "2", None, "Headset rusak", "op-101", NOW)
    await decide(url, "1/2026", "2", None, "excused", "Gangguan alat", "Boss", NOW + MINUTE)
    return url


async def test_what_was_said_is_in_the_archive_and_a_changed_sheet_is_found(
    spoken: str, shell: Shell
) -> None:
    job = SupplementJob(SupplementStore(spoken), folder_archive(shell.folder / "archive"))
    assert await job.look()
    sheet = shell.folder / "archive" / "2026" / "call-1.time-2-2.pdf"
    text = text_of(await asyncio.to_thread(sheet.read_bytes))
    assert "dapat dimaklumi Gangguan alat" in text
    ended = await shell.start(spoken, "archive", "verify")
    assert ended.out.startswith("All is in order; forms archived: 1, supplements: 2, chain ")
    assert await job.look(), "nothing is left to do"
    sheet.chmod(0o640)
    await asyncio.to_thread(sheet.write_bytes, b"%PDF")
    ended = await shell.start(spoken, "archive", "verify")
    assert ended.status == FAILED
    assert ended.out.startswith(
        "✗ 0001/FK-TLP/LPSE.BTG/2026 2026/call-1.time-2-2.pdf: "
        "the archived file has another content than was archived.\n"
    )


async def test_a_sheet_that_fails_keeps_no_other_from_being_written_and_is_tried_again(
    spoken: str, shell: Shell, connection: Connection
) -> None:
    store, folder = SupplementStore(spoken), shell.folder / "archive"
    written = "SELECT count(*) FROM form_supplements"
    assert not await SupplementJob(store, Fickle(folder, refused=1)).look()
    assert await connection.fetchval(written) == 1
    assert await SupplementJob(store, folder_archive(folder)).look()
    assert await connection.fetchval(written) == 2


async def test_a_sheet_that_an_agent_wrote_before_it_died_is_taken_as_it_is(
    spoken: str, shell: Shell, connection: Connection
) -> None:
    store, archive = SupplementStore(spoken), folder_archive(shell.folder / "archive")
    left = shell.folder / "archive" / "2026" / "call-1.time-2-1.pdf"
    await archive.keep("2026/call-1.time-2-1.pdf", b"%PDF of the agent that died")
    assert await SupplementJob(store, archive).look()
    assert await asyncio.to_thread(left.read_bytes) == b"%PDF of the agent that died"
    ended = await shell.start(spoken, "archive", "verify")
    assert ended.status == 0


async def test_without_a_database_it_is_looked_again_later(tmp_path: Path) -> None:
    store = SupplementStore("postgresql://127.0.0.1:1/lpse")
    assert not await SupplementJob(store, folder_archive(tmp_path)).look()


async def test_it_goes_on_until_it_is_cancelled(
    spoken: str, shell: Shell, connection: Connection
) -> None:
    job = SupplementJob(SupplementStore(spoken), folder_archive(shell.folder / "archive"))
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(job.run(look_every_s=0.01))
        while await connection.fetchval("SELECT count(*) FROM form_supplements") < 2:  # noqa: ASYNC110 nobody is told
            await asyncio.sleep(0.02)
        running.cancel()
