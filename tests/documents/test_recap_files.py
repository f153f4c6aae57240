import hashlib
import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.documents.recap_files import FORMATS, Format, RecapFiles
from tests.documents.recap_office import FRAME, MADE_AT
from tests.domain.recap_calls import november


def make(folder: Path, *formats: Format, count: int = 40) -> RecapFiles:
    with RecapFiles(folder, formats or FORMATS, FRAME) as files:
        for call in november(count):
            files.take(call)
        files.finish(MADE_AT)
    return files


def test_all_files_are_put_in_place_whole_closed_to_strangers_and_with_their_hash(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "recaps" / "2026-11"
    calls = november(40)
    with RecapFiles(folder, FORMATS, FRAME) as files:
        for call in calls:
            files.take(call)
        assert not [file for file in folder.iterdir() if file.is_file()]
        written = files.finish(MADE_AT)
    assert [file.path.suffix for file in written.files] == [".pdf", ".xlsx", ".csv"]
    assert sorted(folder.iterdir()) == sorted(file.path for file in written.files)
    for file in written.files:
        assert hashlib.sha256(file.path.read_bytes()).hexdigest() == file.sha256
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o640
    assert written.rows == sum(call.is_consultation for call in calls)
    assert written.tally.totals.offered == 40


def test_one_format_alone_is_one_file_and_a_repeat_takes_its_place(tmp_path: Path) -> None:
    make(tmp_path, "csv", count=10)
    (first,) = tmp_path.iterdir()
    before = first.read_bytes()
    make(tmp_path, "csv", count=20)
    assert list(tmp_path.iterdir()) == [first]
    assert len(first.read_bytes()) > len(before)


def test_a_failure_in_between_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError), RecapFiles(tmp_path, FORMATS, FRAME) as files:
        files.take(november(1)[0])
        raise ConnectionError
    assert list(tmp_path.iterdir()) == []


def test_totals_that_do_not_add_up_leave_the_house_never(tmp_path: Path) -> None:
    with pytest.raises(AssertionError), RecapFiles(tmp_path, ("csv",), FRAME) as files:
        files.take(november(1)[0])
        files._tally.totals.offered += 1
        files.finish(MADE_AT)
    assert list(tmp_path.iterdir()) == []


def test_the_files_are_named_after_the_period() -> None:
    assert FRAME.stem == "rekap-2026-11-01-2026-11-30"
    short = replace(FRAME, period=replace(FRAME.period, last=FRAME.period.first))
    assert short.stem == "rekap-2026-11-01-2026-11-01"
