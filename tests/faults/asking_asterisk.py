"""A real Asterisk whose dialplan asks over FastAGI, for SIP calls and for channels of its own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from uuid import uuid4

from agent.asterisk.ari_client import AriClient
from agent.asterisk.errors import AsteriskRefused
from deploy.asterisk_server import free_port
from tests.journeys.bare_asterisk import BareAsterisk, bare_asterisk
from tests.journeys.bare_caller import BareCaller

MODULES = ("res_speech.so", "res_agi.so")
"""res_agi does not load without the other."""
TRUNK = "127.0.0.2"
SOON_S = 10.0
ANSWERED, NO_ANSWER = 200, 486
"""What a caller gets: the dialplan had the variable SAID=baik from us, or went on without it."""

DIALPLAN = """
[from-trunk]
exten => 4573,1,AGI(agi://127.0.0.1:{port}/asked)
 same => n,GotoIf($["${{SAID}}" = "baik"]?answered)
 same => n,Hangup(17)
 same => n(answered),Answer()
 same => n,Hangup()

[asking]
exten => unbounded,1,AGI(agi://127.0.0.1:{port}/asked)
 same => n,Set(ENDED=here)
 same => n,Wait(60)
exten => bounded,1,Set(AGIEXITONHANGUP=yes)
 same => n,Set(TIMEOUT(absolute)=1)
 same => n,AGI(agi://127.0.0.1:{port}/asked)
 same => n,Set(TIMEOUT(absolute)=0)
 same => n,Set(ENDED=here)
 same => n,Wait(60)
exten => T,1,Set(TIMEOUT(absolute)=0)
 same => n,Set(ENDED=in time)
 same => n,Wait(60)
exten => other-end,1,Wait(60)
"""


class AskingAsterisk:
    """What a test does with it; somebody must listen at `port`, or nobody answers."""

    def __init__(self, asterisk: BareAsterisk, port: int) -> None:
        self._asterisk = asterisk
        self.port = port
        self.first_process = asterisk.server.process_id

    @property
    def alive(self) -> bool:
        """Whether the Asterisk that was started still runs."""
        return self.first_process == self._asterisk.server.process_id is not None

    async def call(self, identity: bytes) -> int:
        """A SIP call from the trunk with this From header; ANSWERED or NO_ANSWER."""
        caller = await BareCaller.at(self._asterisk.address, TRUNK)
        try:
            return await caller.call("4573", identity)
        finally:
            caller.close()

    @asynccontextmanager
    async def asking(self, extension: str = "unbounded") -> AsyncIterator["AskingChannel"]:
        """A channel that is in this extension; hung up afterwards."""
        values = self._asterisk.server.values
        url = f"http://{values.ari_address}:{values.ari_port}"
        async with AriClient(url, values.ari_user, values.ari_secret) as client:
            near, far = str(uuid4()), str(uuid4())
            await client.post(
                "channels",
                endpoint=f"Local/{extension}@asking/n",
                extension="other-end",
                context="asking",
                channelId=near,
                otherChannelId=far,
                formats="ulaw",
            )
            try:
                yield AskingChannel(client, far)
            finally:
                for channel in (near, far):
                    await client.delete("channels", channel)


class AskingChannel:
    """One channel of Asterisk's own, in the dialplan."""

    def __init__(self, client: AriClient, channel: str) -> None:
        self._client = client
        self.channel = channel

    async def variable(self, name: str) -> str:
        """What Asterisk has in it; empty when it has none."""
        try:
            found = await self._client.get("channels", self.channel, "variable", variable=name)
        except AsteriskRefused as refused:
            if refused.status != 404:
                raise
            return ""
        return str(found["value"])

    async def ended(self) -> str:
        """Wait for the end of AGI(): how the dialplan went on, "here" or "in time"."""
        async with asyncio.timeout(SOON_S):
            while not (how := await self.variable("ENDED")):  # noqa: ASYNC110 a real server tells nobody
                await asyncio.sleep(0.05)
        return how


@contextmanager
def asking_asterisk() -> Iterator[AskingAsterisk]:
    """Started with the modules and the extensions above."""
    port = free_port(socket.SOCK_STREAM)
    with bare_asterisk() as asterisk:
        server = asterisk.server
        with (server.configuration_folder / "extensions.conf").open("a") as dialplan:
            dialplan.write(DIALPLAN.format(port=port))
        for module in MODULES:
            server.command(f"module load {module}")
        server.command("dialplan reload")
        yield AskingAsterisk(asterisk, port)
