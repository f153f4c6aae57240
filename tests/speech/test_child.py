import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from agent.speech.child import output_of
from agent.speech.errors import EngineFailed

SOON = timedelta(milliseconds=400)
LATER = timedelta(seconds=20)


def run(script: str, limit: timedelta = LATER, text: str = "") -> bytes:
    return output_of(("/bin/sh", "-c", script), text, environment=os.environ, limit=limit)


def children() -> list[str]:
    """Processes of ours, dead ones that nobody collected included."""
    tasks = Path("/proc/self/task").iterdir()
    return [child for task in tasks for child in (task / "children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_the_text_goes_in_by_standard_input_and_the_output_comes_back() -> None:
    assert run("cat; echo .", text="nol satu é\n") == "nol satu é\n.\n".encode()


def test_only_the_given_environment_is_seen() -> None:
    output = output_of(("/usr/bin/env",), "", environment={"A": "b"}, limit=LATER)
    assert output == b"A=b\n"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "status 3"),
        ("kill -9 $$", "status -9"),
        ("head -c 104857600 /dev/zero", "without end"),
        ("sleep 60", "hangs"),
        ("exec >&-; sleep 60", "hangs"),
        ("trap '' TERM INT; while :; do sleep 1; done", "hangs"),
    ],
)
def test_a_program_that_misbehaves_is_ended_and_collected(script: str, reason: str) -> None:
    before = children()
    limit = SOON if reason == "hangs" else LATER
    with pytest.raises(EngineFailed, match=reason):
        run(script, limit)
    assert children() == before


def test_a_program_that_does_not_read_is_no_error_if_it_speaks() -> None:
    assert run("exec <&-; echo spoken", text="x" * 1000) == b"spoken\n"


def test_a_program_that_cannot_be_started_is_said_so() -> None:
    with pytest.raises(EngineFailed, match="cannot be started"):
        output_of(("/nowhere/espeak-ng",), "", environment={}, limit=LATER)


def test_the_children_of_a_hanging_program_end_with_it(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="hangs"):
        run(f"sleep 60 & echo $! > {tmp_path}/pid; wait", SOON)
    pid = int((tmp_path / "pid").read_text())
    for _ in range(500):
        if not is_alive(pid):
            return
        time.sleep(0.01)
    pytest.fail("the child of the program is still there")


def test_a_grandchild_that_left_the_group_does_not_hold_us_up() -> None:
    began = time.monotonic()
    with pytest.raises(EngineFailed, match="hangs"):
        run("setsid sleep 8 & exit 0", SOON)
    assert time.monotonic() - began < 5
