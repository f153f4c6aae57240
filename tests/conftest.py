"""For all tests together: which of them may run at the same time."""

import pytest
from xdist.scheduler import LoadScopeScheduling

TELEPHONES = (
    "tests/journeys/",
    "tests/faults/",
    "tests/web/test_desk.py",
    "tests/web/test_pages.py",
)
"""Whose tests hold real conversations, or draw pages in a real browser, which takes a processor by
itself: one at a time, for what is heard must not depend on who else works."""


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """A module stays whole in one process, and all telephones are in one."""

    def _split_scope(self, nodeid: str) -> str:
        return "telephones" if nodeid.startswith(TELEPHONES) else nodeid.split("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFolder:
    """How `-n` shares the tests out."""
    return ByFolder(config, log)
