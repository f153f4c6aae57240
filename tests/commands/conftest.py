"""The commands' tests use the same real databases as the database's own."""

from pathlib import Path

import pytest

from tests.commands.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """The commands as a shell runs them."""
    return Shell(tmp_path)
