"""The commands as a shell runs them, within the tests' own process."""

import asyncio
from pathlib import Path

import typer
from typer.testing import CliRunner, Result

from agent.commands import operators
from agent.commands.call import call
from agent.commands.calls import calls
from agent.commands.migrate import migrate


class Shell:
    """Runs commands on the database of a URL; settings come from the environment alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._app = typer.Typer()
        for one in (call, calls, migrate):
            self._app.command()(one)
        self._app.add_typer(operators.app, name="operator")

    async def run(self, url: str, *words: str) -> Result:
        """What the command printed and its status."""
        environment = {
            "DATABASE_URL": url,
            "LPSE_ARI_URL": "http://127.0.0.1:1",
            "LPSE_ARI_SECRET_FILE": str(self._folder / "secret"),
            "LPSE_STATE_FOLDER": str(self._folder),
        }
        # A thread of its own, because a command runs an event loop of its own.
        return await asyncio.to_thread(CliRunner().invoke, self._app, words, env=environment)
