"""Which sheets are missing is asked of a real database; those that are there are in the chain."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from agent.database.archive_chain import check_archive
from agent.database.connect import Connection
from agent.database.deviation_words import decide, explain
from agent.database.supplements import SupplementStore
from agent.domain.supplement import Supplement
from agent.runtime.errors import EffectFailed
from agent.runtime.supplements import _BEFORE_ALL, After
from tests.database.a_person import Office
from tests.database.agents import running_writer
from tests.database.broken_promises import MINUTE
from tests.database.stories import MORNING, escalated

NOW = MORNING + 60 * MINUTE
NUMBER = "1/2026"
FORM = "forms/1.json"
SHEETS = ["forms/call-1.time-2-1.pdf", "forms/call-1.time-2-2.pdf"]


@pytest.fixture
async def spoken(url: str) -> str:
    """A call with a late greeting: explained, then excused."""
    async with running_writer(url) as writer:
        for record in escalated(1, greeting_s=12.5).records:
            await writer.record(record)
    await explain(url, NUMBER, "2", None, "Headset rusak", "op-101", NOW)
    await decide(url, NUMBER, "2", None, "upheld", "Alat tersedia", "Boss", NOW + MINUTE)
    return url


async def due(url: str, after: After = _BEFORE_ALL) -> list[Supplement]:
    return await SupplementStore(url).due(after)


async def put() -> str:
    return "cd" * 32


async def faults(url: str, files: dict[str, str]) -> list[tuple[str, str]]:
    report = await check_archive(url, files.get, lambda: iter(files))
    return [(one.fault, one.path) for one in report.findings]


async def test_every_word_of_an_archived_form_has_a_sheet_with_all_that_was_said_until_then(
    spoken: str,
) -> None:
    explained, decided = await due(spoken)
    assert [explained.path, decided.path] == SHEETS
    assert [word.text for word in explained.words] == ["Headset rusak"]
    assert [word.text for word in decided.words] == ["Headset rusak", "Alat tersedia"]
    assert (decided.form_path, decided.form_sha256) == (FORM, "ab" * 32)
    assert decided.stands
    assert tuple(one.place for one in decided.proof) == decided.stands.events
    assert decided.named("op-101") == "Siti Aminah (op-101)"
    after = (explained.at, explained.call_id, explained.kind, explained.step, explained.sequence)
    assert [one.path for one in await due(spoken, after)] == SHEETS[1:]


async def test_what_is_said_before_the_form_is_archived_waits_for_it(url: str) -> None:
    *records, archived = escalated(1, greeting_s=12.5).records
    async with running_writer(url) as writer:
        for record in records:
            await writer.record(record)
        await explain(url, NUMBER, "2", None, "Headset rusak", "op-101", NOW)
        assert await due(url) == []
        await writer.record(archived)
    assert [one.path for one in await due(url)] == SHEETS[:1]


async def test_a_sheet_is_kept_once_and_chained_behind_its_form(
    spoken: str, connection: Connection
) -> None:
    store = SupplementStore(spoken)
    for sheet in await due(spoken):
        assert await store.keep(sheet, put)
        assert not await store.keep(sheet, put)
    assert await due(spoken) == []
    paths = await connection.fetch("SELECT path FROM archive_entries ORDER BY sequence")
    assert [row["path"] for row in paths] == [FORM, *SHEETS]
    files = {FORM: "ab" * 32, **dict.fromkeys(SHEETS, "cd" * 32)}
    report = await check_archive(spoken, files.get, lambda: iter(files))
    assert (report.entries, report.supplements, report.findings) == (3, 2, ())
    assert await faults(spoken, files | {SHEETS[0]: "ef" * 32}) == [("file_changed", SHEETS[0])]
    assert await faults(spoken, {FORM: "ab" * 32, SHEETS[0]: "cd" * 32}) == [
        ("file_missing", SHEETS[1])
    ]


async def test_a_record_that_was_changed_differs_and_one_without_entry_is_missed(
    spoken: str, connection: Connection
) -> None:
    for sheet in await due(spoken):
        await SupplementStore(spoken).keep(sheet, put)
    for change in ("DELETE FROM form_supplements", "UPDATE form_supplements SET path = ''"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(change)
    files = {FORM: "ab" * 32, **dict.fromkeys(SHEETS, "cd" * 32)}
    await connection.execute("ALTER TABLE form_supplements DISABLE TRIGGER USER")
    await connection.execute("UPDATE form_supplements SET sha256 = repeat('ef', 32)")
    assert await faults(spoken, files) == [("record_differs", path) for path in SHEETS]
    await connection.execute("UPDATE form_supplements SET sha256 = repeat('cd', 32)")
    await connection.execute("ALTER TABLE archive_entries DISABLE TRIGGER USER")
    await connection.execute("DELETE FROM archive_entries WHERE sequence = 3")
    told = [("file_unknown", SHEETS[1]), ("entry_missing", SHEETS[1])]
    assert await faults(spoken, files) == told


async def test_a_sheet_that_is_about_to_be_recorded_is_no_stranger(spoken: str) -> None:
    files = {FORM: "ab" * 32, SHEETS[0]: "cd" * 32, "forms/call-1.time-2-3.pdf": "cd" * 32}
    assert await faults(spoken, files) == [("file_unknown", "forms/call-1.time-2-3.pdf")]


async def test_a_sheet_that_cannot_be_written_stays_due(spoken: str) -> None:
    async def no_room() -> str:
        raise EffectFailed("the disk is full")

    [sheet, _] = await due(spoken)
    with pytest.raises(EffectFailed):
        await SupplementStore(spoken).keep(sheet, no_room)
    assert len(await due(spoken)) == 2


async def test_sheets_are_erased_with_their_form_and_none_is_written_afterwards(
    spoken: str, connection: Connection, tmp_path: Path
) -> None:
    office = Office(spoken, tmp_path)
    first, second = await due(spoken)
    form, sheet = office.archive / FORM, office.archive / first.path

    async def write() -> str:
        await asyncio.to_thread(sheet.write_text, "Siti")
        return "cd" * 32

    await SupplementStore(spoken).keep(first, write)
    await asyncio.to_thread(form.write_text, "Ratna")
    assert await office.eraser.erase(first.call_id, "form", by="agent", why="form_kept_years = 10")
    assert not form.exists()
    assert not sheet.exists()
    assert await due(spoken) == []
    assert not await SupplementStore(spoken).keep(second, put), "it was looked up before"
    assert await faults(spoken, {}) == []
    assert await faults(spoken, {SHEETS[0]: "cd" * 32}) == [("file_left", SHEETS[0])]
