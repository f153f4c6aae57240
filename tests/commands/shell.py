"""The commands as a shell runs them: within the tests' own process, or as one of their own."""

import asyncio
import os
import pty
import sys
import termios
from pathlib import Path

from typer.testing import CliRunner, Result

from agent.__main__ import app
from agent.settings import ROOT

SPEECH_ROOT = os.environ.get("LPSE_SPEECH_ROOT", "/var/cache/lpse-agent/asterisk")


class Ended:
    """What a process printed, and its status."""

    def __init__(self, status: int, out: bytes, err: bytes) -> None:
        self.status = status
        self.out = out.decode()
        self.err = err.decode()


class Shell:
    """Runs commands on the database of a URL; settings come from the environment alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secret = folder / "secret"
        self.secret.write_text("s3cret")
        self.secret.chmod(0o640)

    async def run(self, url: str, *words: str) -> Result:
        """What the command printed and its status; quick, because nothing is started."""
        # A thread of its own, because a command runs an event loop of its own.
        return await asyncio.to_thread(
            CliRunner().invoke,
            app,
            words,
            env=self.environment(url) | {"COLUMNS": "80"},
            prog_name="lpse-agent",
        )

    async def start(self, url: str, *words: str, **settings: str) -> Ended:
        """The same as a process of its own, as people start it; settings go above ours."""
        process = await asyncio.create_subprocess_exec(
            *_PROGRAM,
            *words,
            cwd=ROOT,
            env=self.environment(url) | {"PATH": os.environ["PATH"]} | settings,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, out, err)

    async def show(self, url: str, columns: int, *words: str) -> list[str]:
        """The lines that a person reads at a terminal of so many columns."""
        ours, theirs = pty.openpty()
        try:
            termios.tcsetwinsize(ours, (24, columns))
            process = await asyncio.create_subprocess_exec(
                *_PROGRAM,
                *words,
                cwd=ROOT,
                env=self.environment(url) | {"PATH": os.environ["PATH"], "NO_COLOR": "1"},
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
            )
            os.close(theirs)
            shown = await asyncio.to_thread(_until_closed, ours)
            await process.wait()
        finally:
            os.close(ours)
        return shown.decode().splitlines()

    def environment(self, url: str) -> dict[str, str]:
        """What a command finds in its environment."""
        return {
            "DATABASE_URL": url,
            "LPSE_ARI_URL": "http://127.0.0.1:1",
            "LPSE_ARI_SECRET_FILE": str(self.secret),
            "LPSE_STATE_FOLDER": str(self.folder),
            "LPSE_SPEECH_ROOT": SPEECH_ROOT,
            "TERM": "dumb",
        }


_PROGRAM = (sys.executable, "-m", "agent")


def _until_closed(terminal: int) -> bytes:
    shown = b""
    while True:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # Linux says EIO when nobody has the other side open any more
            return shown
