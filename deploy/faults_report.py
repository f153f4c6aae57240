"""Runs the fault suite and prints one table: fault, promise, measured, held or not, and how long.

A test says by its marker `fault(id, promise)` whose promise it tries, and by the fixture `measured`
what it measured and what of it was promised. A promise has held when all tests of it have passed;
one that is known not to hold (xfail) has not. One whose tests were all left out was not tried.
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
ALONE = "FAULTS_ALONE"
"""Tells the tests that nothing runs beside them: what is promised is held to the promise itself."""


@dataclass(frozen=True)
class Figure:
    """Something measured; `promised` is what it had to stay below, where the promise names it."""

    what: str
    figure: float
    promised: float | None = None


@dataclass
class Promise:
    """One row: what was promised for a fault, and what came of it."""

    fault: str
    promise: str
    held: bool | None = None
    """None: not tried."""
    seconds: float = 0.0
    measured: list[Figure] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    more_with: str | None = None
    """The option with which tests of it run that were left out."""

    def told(self) -> str:
        """The figures in one line; of several of a kind the least and the most."""
        kinds: dict[str, list[Figure]] = {}
        for figure in self.measured:
            kinds.setdefault(figure.what, []).append(figure)
        return "; ".join(f"{what} {_range(figures)}" for what, figures in kinds.items())

    def verdict(self) -> str:
        """Held, not held with the first reason, or not tried."""
        if self.held is None:
            return f"not tried ({self.more_with})"
        if not self.held:
            return f"NO: {self.reasons[0]}"
        return f"yes (more with {self.more_with})" if self.more_with else "yes"


class Findings:
    """A pytest plugin that chooses the fault tests and gathers what they find."""

    def __init__(self, only: list[str] | None = None, *, long: bool, soak: bool) -> None:
        self._only = {fault.upper() for fault in only or []}
        self._long = long
        self._soak = soak
        self.promises: dict[tuple[str, str], Promise] = {}

    @property
    def not_tried(self) -> list[str]:
        """A sentence for every fault that was asked for by name and that no test has tried."""
        sentences = []
        for fault in sorted(self._only):
            rows = [row for row in self.promises.values() if row.fault == fault]
            if not rows:
                sentences.append(f"{fault} was not tried: no test has that name.")
            elif all(row.held is None for row in rows):
                sentences.append(f"{fault} was not tried: it is tried with {rows[0].more_with}.")
        return sentences

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Keep what tries a fault that is wanted; its marker travels with its report."""
        left = []
        for item in items:
            marker = item.get_closest_marker("fault")
            if not marker or (self._only and marker.args[0] not in self._only):
                left.append(item)
                continue
            row = self._row(*marker.args)
            if wanting := self._wanting(row.fault, item):
                row.more_with = wanting
                left.append(item)
            else:
                item.user_properties.append(("fault", tuple(marker.args)))
        if left:
            config.hook.pytest_deselected(items=left)
            items[:] = [item for item in items if item not in left]

    def _row(self, fault: str, promise: str) -> Promise:
        return self.promises.setdefault((fault, promise), Promise(fault, promise))

    def _wanting(self, fault: str, item: pytest.Item) -> str | None:
        """The option without which this test does not run; None when it runs."""
        if item.get_closest_marker("long") is None:
            return None
        given, option = (self._soak, "--soak") if fault == SOAK else (self._long, "--long")
        return None if given else option

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take up one phase of a test."""
        properties: dict[str, Any] = dict(report.user_properties)
        if "fault" not in properties:
            return
        row = self._row(*properties["fault"])
        row.seconds += report.duration
        row.held = row.held is not False
        if report.when == "teardown":
            figures: Any = [one for name, one in report.user_properties if name == "measured"]
            row.measured += [Figure(*one) for one in figures]
        if not report.passed:
            row.held = False
            row.reasons.append(getattr(report, "wasxfail", "") or _why(report))


def main() -> None:
    """Run the suite; status 0 only if every promise that was tried has held."""
    parser = argparse.ArgumentParser(prog="./deploy/faults")
    add_options(parser)
    sys.exit(run(FOLDER, parser.parse_args()))


def run(folder: str, options: argparse.Namespace) -> int:
    """The status: 0 all that were tried held, 1 some did not, 2 nothing was tried."""
    os.environ[ALONE] = "1"
    if options.soak:
        os.environ[SOAK_MINUTES] = str(options.soak)
    findings = Findings(options.only, long=options.long, soak=bool(options.soak))
    # The plugin chooses; an empty -m undoes the one of pyproject.toml.
    status = pytest.main([folder, "-q", "--no-header", "-m", ""], plugins=[findings])
    rows = sorted(findings.promises.values(), key=lambda row: (row.fault, row.promise))
    if options.json:
        Path(options.json).write_text(render_json(rows), encoding="utf-8")
    if rows:
        Console().print(render_table(rows))
    for sentence in findings.not_tried:
        print(sentence, file=sys.stderr)
    if all(row.held is None for row in rows):
        return 2
    kept = status == pytest.ExitCode.OK and not any(row.held is False for row in rows)
    return 0 if kept else 1


def render_table(rows: list[Promise]) -> Table:
    """For people."""
    table = Table(title="Faults", title_justify="left")
    for heading in ("Fault", "Promise", "Measured", "Held", "Seconds"):
        table.add_column(heading, justify="right" if heading == "Seconds" else "left")
    for row in rows:
        table.add_row(row.fault, row.promise, row.told(), row.verdict(), f"{row.seconds:.0f}")
    return table


def render_json(rows: list[Promise]) -> str:
    """For programs: a list of rows."""
    return json.dumps([asdict(row) for row in rows], indent=1)


def _range(figures: list[Figure]) -> str:
    seen = [one.figure for one in figures]
    least, most = f"{min(seen):.3g}", f"{max(seen):.3g}"
    told = least if least == most else f"{least} to {most}"
    promised = figures[0].promised
    return told if promised is None else f"{told} (promised {promised:g})"


def _why(report: pytest.TestReport) -> str:
    """The first line of what a test complained of."""
    marked = re.search(r"(?m)^E +(.+)", report.longreprtext)
    said = marked[1] if marked else report.longreprtext.strip().partition("\n")[0]
    return said[:200]


if __name__ == "__main__":
    main()
