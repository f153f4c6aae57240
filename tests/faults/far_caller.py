"""A caller in a process of his own, when one process has no telephone left: dials, and waits.

`python -m tests.faults.far_caller HOST:PORT LINE NUMBER FOLDER` keeps what he hears in the folder,
tells there what becomes of his call, and leaves when its input is closed.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from deploy.sip_phone import SipPhones
from deploy.site import CALLER_ADDRESSES
from tests.journeys.office import until

ENDS_WITHIN = timedelta(seconds=10)
STAYS_AT_MOST = timedelta(seconds=600)
TOLD = "told"


class FarCaller:
    """His call as he remembers it; a Leg whose sound is kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def answered_at(self) -> datetime | None:
        """When somebody, or something, answered."""
        return self._when("answered")

    @property
    def ended_at(self) -> datetime | None:
        """When it was over, whoever ended it."""
        return self._when("ended")

    @property
    def heard_since(self) -> datetime | None:
        """When what he heard begins."""
        return self._when("heard")

    @property
    def heard(self) -> Path:
        """What he heard, once it is over."""
        return next(self._folder.glob("heard-*.wav"), self._folder / "nothing.wav")

    async def ended(self, within: timedelta) -> None:
        """Until it is over. Raises TimeoutError."""

        async def over() -> bool:
            return self.ended_at is not None

        await until("he has left", over, within)

    def _when(self, what: str) -> datetime | None:
        file = self._folder / TOLD
        words = file.read_text().split() if file.exists() else []
        told = dict(zip(words[::2], words[1::2], strict=False))
        return datetime.fromisoformat(told[what]) if what in told else None


@asynccontextmanager
async def far_caller(server: str, line: str, number: str, folder: Path) -> AsyncIterator[FarCaller]:
    """He has dialled, and hangs up at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, server, line, number, str(folder)),
        stdin=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    try:
        yield FarCaller(folder)
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), ENDS_WITHIN.total_seconds())


async def _call(server: str, line: str, number: str, folder: Path) -> None:
    async with SipPhones(folder) as phones, asyncio.TaskGroup() as tasks:
        phone = await phones.caller(number, server, CALLER_ADDRESSES[1])
        call = await phone.dial(line)

        async def tell() -> None:
            with (folder / TOLD).open("w", buffering=1) as told:
                told.write(f"answered {(await call.answered(STAYS_AT_MOST)).isoformat()}\n")
                ended_at = await call.ended(STAYS_AT_MOST)
                assert call.heard_since
                told.write(f"heard {call.heard_since.isoformat()} ended {ended_at.isoformat()}\n")

        telling = tasks.create_task(tell())
        await asyncio.to_thread(sys.stdin.read)
        await call.hang_up()
        await telling


if __name__ == "__main__":
    asyncio.run(_call(*sys.argv[1:4], Path(sys.argv[4])))
