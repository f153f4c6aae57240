"""The recap for the service: made by the command of its own name, as a process beside it.

Plots and typesetting take seconds, a whole processor and hundreds of megabytes, and whoever serves
calls has none of these to spare. A process of low priority does, and gives everything back.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from agent.domain.recap_period import RecapPeriod
from agent.runtime.errors import EffectFailed
from agent.runtime.monthly_recap import MadeRecap
from agent.settings import ROOT

LIMIT_S = 1800.0
"""A month of a hundred thousand calls takes two minutes."""
GONE_WITHIN_S = 5.0


class RecapFailed(EffectFailed):
    """The recap was not made; the message has the command's own sentence."""


class _ToldFile(msgspec.Struct):
    path: str
    sha256: str


class _Told(msgspec.Struct):
    """What `lpse-agent recap --json` prints."""

    made_at: datetime
    rows: int
    files: list[_ToldFile]
    totals: dict[str, Any]


class RecapProcess:
    """Makes recaps below a folder, one sub-folder for each month; settings are our own."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        limit_s: float = LIMIT_S,
    ) -> None:
        self._folder = folder
        self._environment = dict(os.environ if environment is None else environment)
        self._limit_s = limit_s

    async def make(self, period: RecapPeriod) -> MadeRecap:
        """Write the recap of a month in every format. Raises RecapFailed.

        The process is gone when this returns, however it ends.
        """
        folder = self._folder / f"{period.first:%Y-%m}"
        days = ("--from", str(period.first), "--to", str(period.last))
        told = await self._output_of((*days, "--output", str(folder), "--json"))
        try:
            made = msgspec.json.decode(told, type=_Told)
            paper = next(file for file in made.files if file.path.endswith(".pdf"))
            path = str(Path(paper.path).relative_to(self._folder))
        except (msgspec.MsgspecError, StopIteration, ValueError) as error:
            raise RecapFailed("the command recap told of no paper") from error
        return MadeRecap(
            path=path,
            sha256=paper.sha256,
            made_at=made.made_at,
            rows=made.rows,
            totals=made.totals,
        )

    async def write(self, period: RecapPeriod, form: str, by: str, *, persons: bool) -> Path:
        """Write one format of any period for somebody, with or without who called; where it is.

        That he has it is on record as `lpse-agent recap`. Raises RecapFailed.
        """
        days = ("--from", str(period.first), "--to", str(period.last))
        hidden = () if persons else ("--without-persons",)
        told = await self._output_of(
            (*days, *hidden, "--output", str(self._folder), "--format", form, "--by", by, "--json")
        )
        try:
            return Path(msgspec.json.decode(told, type=_Told).files[0].path)
        except (msgspec.MsgspecError, IndexError) as error:
            raise RecapFailed("the command recap told of no file") from error

    async def _output_of(self, options: tuple[str, ...]) -> bytes:
        try:
            process = await asyncio.create_subprocess_exec(
                *("nice", "-n", "19", sys.executable, "-m", "agent", "recap", *options),
                cwd=ROOT,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise RecapFailed(f"cannot be started: {error.strerror}") from error
        try:
            async with asyncio.timeout(self._limit_s):
                out, err = await process.communicate()
        except TimeoutError as error:
            raise RecapFailed(f"not done within {self._limit_s:.0f} s") from error
        finally:
            await _end(process)
        if process.returncode != 0:
            raise RecapFailed(f"status {process.returncode}: {_sentence(err)}")
        return out


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):  # it ended just now
        process.kill()
    with contextlib.suppress(TimeoutError):  # killed, it is gone at once but for a stuck kernel
        async with asyncio.timeout(GONE_WITHIN_S):
            await process.wait()


def _sentence(said: bytes) -> str:
    """What the command said of itself; of a mistake of ours only its kind, it may name people."""
    lines = said.decode(errors="replace").strip().splitlines()
    if len(lines) == 1:
        return lines[0]
    return lines[-1].partition(":")[0] if lines else "nothing was said"
