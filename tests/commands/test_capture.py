"""A captured call tells nothing of its people and replays to the same end."""

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from agent.commands.capture import anonymised
from agent.commands.replay import read_recording
from agent.domain.call import replay
from agent.domain.call_state import Decision
from agent.domain.consultation import outcome_of
from agent.domain.details import is_detail
from agent.domain.events import CallArrived, Caller, FieldFilled
from tests.commands.shell import Shell
from tests.database.agents import running_writer
from tests.database.stories import Story, abandoned, escalated, solved

NAME_GIVEN = Caller(raw=None, number=None, shown="Rahmat Hidayat")


async def record_all(url: str, story: Story) -> None:
    async with running_writer(url) as writer:
        for record in story.records:
            await writer.record(record)


async def test_nothing_is_left_of_the_callers_number_or_the_operators_name(
    url: str, shell: Shell
) -> None:
    story = escalated(412)
    await record_all(url, story)
    captured = (await shell.start(url, "capture", story.ticket_number)).out
    for name in ("Siti", "Aminah"):
        assert name not in captured
    assert "8123456789" not in re.sub(r"[^\d]", "", captured.replace(story.form_number, ""))
    assert "8123456789" in re.sub(r"[^\d]", "", str(story.records[0].event))


def test_a_name_that_a_telephone_sent_in_place_of_its_number_is_left_out_too() -> None:
    arrived = Story(1, caller=NAME_GIVEN)
    arrived.arrive()
    event = anonymised(arrived.records[0].event)
    assert isinstance(event, CallArrived)
    assert event.caller == Caller()


def test_what_stands_on_the_form_is_left_out_but_for_the_calls_outcome() -> None:
    at, by = Story(1).now, "op-101"
    typed = FieldFilled(at=at, field="caller_name", raw="Budi", value="Budi", by=by)
    cleared = FieldFilled(at=at, field="npwp", raw="", value=None, by=by)
    told = FieldFilled(
        at=at, field="outcome", raw="prank", value="prank", tells_outcome=True, by=by
    )
    written = anonymised(typed)
    assert isinstance(written, FieldFilled)
    assert (written.field, written.value) == ("caller_name", "(terisi)")
    assert "Budi" not in str(written)
    emptied = anonymised(cleared)
    assert isinstance(emptied, FieldFilled) and emptied.value is None
    assert anonymised(told) == told


@pytest.mark.parametrize("tell", [escalated, solved, abandoned], ids=lambda tell: tell.__name__)
async def test_the_recording_replays_to_the_same_call(
    url: str, shell: Shell, tmp_path: Path, tell: Callable[[int], Story]
) -> None:
    story = tell(5)
    await record_all(url, story)
    recording = tmp_path / "recording.jsonl"
    recording.write_text((await shell.run(url, "capture", "5/2026")).stdout)
    replayed = replay(read_recording(recording))
    assert outcome_of(replayed) == outcome_of(story.call)
    assert replayed.stage == story.call.stage
    assert (replayed.events, replayed.playbacks) == (story.call.events, story.call.playbacks)
    assert replayed.ticket_number == story.call.ticket_number


async def test_one_line_holds_one_event_and_standard_output_nothing_else(
    url: str, shell: Shell
) -> None:
    story = solved(2)
    await record_all(url, story)
    ended = await shell.start(url, "capture", "2/2026")
    assert (ended.status, ended.err) == (0, "")
    kinds = [json.loads(line)["event"] for line in ended.out.splitlines()]
    assert kinds == [type(record.event).__name__ for record in story.records]


async def test_a_call_that_never_was_gets_one_sentence_and_an_empty_recording(
    url: str, shell: Shell
) -> None:
    ended = await shell.start(url, "capture", "999/2026")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.splitlines() == ["No call has the number 999/2026."]


async def test_a_database_that_was_never_migrated_is_not_read(empty_url: str, shell: Shell) -> None:
    ended = await shell.start(empty_url, "capture", "1/2026")
    assert ended.status == 1
    assert "run `lpse-agent migrate`" in ended.err


async def test_a_gap_in_the_log_is_told_and_replayed_over(
    url: str, shell: Shell, tmp_path: Path
) -> None:
    """Of a call whose detail was shed, everything else is there in its place."""
    story = escalated(7)
    steps = pairwise(story.records)
    shed = {r.sequence for b, r in steps if is_detail(b.call, Decision(r.call, r.pending))}
    assert len(shed) == 9
    async with running_writer(url) as writer:
        for record in story.records:
            if record.sequence not in shed:
                await writer.record(record)
    ended = await shell.start(url, "capture", "7/2026")
    assert ended.status == 0
    assert ended.err.startswith("9 events are missing")
    recording = tmp_path / "recording.jsonl"
    recording.write_text(ended.out)
    replayed = replay(read_recording(recording))
    assert (replayed.stage, replayed.events) == (story.call.stage, story.call.events)
    told = await shell.start(url, "replay", str(recording))
    assert told.status == 0
    assert "DetailShed 2" in told.out
    assert told.out.splitlines()[-1].endswith("(escalated)")
    assert "may lack detail" in told.err
    sheet = (await shell.start(url, "call", "7/2026")).out
    assert "2 rincian tidak tersimpan" in " ".join(sheet.split())
    counted = json.loads((await shell.start(url, "call", "7/2026", "--json")).out)
    assert counted["events"] == len(story.records) - 9


async def test_a_recording_whose_beginning_was_shed_says_so_and_is_not_replayed(
    url: str, shell: Shell, tmp_path: Path
) -> None:
    story = solved(8)
    async with running_writer(url) as writer:
        await writer.record(story.records[-1])
    recording = tmp_path / "recording.jsonl"
    recording.write_text((await shell.start(url, "capture", "8/2026")).out)
    told = await shell.start(url, "replay", str(recording))
    assert (told.status, told.out) == (2, "")
    missing = len(story.records) - 1
    assert told.err == f"{recording}, line 1: the call's first {missing} events were not kept\n"
