"""The fault suite's runner: what it chooses, its table, its JSON and its status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAULTS = """
import os
import pytest

@pytest.fixture
def measured(request):
    return lambda what, figure: request.node.user_properties.append(("measured", (what, figure)))

@pytest.mark.fault("F01", "nobody is dropped")
@pytest.mark.parametrize("figure", [1.0, 2.5])
def test_held(figure, measured):
    measured("drained after s", figure)

@pytest.mark.fault("F02", "no second leg")
def test_not_held():
    assert False, "two legs"

@pytest.mark.fault("F03", "the hang is seen")
@pytest.mark.xfail(strict=True, reason="nobody looks")
def test_known():
    assert False

@pytest.mark.fault("F04", "never deaf")
@pytest.mark.long
def test_long():
    pass

@pytest.mark.fault("F34", "all day long")
@pytest.mark.long
def test_soak(measured):
    measured("minutes", float(os.environ["FAULTS_SOAK_MINUTES"]))

@pytest.mark.fault("F05", "set up")
def test_without_its_bench(bench):
    pass

def test_of_no_fault():
    assert False
"""
RUN = """
import argparse, sys
from deploy.fault_options import add_options
from deploy.faults_report import run
parser = argparse.ArgumentParser()
add_options(parser)
sys.exit(run(sys.argv[1], parser.parse_args(sys.argv[2:])))
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "test_faults.py").write_text(FAULTS)
    return tmp_path


def faults(suite: Path, *options: str) -> tuple[int, str, dict[str, dict[str, object]]]:
    found = suite / "found.json"
    ran = subprocess.run(
        [sys.executable, "-c", RUN, str(suite), *options, "--json", str(found)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "PYTHONPATH": "."},
    )
    rows = json.loads(found.read_text())
    return ran.returncode, ran.stdout + ran.stderr, {row["fault"]: row for row in rows}


def test_every_quick_fault_is_a_row_and_one_that_did_not_hold_is_the_status(suite: Path) -> None:
    status, printed, rows = faults(suite)
    assert status == 1
    assert {fault: row["held"] for fault, row in rows.items()} == {
        "F01": True,
        "F02": False,
        "F03": False,
        "F05": False,
    }
    assert rows["F01"]["measured"] == [["drained after s", 1.0], ["drained after s", 2.5]]
    assert "drained after s 1 to 2.5" in printed
    assert "NO: AssertionError: two legs" in printed
    assert "NO: nobody looks" in printed
    assert "NO: fixture 'bench' not found" in printed


def test_one_fault_alone_that_holds_is_status_0(suite: Path) -> None:
    status, _, rows = faults(suite, "--only", "f01")
    assert status == 0
    assert list(rows) == ["F01"]


def test_several_can_be_named_and_long_ones_asked_for(suite: Path) -> None:
    status, _, rows = faults(suite, "--only", "F01", "--only", "F04", "--long")
    assert status == 0
    assert list(rows) == ["F01", "F04"]


def test_the_soak_test_is_told_its_length(suite: Path) -> None:
    status, _, rows = faults(suite, "--only", "F34", "--soak", "2.5")
    assert status == 0
    assert rows["F34"]["measured"] == [["minutes", 2.5]]


def test_a_fault_that_nobody_tries_is_no_success(suite: Path) -> None:
    status, printed, rows = faults(suite, "--only", "F99")
    assert status == 2
    assert "No fault was tried" in printed
    assert rows == {}
