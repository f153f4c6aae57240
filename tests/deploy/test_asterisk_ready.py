"""Which Asterisk installations are taken: the real one, and copies of it that lack one file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.asterisk_ready import refuse_incomplete
from deploy.asterisk_server import AsteriskCannotRun

# Set by ./deploy/test; empty when the machine's own Asterisk is the one.
ROOT = os.environ["LPSE_ASTERISK_ROOT"]


def copy_without(lost: str, place: Path) -> Path:
    """A root of links into the real one in which the file `lost` is missing."""
    real, copy = Path(ROOT or "/"), place
    for part in Path(lost).parts:
        for entry in real.iterdir():
            if entry.name != part:
                (copy / entry.name).symlink_to(entry)
        real, copy = real / part, copy / part
        if real.is_dir():
            copy.mkdir()
    return place


def test_the_installation_that_the_tests_use_is_complete() -> None:
    assert refuse_incomplete(Path(ROOT) if ROOT else None) >= "22.10.1"


def test_a_lost_module_is_named(tmp_path: Path) -> None:
    lost = "usr/lib/x86_64-linux-gnu/asterisk/modules/res_ari.so"
    with pytest.raises(AsteriskCannotRun, match=r"res_ari\.so is missing"):
        refuse_incomplete(copy_without(lost, tmp_path))


def test_a_lost_voice_is_named(tmp_path: Path) -> None:
    with pytest.raises(AsteriskCannotRun, match=r"The voice lacks .*id1"):
        refuse_incomplete(copy_without("usr/share/mbrola/id1/id1", tmp_path))


def test_an_empty_folder_is_answered_with_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "deploy.asterisk_ready", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
