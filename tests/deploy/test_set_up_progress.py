"""What the set-up shows, and what it says when a program that it runs fails."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.set_up_progress import Progress, SetUpRefused


def test_a_program_speaks_into_the_log_and_not_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    Progress().run(["sh", "-c", "echo out; echo err >&2"], log)
    assert log.read_text() == "out\nerr\n"
    assert capfd.readouterr() == ("", "")


def test_a_failing_program_is_quoted_with_the_place_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("an earlier program's words\n")
    with pytest.raises(SetUpRefused, match=r"sh ended with 3") as refused:
        Progress().run(["sh", "-c", "echo no room; exit 3"], log)
    assert "no room" in str(refused.value)
    assert str(log) in str(refused.value)
    assert "earlier" not in str(refused.value)


def test_lines_go_to_standard_error_with_the_seconds(capfd: pytest.CaptureFixture[str]) -> None:
    Progress().say("Asterisk: ready")
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("[   0.")
    assert shown.err.endswith(" s] Asterisk: ready\n")


def test_the_second_of_two_runs_says_that_it_waits_and_then_goes_on(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from deploy.set_up_progress import Progress\n"
        f"with Progress().alone(Path({str(tmp_path / 'lock')!r})): print('mine', flush=True)\n"
    )
    with Progress().alone(tmp_path / "lock"):
        second = subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert second.stderr is not None
        assert "waiting for it" in second.stderr.readline()
        assert second.poll() is None
    assert second.communicate(timeout=30)[0] == "mine\n"
