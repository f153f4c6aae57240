"""Asterisk's root folder: taken when it is complete, made anew when not, never left half made."""

import json
import os
import sys
from pathlib import Path

import pytest

from deploy.set_up_asterisk import PACKAGES, STAMP, find_or_make_asterisk
from deploy.set_up_progress import Progress, SetUpRefused


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shared folder of the test's own, and a debootstrap that fails at once like a real one."""
    programs = tmp_path / "bin"
    programs.mkdir()
    debootstrap = programs / "debootstrap"
    debootstrap.write_text('#!/bin/sh\nmkdir -p "$5"\necho "E: Failed getting release"\nexit 1\n')
    debootstrap.chmod(0o755)
    # Without the folder of a system's own Asterisk.
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("LPSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_complete_root_is_taken_as_it_is(cache: Path) -> None:
    real = Path(os.environ["LPSE_ASTERISK_ROOT"] or "/")
    cache.mkdir()
    (cache / "asterisk").mkdir()
    for entry in real.iterdir():
        if entry.name != STAMP:
            (cache / "asterisk" / entry.name).symlink_to(entry)
    (cache / "asterisk" / STAMP).write_text(json.dumps(dict.fromkeys(PACKAGES, "1")))
    log = cache.parent / "log"
    assert find_or_make_asterisk(Path(sys.executable), Progress(), log) == cache / "asterisk"
    assert not log.exists()


@pytest.mark.parametrize("stamp", ["", "{}", '{"asterisk": "1:22.10.1"}'])
def test_a_root_without_all_its_packages_is_made_anew(cache: Path, stamp: str) -> None:
    (cache / "asterisk").mkdir(parents=True)
    (cache / "asterisk" / STAMP).write_text(stamp)
    with pytest.raises(SetUpRefused, match="Failed getting release"):
        find_or_make_asterisk(Path(sys.executable), Progress(), cache.parent / "log")


def test_a_failed_making_leaves_what_was_there_and_nothing_that_looks_finished(
    cache: Path,
) -> None:
    (cache / "asterisk").mkdir(parents=True)
    (cache / "asterisk" / "kept").touch()
    with pytest.raises(SetUpRefused):
        find_or_make_asterisk(Path(sys.executable), Progress(), cache.parent / "log")
    assert (cache / "asterisk" / "kept").exists()
    assert not (cache / "asterisk.unfinished" / STAMP).exists()
