import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from agent.documents.recap_plots import draw_plots
from agent.domain.recap import RecapCall
from tests.documents.recap_office import WORDS, counted
from tests.domain.recap_calls import november

PLOTS = {"hours.svg", "weekdays.svg", "steps.svg", "deviations.svg", "categories.svg"}


@pytest.mark.parametrize("calls", [november(), november(1), []], ids=["month", "one", "none"])
def test_every_plot_is_drawn_also_of_nothing(tmp_path: Path, calls: list[RecapCall]) -> None:
    tally, summary = counted(calls)
    draw_plots(tmp_path, summary, tally, WORDS, "WIB")
    assert {file.name for file in tmp_path.iterdir()} == PLOTS
    for file in tmp_path.iterdir():
        root = ElementTree.fromstring(file.read_text())  # noqa: S314 — our own file
        assert root.tag.endswith("svg")


def test_kinds_of_deviation_are_told_apart_without_colour(tmp_path: Path) -> None:
    tally, summary = counted(november())
    draw_plots(tmp_path, summary, tally, WORDS, "WIB")
    assert (tmp_path / "deviations.svg").read_text().count("<pattern") == 2


def test_whoever_serves_calls_does_not_load_what_draws() -> None:
    script = "import sys, agent.__main__; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run((sys.executable, "-c", script), check=False).returncode == 0
