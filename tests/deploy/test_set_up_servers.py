"""The root of the servers: taken when complete, made anew when not, never left half made."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from deploy.set_up_progress import Progress, SetUpRefused
from deploy.set_up_servers import PACKAGES, STAMP, find_or_make_servers, in_root, variables

ROOT = Path(os.environ["LPSE_SERVERS_ROOT"])
MADE_ANEW = "Failed getting release"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shared folder of the test's own, and an mmdebstrap that fails at once like a real one."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("mmdebstrap", "apt-get"):
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "E: {MADE_ANEW}"\nexit 1\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/sbin:/usr/bin:/bin")
    monkeypatch.setenv("LPSE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


def test_a_complete_root_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LPSE_CACHE", str(ROOT.parent))
    assert find_or_make_servers(Progress(), tmp_path / "log") == ROOT
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize("stamp", ["", "{}", '["dash"]'])
def test_a_root_without_all_its_packages_is_made_anew(cache: Path, stamp: str) -> None:
    (cache / "servers").mkdir()
    (cache / "servers" / STAMP).write_text(stamp)
    with pytest.raises(SetUpRefused, match=MADE_ANEW):
        find_or_make_servers(Progress(), cache.parent / "log")


def test_a_root_whose_servers_do_not_run_is_made_anew_and_what_was_there_stays_till_then(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its list of packages is complete, but a program is lost."""
    (cache / "servers").mkdir()
    for entry in ROOT.iterdir():
        if entry.name != STAMP and not entry.is_symlink() and entry.name != "usr":
            (cache / "servers" / entry.name).mkdir(exist_ok=True)
    (cache / "servers" / STAMP).write_text(json.dumps(sorted(PACKAGES)))
    with pytest.raises(SetUpRefused, match=MADE_ANEW):
        find_or_make_servers(Progress(), cache.parent / "log")
    assert "/usr/sbin/exim4 in" in capsys.readouterr().err
    assert (cache / "servers" / STAMP).exists()
    assert not (cache / "servers.unfinished" / STAMP).exists()


def test_what_runs_in_the_root_is_nobody_and_knows_nothing_of_outside() -> None:
    """So a server that is broken into has no right to anything of this machine."""
    script = "print join(' ', $<, $(, sort keys %ENV), -e '/etc/hostname.outside' ? 1 : 0"
    ran = subprocess.run(
        in_root(ROOT, "/usr/bin/perl", "-e", script),
        env=variables(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split()[0] == "64150"
    assert "DATABASE_URL" not in ran.stdout
