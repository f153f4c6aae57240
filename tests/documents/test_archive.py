"""The archive of forms on a real disk: written once, never written over, its hash proves it."""

import asyncio
import hashlib
import json
import os
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.documents.archive import (
    TYPESETTING_NICENESS,
    Archive,
    archived_sha256,
    render_record,
)
from agent.documents.archive_store import ArchiveFailed, FolderStore
from agent.domain.call import replay
from agent.domain.call_state import Call
from agent.domain.consultation import judge
from agent.domain.events import FormArchived
from agent.domain.identifiers import CallId
from tests.documents.papers import (
    PRIORITY_TABLE,
    PROCEDURE,
    SAY,
    STATIONERY,
    folder_archive,
    record_in,
)
from tests.domain.story import (
    CALL,
    FORM,
    FORM_FILE,
    MORNING,
    SOP,
    TICKET,
    Story,
    solved,
    talking_with_form,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def archive(folder: Path) -> Archive:
    return folder_archive(folder)


async def archived(archive: Archive, call: Call) -> FormArchived:
    """The event that the archive answers."""
    performed = await archive.write(call)
    assert isinstance(performed.event, FormArchived)
    return performed.event


async def test_the_form_holds_everything_that_the_procedure_wants_of_it(
    archive: Archive, folder: Path
) -> None:
    call = solved().call
    event = await archived(archive, call)
    form = json.loads(record_in((folder / event.path).read_bytes()))
    judgement = judge(call, PROCEDURE)
    assert form["document"] == "Formulir Konsultasi"
    assert (form["form_number"], form["ticket_number"]) == (FORM, None)
    assert form["sop"]["document"] == PROCEDURE.document
    assert form["sop"]["revision"] == PROCEDURE.revision
    assert form["judgement"]["outcome"] == "solved"
    steps = {step["step"]: step for step in form["judgement"]["steps"]}
    assert {name: step["state"] for name, step in steps.items()} == {
        step.step: step.state for step in judgement.steps
    }
    assert steps["2"]["evidence"][-1]["fact"] == "operator_spoke"
    assert len(form["judgement"]["deviations"]) == len(judgement.deviations)
    assert form["call"]["caller"]["number"] == "+62811234567"
    assert datetime.fromisoformat(form["call"]["arrived"]["at"]) == MORNING


async def test_the_hash_is_that_of_the_file_and_nobody_may_write_it(
    archive: Archive, folder: Path
) -> None:
    event = await archived(archive, solved().call)
    assert event.path == f"{MORNING.year}/{CALL}.pdf"
    file = folder / event.path
    assert event.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert stat.S_IMODE(file.stat().st_mode) == 0o440
    assert [kept.name for kept in file.parent.iterdir()] == [file.name], "no draft is left"


async def test_what_is_written_is_never_written_over(archive: Archive, folder: Path) -> None:
    call = solved().call
    first = await archived(archive, call)
    before = (folder / first.path).read_bytes()
    second = await archived(archive, replace(call, ticket_number=TICKET))
    assert (folder / first.path).read_bytes() == before
    assert (second.path, second.sha256) == (first.path, first.sha256)


async def test_a_draft_that_a_crash_left_is_no_form(archive: Archive, folder: Path) -> None:
    draft = folder / str(MORNING.year) / f"{CALL}.draft"
    draft.parent.mkdir(parents=True)
    draft.write_bytes(b'{"call": torn')
    event = await archived(archive, solved().call)
    assert json.loads(record_in((folder / event.path).read_bytes()))["form_number"] == FORM
    assert not draft.exists()


def test_the_same_facts_give_the_same_bytes() -> None:
    story: Story = solved()
    record = render_record(story.call, judge(story.call, PROCEDURE), PROCEDURE)
    again = replay(story.told)
    assert record == render_record(again, judge(again, PROCEDURE), PROCEDURE)
    assert list(json.loads(record)) == sorted(json.loads(record))


async def test_what_was_written_on_the_form_is_in_the_record(
    archive: Archive, folder: Path
) -> None:
    story = talking_with_form()
    story.fills(("caller_name", "Budi"), ("npwp", "01.234.567.8-901.000"))
    event = await archived(archive, story.call)
    shown = json.loads(record_in((folder / event.path).read_bytes()))["call"]["form"]["shown"]
    assert (shown["caller_name"]["value"], shown["npwp"]["raw"]) == ("Budi", "01.234.567.8-901.000")


async def test_the_loop_turns_while_papers_are_made_behind_everything_else(
    archive: Archive,
) -> None:
    story = talking_with_form()
    story.fills(*[(field, "kata " * 700) for field in ("problem", "solution")])
    turns, calls = 0, [replace(story.call, call_id=CallId(f"call-{n}")) for n in range(3)]
    async with asyncio.TaskGroup() as tasks:
        written = [tasks.create_task(archived(archive, call)) for call in calls]
        while not all(task.done() for task in written):
            turns += 1
            await asyncio.sleep(0.001)
    assert turns > 20, "a loop that waits for a paper turns once for each"
    # Those of archives that are over may not be gone yet.
    names = [(t.native_id, t.name) for t in threading.enumerate()]
    typesetters = [thread for thread, name in names if thread and name.startswith("typesetter")]
    assert typesetters
    for thread in typesetters:
        assert os.getpriority(os.PRIO_PROCESS, thread) >= TYPESETTING_NICENESS


async def test_a_form_that_cannot_be_written_is_refused_and_written_when_it_can(
    archive: Archive, folder: Path
) -> None:
    await asyncio.to_thread(folder.write_text, "a file stands where the archive should be")
    with pytest.raises(ArchiveFailed):
        await archive.write(solved().call)
    await asyncio.to_thread(folder.unlink)
    assert (folder / (await archived(archive, solved().call)).path).is_file()


async def test_a_paper_that_cannot_be_typeset_is_a_failed_wish_that_quotes_nobody(
    folder: Path,
) -> None:
    broken = replace(STATIONERY, logo=b"no picture")
    archive = Archive(
        FolderStore(folder),
        {SOP: PROCEDURE},
        {},
        lambda: FORM_FILE,
        broken,
        lambda: PRIORITY_TABLE,
        SAY,
    )
    with pytest.raises(ArchiveFailed, match="cannot be typeset"):
        await archive.write(solved().call)
    assert not list(FolderStore(folder).paths())


async def test_a_call_of_new_years_night_is_archived_in_the_year_of_the_offices_clock(
    archive: Archive,
) -> None:
    story = Story(start=datetime(2026, 12, 31, 17, 0, tzinfo=UTC))  # 00:00 WIB
    story.arrives()
    assert (await archived(archive, story.call)).path == f"2027/{CALL}.pdf"


async def test_what_is_in_the_archive_is_known_by_its_hash_and_nothing_outside_of_it(
    archive: Archive, folder: Path
) -> None:
    event = await archived(archive, solved().call)
    store = FolderStore(folder)
    assert archived_sha256(store, event.path) == event.sha256
    (folder.parent / "outside.json").write_text("{}")
    for path in (
        "2026/none.json",
        "",
        "../outside.json",
        str(folder.parent / "outside.json"),
        "\0",
    ):
        assert archived_sha256(store, path) is None, path
