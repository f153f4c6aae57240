"""A caller in a process of his own, when one process has no telephone left: dials, and waits.

`python -m tests.faults.far_caller HOST:PORT NUMBER FOLDER` leaves when its input is closed.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from deploy.sip_phone import SipPhones
from deploy.site import CALLER_ADDRESSES

ENDS_WITHIN = timedelta(seconds=10)


@asynccontextmanager
async def far_caller(server: str, number: str, folder: Path) -> AsyncIterator[None]:
    """He has dialled, and hangs up at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, server, number, str(folder)),
        stdin=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    try:
        yield
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), ENDS_WITHIN.total_seconds())


async def _call(server: str, number: str, folder: str) -> None:
    async with SipPhones(Path(folder)) as phones:
        phone = await phones.caller("08139999999", server, CALLER_ADDRESSES[1])
        call = await phone.dial(number)
        await asyncio.to_thread(sys.stdin.read)
        await call.hang_up()
        await call.ended(within=ENDS_WITHIN)


if __name__ == "__main__":
    asyncio.run(_call(*sys.argv[1:]))
