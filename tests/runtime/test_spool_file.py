import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.runtime.spool_file import SpoolFile


def line(call: str, sequence: int) -> bytes:
    return b'{"call_id":"%s","sequence":%d}' % (call.encode(), sequence)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def drained(spool: SpoolFile, most: int = 2) -> list[bytes]:
    """Everything that is in it, taken away piece by piece."""
    taken: list[bytes] = []
    spool.set_apart()
    while lines := spool.read(most):
        assert len(lines) <= most
        taken += lines
        spool.forget()
    return taken


def test_lines_come_back_in_order_and_are_gone_when_they_are_forgotten(file: Path) -> None:
    spool, lines = SpoolFile(file), [line("a", n) for n in range(7)]
    spool.append(lines[:3])
    spool.append(lines[3:])
    assert (spool.lines, spool.size) == (7, sum(map(len, lines)))
    assert drained(spool) == lines
    assert (spool.lines, spool.size) == (0, 0)
    assert list(file.parent.iterdir()) == []


def test_what_is_read_and_not_forgotten_is_read_again(file: Path) -> None:
    spool, lines = SpoolFile(file), [line("a", n) for n in range(5)]
    spool.append(lines)
    spool.set_apart()
    assert spool.read(2) == spool.read(2) == lines[:2]
    spool.forget()
    assert spool.read(2) == lines[2:4]
    assert spool.lines == 3


def test_what_is_appended_during_a_drain_comes_after_it(file: Path) -> None:
    spool = SpoolFile(file)
    spool.append([line("a", 1), line("a", 2)])
    spool.set_apart()
    assert spool.read(1) == [line("a", 1)]
    spool.append([line("a", 3)])
    assert drained(spool) == [line("a", 1), line("a", 2), line("a", 3)]


def test_the_next_process_finds_all_that_was_not_forgotten_in_its_order(file: Path) -> None:
    dies, lines = SpoolFile(file), [line("a", n) for n in range(30)]
    for start in range(0, 30, 2):  # more files than a name of one digit could keep in order
        dies.append(lines[start : start + 2])
        if start < 24:
            dies.set_apart()
    dies.read(1)
    dies.forget()
    heir = SpoolFile(file)
    assert heir.lines == 30, "the line that was drained from a file's beginning is drained again"
    assert drained(heir) == lines


def test_a_journal_of_the_time_before_is_read(file: Path) -> None:
    file.write_bytes(b"\n" + line("a", 1) + b"\n\n" + line("a", 2) + b"\n")
    assert drained(SpoolFile(file)) == [line("a", 1), line("a", 2)]


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """The system itself refuses to write beyond it, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_the_disk_breaks_off_leaves_nothing_behind(file: Path) -> None:
    spool, lines = SpoolFile(file), [line("a", n) for n in range(3)]
    spool.append(lines[:1])
    before = file.read_bytes()
    with no_file_larger_than(len(before) + 10), pytest.raises(OSError, match="File too large"):
        spool.append(lines[1:])
    assert file.read_bytes() == before
    assert spool.lines == 1
    spool.append(lines[1:])
    assert drained(spool) == lines


def test_a_torn_line_is_parted_from_the_next(file: Path) -> None:
    file.write_bytes(b'{"call_id":"a","sequ')
    spool = SpoolFile(file)
    spool.append([line("b", 1)])
    assert drained(spool) == [b'{"call_id":"a","sequ', line("b", 1)]


def test_of_each_call_the_last_line_is_kept_in_the_order_of_these(file: Path) -> None:
    spool = SpoolFile(file)
    spool.append([line("a", 1), line("b", 1), b"torn", line("a", 2)])
    spool.set_apart()
    spool.append([line("c", 1), line("b", 2), b"\xff"])
    spool.set_apart()
    spool.append([line("a", 3)])
    assert spool.keep_latest() == 4
    assert spool.lines == 4
    assert SpoolFile(file).lines == 4
    assert drained(spool) == [line("a", 2), line("c", 1), line("b", 2), line("a", 3)]


def test_what_was_forgotten_is_not_kept_as_the_latest(file: Path) -> None:
    spool = SpoolFile(file)
    spool.append([line("a", 1), line("b", 1), line("b", 2)])
    spool.set_apart()
    spool.read(1)
    spool.forget()
    assert spool.keep_latest() == 1
    assert drained(spool) == [line("b", 2)]


def test_keeping_the_latest_that_the_disk_breaks_off_loses_nothing(file: Path) -> None:
    spool, lines = SpoolFile(file), [line(call, n) for n in range(3) for call in "abc"]
    spool.append(lines)
    spool.set_apart()
    with no_file_larger_than(20), pytest.raises(OSError, match="File too large"):
        spool.keep_latest()
    assert [path.name for path in file.parent.iterdir()] == ["journal.000001.jsonl"]
    assert drained(SpoolFile(file)) == lines


def test_nothing_is_kept_of_nothing(file: Path) -> None:
    assert SpoolFile(file).keep_latest() == 0
    assert SpoolFile(file).read(5) == []
    SpoolFile(file).forget()


def test_a_folder_that_is_not_there_or_full_is_not_writable(file: Path, tmp_path: Path) -> None:
    assert SpoolFile(file).writable()
    assert not SpoolFile(tmp_path / "nowhere" / "journal.jsonl").writable()


def test_callers_numbers_in_the_journal_are_for_its_owner_alone(file: Path) -> None:
    SpoolFile(file).append([line("a", 1)])
    assert file.stat().st_mode & 0o777 == 0o600
