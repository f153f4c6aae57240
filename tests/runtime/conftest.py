"""The runtime's tests record into the same real databases as the database's own."""

from collections.abc import Iterator

import pytest
import structlog

from tests.database.conftest import connection, server_url, template, url

__all__ = ["connection", "server_url", "template", "url"]


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """Mistakes that a test makes on purpose are told in short: coloured tracebacks are slow."""
    kept = structlog.get_config()
    told = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(processors=told)
    yield
    structlog.configure(**kept)
