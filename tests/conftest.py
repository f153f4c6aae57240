"""For all tests together: their database, and which of them may run at the same time."""

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.databases import connection, empty_url, server_url, template, url

__all__ = ["connection", "empty_url", "server_url", "template", "url"]

OFFICES = ("tests/journeys/", "tests/faults/")
"""Whose tests hold real conversations, for the most part waiting for what people say and hear. Each
of the two is one process from the first moment on, as they take longest; the others share the rest.
Asterisk and the telephones have priority, so that what is heard does not depend on who else runs.
"""


def office_of(nodeid: str) -> str | None:
    """The office that a test belongs to, if it is one of them."""
    return next((office for office in OFFICES if nodeid.startswith(office)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offices first: the scheduler gives out what comes first first."""
    items.sort(key=lambda item: office_of(item.nodeid) is None)


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """A module stays whole in one process, and so does an office."""

    def _split_scope(self, nodeid: str) -> str:
        return office_of(nodeid) or nodeid.split("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFolder:
    """How `-n` shares the tests out."""
    return ByFolder(config, log)
