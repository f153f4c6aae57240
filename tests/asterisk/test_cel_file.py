"""The journal's file is read to its last whole line, through renaming, cutting and damage."""

import os
import time
from pathlib import Path

import pytest

from agent.asterisk import cel_file
from agent.asterisk.cel_file import CelFile
from agent.asterisk.errors import LedgerUnreadable
from agent.runtime.doors import LedgerPosition

START = LedgerPosition()


def line(count: int) -> bytes:
    """The count-th line; its channel is told apart by it."""
    return (
        b'{"eventenum":"ANSWER","userdeftype":"","eventtime":"1795581495.576418",'
        b'"uniqueid":"1795581495.%d","linkedid":"1795581495.%d","channame":"PJSIP/trunk-1",'
        b'"peer":"","context":"from-trunk","exten":"1500","num":"","name":"","eventextra":""}\n'
    ) % (count, count)


def write(file: Path, *counts: int, end: bytes = b"") -> None:
    with file.open("ab") as opened:
        opened.write(b"".join(map(line, counts)) + end)


def cut(file: Path, content: bytes) -> None:
    """As if somebody had emptied it and begun anew."""
    file.write_bytes(content)


def take_away(file: Path) -> None:
    """As another program's rotation does."""
    file.unlink()


def quieten(file: Path) -> None:
    """As if nobody had written there for a while."""
    long_ago = time.time() - 60
    os.utime(file, (long_ago, long_ago))


async def read(journal: CelFile, position: LedgerPosition) -> tuple[list[int], LedgerPosition]:
    """Everything from a position on, as the lines' counts."""
    counts: list[int] = []
    while True:
        entries, reached = await journal.read(position)
        if reached == position:
            return counts, position
        counts += [int(entry.channel.split(".")[1]) for entry in entries]
        position = reached


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cel.jsonl"


async def test_what_was_read_is_not_read_again_and_what_comes_later_is(file: Path) -> None:
    journal = CelFile(file)
    write(file, 1, 2)
    counts, position = await read(journal, START)
    assert counts == [1, 2]
    write(file, 3)
    assert (await read(journal, position))[0] == [3]
    assert (await read(CelFile(file), position))[0] == [3], "after a restart too"


async def test_a_file_that_is_not_there_yet_has_no_lines(file: Path) -> None:
    assert await CelFile(file).read(START) == ([], START)


async def test_a_line_that_is_being_written_waits_for_its_end(file: Path) -> None:
    journal = CelFile(file)
    write(file, 1, end=line(2)[:50])
    counts, position = await read(journal, START)
    assert counts == [1]
    write(file, end=line(2)[50:])
    assert (await read(journal, position))[0] == [2]


async def test_a_damaged_line_costs_only_itself(file: Path) -> None:
    write(file, 1, end=b"\xff\x00 no line\n")
    write(file, 2)
    assert (await read(CelFile(file), START))[0] == [1, 2]


async def test_more_than_one_reading_holds_comes_in_several(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cel_file, "CHUNK", 1000)
    write(file, *range(20))
    assert (await read(CelFile(file), START))[0] == list(range(20))


async def test_a_long_file_is_turned_over_and_read_to_its_last_line(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cel_file, "LONGEST_FILE", 100)
    journal = CelFile(file)
    write(file, 1)
    _, position = await read(journal, START)
    await journal.turn_over(position)
    older = file.with_name("cel.jsonl.1")
    write(older, 2)  # the line that was on its way when it was renamed
    write(file, 3)
    counts, position = await read(journal, position)
    assert counts == [2], "it may still be written"
    quieten(older)
    counts, position = await read(journal, position)
    assert counts == [3]
    write(file, 4)
    assert (await read(journal, position))[0] == [4]


async def test_a_file_that_was_not_read_is_not_turned_over(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cel_file, "LONGEST_FILE", 100)
    journal = CelFile(file)
    write(file, 1)
    await journal.turn_over(START)
    assert (await read(journal, START))[0] == [1]


async def test_somebody_elses_rotation_loses_what_was_not_read_but_nothing_that_comes(
    file: Path,
) -> None:
    journal = CelFile(file)
    write(file, 1)
    _, position = await read(journal, START)
    take_away(file)
    write(file, 2, 3)
    assert (await read(journal, position))[0] == [2, 3]


async def test_a_file_that_was_cut_is_read_from_its_beginning(file: Path) -> None:
    journal = CelFile(file)
    write(file, 1, 2, 3)
    _, position = await read(journal, START)
    cut(file, line(4))
    assert (await read(journal, position))[0] == [4]


async def test_what_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnreadable):
        await CelFile(tmp_path).read(START)
