"""What the person at the terminal sees of the set-up, and the log of the programs that it runs."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SIGN_OF_LIFE_S = 10
# The command before a command that must not work on in our folders when we are killed.
ENDS_WITH_US = ["setpriv", "--pdeathsig", "KILL"]


class SetUpRefused(Exception):
    """The set-up cannot go on; the message is one sentence that says what to do."""


class Progress:
    """Lines on standard error, each with the seconds since the start; standard output is free."""

    def __init__(self) -> None:
        self._began_at = time.monotonic()

    def say(self, line: str) -> None:
        """Show one line at once, also when standard error is a pipe."""
        elapsed = time.monotonic() - self._began_at
        print(f"[{elapsed:6.1f} s] {line}", file=sys.stderr, flush=True)

    def run(self, command: Sequence[str], log: Path) -> None:
        """Run a program with its output in `log`; every ten seconds show the log's last line.

        Raises SetUpRefused with the end of that output when the program fails.
        """
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        with log.open("ab") as output:
            begins = output.tell()
            program = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
            )
            while True:
                try:
                    program.wait(SIGN_OF_LIFE_S)
                    break
                except subprocess.TimeoutExpired:
                    self.say("    " + " ".join(_lines_from(log, begins)[-1:]).strip()[:110])
                except BaseException:
                    program.kill()
                    program.wait()
                    raise
        if program.returncode:
            shown = "\n".join(f"    {line}" for line in _lines_from(log, begins)[-12:])
            raise SetUpRefused(
                f"{command[0]} ended with {program.returncode}; mend what it says and start again"
                f" (all of its output is in {log}):\n{shown}"
            )

    @contextmanager
    def alone(self, lock_file: Path) -> Iterator[None]:
        """Hold a lock file; when another run holds it, say so and wait for that run."""
        with lock_file.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.say(f"another set-up works here ({lock_file}): waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _lines_from(log: Path, begins: int) -> list[str]:
    with log.open("rb") as written:
        written.seek(begins)
        return written.read().decode(errors="replace").split("\n")[:-1]
