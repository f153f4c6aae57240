"""Runs the fault suite and prints one table: fault, promise, measured, held or not, and how long.

A test says by its marker `fault(id, promise)` whose promise it tries, and by the fixture `measured`
what it measured. A promise has held when all tests of it have passed; one that is known not to hold
(xfail) has not.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from deploy.fault_options import add_options

FOLDER = "tests/faults"
SOAK = "F34"
SOAK_MINUTES = "FAULTS_SOAK_MINUTES"
"""Tells the soak test its length; no setting of the agent, hence without LPSE_."""


@dataclass
class Promise:
    """One row: what was promised for a fault, and what came of it."""

    fault: str
    promise: str
    held: bool = True
    seconds: float = 0.0
    measured: list[tuple[str, float]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def told(self) -> str:
        """The figures in one line; of several of a kind the least and the most."""
        kinds: dict[str, list[float]] = {}
        for what, figure in self.measured:
            kinds.setdefault(what, []).append(figure)
        return "; ".join(f"{what} {_range(figures)}" for what, figures in kinds.items())


class Findings:
    """A pytest plugin that chooses the fault tests and gathers what they find."""

    def __init__(self, only: list[str] | None = None, *, long: bool, soak: bool) -> None:
        self._only = {fault.upper() for fault in only or []}
        self._long = long
        self._soak = soak
        self.promises: dict[tuple[str, str], Promise] = {}

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Keep what tries a fault that is wanted; its marker travels with its report."""
        left = []
        for item in items:
            marker = item.get_closest_marker("fault")
            if marker and self._wants(marker.args[0], item.get_closest_marker("long") is not None):
                item.user_properties.append(("fault", tuple(marker.args)))
            else:
                left.append(item)
        if left:
            config.hook.pytest_deselected(items=left)
            items[:] = [item for item in items if item not in left]

    def _wants(self, fault: str, is_long: bool) -> bool:
        if is_long and not (self._soak if fault == SOAK else self._long):
            return False
        return not self._only or fault in self._only

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take up one phase of a test."""
        properties: dict[str, Any] = dict(report.user_properties)
        if "fault" not in properties:
            return
        fault, promise = properties["fault"]
        row = self.promises.setdefault((fault, promise), Promise(fault, promise))
        row.seconds += report.duration
        if report.when == "call":
            figures: Any = [pair for name, pair in report.user_properties if name == "measured"]
            row.measured += figures
        if not report.passed:
            row.held = False
            row.reasons.append(getattr(report, "wasxfail", "") or _why(report))


def main() -> None:
    """Run the suite; status 0 only if every promise that was tried has held."""
    parser = argparse.ArgumentParser(prog="./deploy/faults")
    add_options(parser)
    sys.exit(run(FOLDER, parser.parse_args()))


def run(folder: str, options: argparse.Namespace) -> int:
    """The status: 0 all held, 1 some did not, 2 nothing was tried."""
    if options.soak:
        os.environ[SOAK_MINUTES] = str(options.soak)
    findings = Findings(options.only, long=options.long, soak=bool(options.soak))
    # The plugin chooses; an empty -m undoes the one of pyproject.toml.
    status = pytest.main([folder, "-q", "--no-header", "-m", ""], plugins=[findings])
    rows = sorted(findings.promises.values(), key=lambda row: (row.fault, row.promise))
    if options.json:
        Path(options.json).write_text(render_json(rows), encoding="utf-8")
    if not rows:
        print("No fault was tried: no test has that name.", file=sys.stderr)
        return 2
    Console().print(render_table(rows))
    return 0 if status == pytest.ExitCode.OK and all(row.held for row in rows) else 1


def render_table(rows: list[Promise]) -> Table:
    """For people."""
    table = Table(title="Faults", title_justify="left")
    for heading in ("Fault", "Promise", "Measured", "Held", "Seconds"):
        table.add_column(heading, justify="right" if heading == "Seconds" else "left")
    for row in rows:
        held = "yes" if row.held else f"NO: {row.reasons[0]}"
        table.add_row(row.fault, row.promise, row.told(), held, f"{row.seconds:.0f}")
    return table


def render_json(rows: list[Promise]) -> str:
    """For programs: a list of rows."""
    return json.dumps([asdict(row) for row in rows], indent=1)


def _range(figures: list[float]) -> str:
    least, most = f"{min(figures):.3g}", f"{max(figures):.3g}"
    return least if least == most else f"{least} to {most}"


def _why(report: pytest.TestReport) -> str:
    """The first line of what a test complained of."""
    marked = re.search(r"(?m)^E +(.+)", report.longreprtext)
    said = marked[1] if marked else report.longreprtext.strip().partition("\n")[0]
    return said[:200]


if __name__ == "__main__":
    main()
