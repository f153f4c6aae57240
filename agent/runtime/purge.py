"""Erases what is too old: sounds by a short clock, forms by the archive's; holds stop both.

A monthly recap names people too: it goes after the last form of its month, with the next purge.

Each call is erased by itself, its files before its record is told so: a purge that is interrupted
anywhere is simply gone on with, and nothing is believed erased that is still there.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal, Protocol

import msgspec
import structlog

from agent.domain.identifiers import CallId
from agent.runtime import clock
from agent.runtime.alarms import Alarms
from agent.runtime.errors import EffectFailed

EVERY_S = 24 * 3600.0
AGAIN_S = 600.0
"""After a purge that failed as a whole, because the database was away."""
PAUSE_S = 0.02
"""Between two calls: telephony goes first."""
AT_A_TIME = 100

What = Literal["audio", "form"]
Files = Literal["audio", "form", "recap"]
Remove = Callable[[str], Awaitable[None]]
"""Removes a file by its name on record; one that is gone is no error. Raises EffectFailed."""

log = structlog.get_logger()


class FileNotRemoved(EffectFailed):
    """A file that must go could not be removed; look at the folder's rights."""


class Retention(msgspec.Struct, frozen=True):
    """How long sounds (days) and forms (years, by the archive schedule) are kept."""

    audio_days: int
    form_years: int


class Due(msgspec.Struct, frozen=True):
    """A call of which something is too old; `held` while a legal hold stands."""

    call_id: CallId
    form_number: str
    since: datetime
    held: bool


class Purged(msgspec.Struct, frozen=True):
    """How many calls lost their sounds and their forms, were held, or have to be tried again.

    `recaps` are months whose files have gone.
    """

    audio: int = 0
    forms: int = 0
    held: int = 0
    failed: int = 0
    recaps: int = 0


class Eraser(Protocol):
    """The database's side of erasure. All raise EffectFailed."""

    async def begin(self, by: str, now: datetime, retention: Retention) -> int:
        """Open a run and answer its number."""

    async def due(
        self, what: What, now: datetime, retention: Retention, after: tuple[datetime, str]
    ) -> Sequence[Due]:
        """The next calls whose time is over, after the one that began to be kept then."""

    async def erase(
        self, call_id: CallId, what: What, *, by: str, why: str, purge: int | None
    ) -> bool:
        """Erase this of a call, files too; False, and nothing done, where a hold stands."""

    async def due_recaps(self, now: datetime, retention: Retention) -> Sequence[date]:
        """The first days of the months whose recap must go: all their forms have."""

    async def erase_recap(self, month: date, *, by: str, why: str, purge: int) -> None:
        """Erase the files of a month's recap."""

    async def end(self, purge: int, purged: Purged) -> None:
        """Keep what a run did."""


_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
_WORDS: dict[What, str] = {"audio": "audio_kept_days", "form": "form_kept_years"}


async def too_old(
    eraser: Eraser, what: What, now: datetime, retention: Retention
) -> AsyncIterator[Due]:
    """Every call of which this is too old, oldest first. Raises EffectFailed."""
    after: tuple[datetime, str] = (_BEFORE_ALL, "")
    while found := await eraser.due(what, now, retention, after):
        for due in found:
            yield due
        after = found[-1].since, found[-1].call_id


async def look(eraser: Eraser, now: datetime, retention: Retention) -> Purged:
    """What a purge would do now. Raises EffectFailed."""
    counted: dict[str, int] = {"audio": 0, "form": 0, "held": 0}
    for what in _WORDS:
        async for due in too_old(eraser, what, now, retention):
            counted["held" if due.held else what] += 1
    recaps = len(await eraser.due_recaps(now, retention))
    return Purged(counted["audio"], counted["form"], counted["held"], recaps=recaps)


async def purge(
    eraser: Eraser,
    now: datetime,
    retention: Retention,
    by: str,
    tell_failed: Callable[[str, EffectFailed], None],
) -> Purged:
    """Erase all that is too old and keep what was done. Raises EffectFailed when it cannot begin.

    What fails for one call or month is told by its number, counted and tried again by the next run.
    """
    run = await eraser.begin(by, now, retention)
    counted: dict[str, int] = {"audio": 0, "form": 0, "held": 0, "failed": 0, "recap": 0}
    for month in await eraser.due_recaps(now, retention):
        try:
            why = f"form_kept_years = {retention.form_years}"
            await eraser.erase_recap(month, by=by, why=why, purge=run)
            counted["recap"] += 1
        except EffectFailed as error:
            counted["failed"] += 1
            tell_failed(f"recap {month:%Y-%m}", error)
    for what, rule in _WORDS.items():
        kept = retention.audio_days if what == "audio" else retention.form_years
        async for due in too_old(eraser, what, now, retention):
            try:
                why = f"{rule} = {kept}"
                done = await eraser.erase(due.call_id, what, by=by, why=why, purge=run)
                counted[what if done else "held"] += 1
            except EffectFailed as error:
                counted["failed"] += 1
                tell_failed(due.form_number, error)
            await asyncio.sleep(PAUSE_S)
    purged = Purged(
        audio=counted["audio"],
        forms=counted["form"],
        held=counted["held"],
        failed=counted["failed"],
        recaps=counted["recap"],
    )
    await eraser.end(run, purged)
    return purged


class PurgeJob:
    """The purge of every day, run by the office's owner."""

    def __init__(
        self, eraser: Eraser, retention: Callable[[], Retention], every_s: float = EVERY_S
    ) -> None:
        self._eraser = eraser
        self._retention = retention
        self._every_s = every_s
        self._alarms = Alarms()

    async def run(self) -> None:
        """Purge now and once a day, until cancelled."""
        while True:
            try:
                purged = await purge(
                    self._eraser, clock.now(), self._retention(), "agent", self._tell_failed
                )
                log.info("purged", **msgspec.structs.asdict(purged))
                wait_s = self._every_s
            except EffectFailed as error:
                self._alarms.sound("purge_waits", reason=str(error)[:200])
                wait_s = min(AGAIN_S, self._every_s)
            await asyncio.sleep(wait_s)

    def _tell_failed(self, what: str, error: EffectFailed) -> None:
        self._alarms.sound("erasure_failed", form=what, reason=str(error)[:200])


def remover_of(folder: Path) -> Remove:
    """Removes files of a folder that must exist: in a wrong folder nothing would ever be found."""

    async def remove(name: str) -> None:
        await asyncio.to_thread(_remove, folder, name)

    return remove


def _remove(folder: Path, name: str) -> None:
    try:
        if not folder.is_dir():
            raise FileNotRemoved(f"There is no folder {folder}.")
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            raise FileNotRemoved("A name on record leads out of its folder.")
        file.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise FileNotRemoved(f"{folder}: {error}") from error


def _remove_month(folder: Path, month: str) -> None:
    """Remove all files of a month's recap. Raises FileNotRemoved."""
    try:
        if not folder.is_dir():
            raise FileNotRemoved(f"There is no folder {folder}.")
        if (files := folder / month).is_dir():
            shutil.rmtree(files)
    except OSError as error:
        raise FileNotRemoved(f"{folder}: {error}") from error


def removers(
    remove_form: Callable[[str], None], audio: Path, recaps: Path
) -> Mapping[Files, Remove]:
    """What removes a call's archived document, by its store, its sounds, and a month's recap."""

    async def remove(path: str) -> None:
        await asyncio.to_thread(remove_form, path)

    async def remove_month(month: str) -> None:
        await asyncio.to_thread(_remove_month, recaps, month)

    return {"form": remove, "audio": remover_of(audio), "recap": remove_month}
