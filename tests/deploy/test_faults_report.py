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
    return lambda *figure: request.node.user_properties.append(("measured", figure))

@pytest.mark.fault("F01", "nobody is dropped")
@pytest.mark.parametrize("figure", [1.0, 2.5])
def test_held(figure, measured):
    assert os.environ["FAULTS_ALONE"]
    measured("drained after s", figure, 3.0)

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

@pytest.mark.fault("F05", "set up")
@pytest.mark.long
def test_more():
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
        "F04": None,
        "F05": False,
        "F34": None,
    }
    assert rows["F01"]["measured"] == [
        {"what": "drained after s", "figure": figure, "promised": 3.0} for figure in (1.0, 2.5)
    ]
    assert "drained after s 1 to 2.5 (promised 3)" in printed
    assert "NO: AssertionError: two legs" in printed
    assert "NO: nobody looks" in printed
    assert "not tried (--long)" in printed
    assert "not tried (--soak)" in printed
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
    assert rows["F34"]["measured"] == [{"what": "minutes", "figure": 2.5, "promised": None}]


def test_a_fault_that_nobody_tries_is_no_success(suite: Path) -> None:
    status, printed, rows = faults(suite, "--only", "F99")
    assert status == 2
    assert "F99 was not tried: no test has that name." in printed
    assert rows == {}


def test_a_fault_that_needs_an_option_is_told_so(suite: Path) -> None:
    status, printed, rows = faults(suite, "--only", "F04")
    assert status == 2
    assert "F04 was not tried: it is tried with --long." in printed
    assert rows["F04"]["held"] is None
    status, printed, _ = faults(suite, "--only", "F01", "--only", "F34")
    assert status == 0
    assert "F34 was not tried: it is tried with --soak." in printed


def test_a_promise_of_which_only_a_part_was_tried_says_so(suite: Path) -> None:
    (suite / "test_faults.py").write_text(FAULTS.replace("(bench)", "()"))
    _, printed, rows = faults(suite, "--only", "F05")
    assert rows["F05"]["held"] is True
    assert "yes (more with --long)" in printed
    _, printed, _ = faults(suite, "--only", "F05", "--long")
    assert "more with" not in printed
