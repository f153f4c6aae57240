"""The runner of all checks: stops at the first failure, tells how to repeat it, else stays out."""

import subprocess
import sys
from pathlib import Path


def checks(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.checks", *words],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def test_a_failing_part_stops_with_its_status_and_the_way_to_repeat_it() -> None:
    ran = checks("tests", "/nonexistent/test_nothing.py")
    assert ran.returncode == 5  # pytest's own, when there was no test
    assert ran.stderr.splitlines()[-1].endswith("./deploy/test tests")


def test_after_the_tests_nothing_more_is_printed() -> None:
    ran = checks("tests", "--collect-only", "-q", "tests/deploy/test_checks.py")
    assert ran.returncode == 0
    assert "collected in" in ran.stdout.splitlines()[-1]
    assert ran.stderr == ""
