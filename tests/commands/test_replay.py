"""A recording goes through the core decision by decision; a broken one gets one sentence."""

import json
from pathlib import Path

import msgspec
import pytest

from tests.commands.shell import Shell
from tests.database.stories import Story, abandoned, escalated

NO_DATABASE = ""


def lines_of(story: Story) -> list[bytes]:
    return [msgspec.json.encode(record.event) for record in story.records]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "the_caller_hangs_up.jsonl"


def write(file: Path, lines: list[bytes]) -> str:
    file.write_bytes(b"\n".join(lines))
    return str(file)


async def test_each_event_is_printed_with_its_moment_and_what_it_makes_happen(
    shell: Shell, file: Path
) -> None:
    story = abandoned(3)
    ended = await shell.start(NO_DATABASE, "replay", write(file, [*lines_of(story), b""]))
    assert (ended.status, ended.err) == (0, "")
    told = ended.out.splitlines()
    assert len(told) == len(story.records) + 1
    assert told[0] == ("09:00:00.000 WIB CallArrived → welcoming: AnswerCaller, StartTimer welcome")
    for line, record in zip(told, story.records, strict=False):
        assert f" {type(record.event).__name__}" in line
        assert f" → {record.call.stage}: " in line
        assert all(type(effect).__name__ in line for effect in record.pending)
    assert told[-1] == "Hasil: penelepon menutup saat menunggu (abandoned_waiting)"


async def test_programs_get_an_object_a_line_with_the_very_effects_that_were_recorded(
    shell: Shell, file: Path
) -> None:
    story = escalated(412)
    ended = await shell.start(NO_DATABASE, "replay", "--json", write(file, lines_of(story)))
    told = [json.loads(line) for line in ended.out.splitlines()]
    assert all(list(one) == ["event", "stage", "effects", "outcome"] for one in told)
    assert [one["effects"] for one in told] == [
        json.loads(msgspec.json.encode(record.pending)) for record in story.records
    ]
    assert {one["outcome"] for one in told[:20]} == {"in_progress"}
    assert told[-1]["outcome"] == "escalated"


async def test_what_a_recording_holds_commands_no_terminal(shell: Shell, file: Path) -> None:
    lines = lines_of(escalated(412))
    hostile = [line.replace(b'"digit":"*"', b'"digit":"\\u001b[2J\\u202e"') for line in lines]
    assert hostile != lines
    for option in ([], ["--json"]):
        ended = await shell.start(NO_DATABASE, "replay", *option, write(file, hostile))
        assert ended.status == 0
        assert "[2J" in ended.out
        assert all(line.isprintable() for line in ended.out.splitlines())


GOOD = lines_of(abandoned(3))
OTHER_CALL = lines_of(abandoned(4))[0]
NO_ZONE = GOOD[2].replace(b"Z", b"", 1)
FAR = GOOD[2].replace(b'"at":"2026', b'"at":"9999')
NOWHERE = GOOD[0].replace(b'"rules":{', b'"rules":{"zone":"MOON",')


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "there is no event in it"),
        ([*GOOD[:2], GOOD[2][:30]], ", line 3: Input data was truncated"),
        ([*GOOD[:2], b"\xff\xfe"], ", line 3: JSON is malformed"),
        ([*GOOD[:2], b'{"event":"Sneezed","at":"2026-03-02T02:00:00Z"}'], ", line 3: Invalid"),
        ([*GOOD[:2], b"[" * 100_000], ", line 3: Expected `object`"),
        ([*GOOD[:2], NO_ZONE], ", line 3: `at` has no zone"),
        ([*GOOD[:2], FAR], ", line 3: `at` is not between 2000 and 2100"),
        ([*GOOD[:2], OTHER_CALL], ", line 3: another call begins here"),
        ([NOWHERE], ", line 1: the zone MOON is none of WIB, WITA, WIT"),
        (GOOD[1:], ", line 1: a call begins with its arrival, not with CallerAnswered"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
async def test_what_is_no_recording_gets_one_sentence_with_the_lines_number(
    shell: Shell, file: Path, content: list[bytes], said: str
) -> None:
    result = await shell.run(NO_DATABASE, "replay", write(file, content))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(str(file))
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


async def test_a_broken_line_shows_no_traceback_and_a_missing_file_neither(
    shell: Shell, file: Path
) -> None:
    missing = await shell.start(NO_DATABASE, "replay", str(file))
    assert (missing.status, missing.err) == (2, f"{file}: No such file or directory\n")
    broken = await shell.start(NO_DATABASE, "replay", write(file, [*GOOD[:2], b"{"]))
    assert (broken.status, broken.out) == (2, "")
    assert broken.err.startswith(f"{file}, line 3: ")
    assert "Traceback" not in broken.err
