"""For all tests together: which of them may run at the same time."""

import pytest
from xdist.scheduler import LoadScopeScheduling

TELEPHONES = ("tests/journeys/", "tests/faults/")
"""Folders whose tests hold real conversations: one at a time, for they share their processor."""


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """A module stays whole in one process, and all telephones are in one."""

    def _split_scope(self, nodeid: str) -> str:
        return "telephones" if nodeid.startswith(TELEPHONES) else nodeid.split("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFolder:
    """How `-n` shares the tests out."""
    return ByFolder(config, log)
