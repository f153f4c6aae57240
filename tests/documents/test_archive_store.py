"""A folder of forms: durable, written once, and nothing outside of it is touched."""

import stat
from pathlib import Path

import pytest

from agent.documents.archive_store import ArchiveFailed, FolderStore


def test_what_is_kept_is_read_again_and_never_written_over(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    assert store.read("2026/a.pdf") is None
    assert store.keep("2026/a.pdf", b"one") == b"one"
    assert store.keep("2026/a.pdf", b"two") == b"one"
    assert store.read("2026/a.pdf") == b"one"
    assert stat.S_IMODE((tmp_path / "archive" / "2026" / "a.pdf").stat().st_mode) == 0o440


def test_every_file_is_told_but_drafts(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    assert list(FolderStore(tmp_path / "none").paths()) == []
    for path in ("2026/a.pdf", "2027/b.pdf", "slipped-in.exe"):
        store.keep(path, b"x")
    (tmp_path / "2026" / "c.draft").write_bytes(b"torn")
    assert sorted(store.paths()) == ["2026/a.pdf", "2027/b.pdf", "slipped-in.exe"]


@pytest.mark.parametrize("path", ["../outside", "/etc/hostname", "link", "2026", "", "\0"])
def test_nothing_outside_is_read(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "archive"
    (folder / "2026").mkdir(parents=True)
    (tmp_path / "outside").write_text("not yours")
    (folder / "link").symlink_to(tmp_path / "outside")
    assert FolderStore(folder).read(path) is None


def test_a_folder_that_cannot_be_written_is_a_failed_wish(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file stands where the archive should be")
    with pytest.raises(ArchiveFailed):
        FolderStore(tmp_path / "archive").keep("2026/a.pdf", b"x")
