"""For every test: which of them may run at the same time."""

from pathlib import Path

import pytest

TELEPHONES = {"journeys", "faults"}
"""Folders whose tests hold real conversations: one at a time, for they share their processor."""


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups right afterwards
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two processes may share the tests; a module stays whole, and all telephones in one."""
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        group = "telephones" if folder in TELEPHONES else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
