"""An operator's telephone in a process of its own, which can stand still as a dead one does.

`python -m tests.faults.far_operator HOST:PORT ACCOUNT FOLDER` reads the password from its input,
answers whoever calls and tells when; it leaves in order when its input is closed.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from deploy.sip_phone import Answer, SipPhones
from tests.journeys.office import register

LEAVES_WITHIN = timedelta(seconds=20)
NEVER_S = 3600.0


class FarOperator:
    """What a test does with it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def answered(self, within: timedelta) -> datetime:
        """When it took a call. Raises TimeoutError."""
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), within.total_seconds())
        return datetime.fromisoformat(line.decode().strip())

    def hold_still(self, still: bool) -> None:
        """Neither voice nor a word comes from it any more, until it goes on."""
        self._process.send_signal(signal.SIGSTOP if still else signal.SIGCONT)

    async def leave(self) -> None:
        """Go on, unregister and end."""
        if self._process.returncode is None:
            self.hold_still(False)
            assert self._process.stdin is not None
            self._process.stdin.close()
            await asyncio.wait_for(self._process.wait(), LEAVES_WITHIN.total_seconds())


@asynccontextmanager
async def far_operator(
    server: str, account: str, password: str, folder: Path
) -> AsyncIterator[FarOperator]:
    """It is registered when it has told its first line; it leaves at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, server, account, str(folder)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{password}\n".encode())
    operator = FarOperator(process)
    try:
        await asyncio.wait_for(process.stdout.readline(), LEAVES_WITHIN.total_seconds())
        yield operator
    finally:
        await operator.leave()


async def _take_calls(server: str, account: str, folder: str) -> None:
    password = (await asyncio.to_thread(sys.stdin.readline)).strip()
    async with SipPhones(Path(folder)) as phones, asyncio.TaskGroup() as tasks:
        phone = await phones.operator(account, password, server)
        phone.on_call = Answer()
        await register(phone)
        print("registered", flush=True)

        async def tell() -> None:
            while True:
                call = await phone.incoming(timedelta(seconds=NEVER_S))
                print((await call.answered(timedelta(seconds=NEVER_S))).isoformat(), flush=True)

        telling = tasks.create_task(tell())
        await asyncio.to_thread(sys.stdin.read)
        await phone.unregister()
        telling.cancel()


if __name__ == "__main__":
    asyncio.run(_take_calls(*sys.argv[1:]))
