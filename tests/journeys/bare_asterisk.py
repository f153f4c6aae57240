"""An Asterisk with nobody on ARI: its callers reach operators by the dialplan's fallback alone."""

import asyncio
import dataclasses
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_exchange import FALLBACK_VARIABLE, AriExchange
from agent.asterisk.phone_accounts import digest_of
from agent.runtime.recorder import OperatorAccount
from deploy.asterisk_server import AsteriskServer, find_installation, private_values

PASSWORD = "kata-sandi-uji"  # noqa: S105 (of phones that live for one test)
# Set by ./deploy/test; empty when the machine's own Asterisk is the one.
ROOT = os.environ["LPSE_ASTERISK_ROOT"]


class Journal:
    """What Asterisk writes about calls (dialplan/cel_custom.conf) from now on."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._start = file.stat().st_size if file.exists() else 0

    def text(self) -> str:
        """The lines, each a JSON object."""
        return self._file.read_text()[self._start :] if self._file.exists() else ""

    def rows(self) -> list[dict[str, str]]:
        """The lines, read."""
        return [json.loads(line) for line in self.text().splitlines()]

    def marks(self) -> list[tuple[str, str, str]]:
        """What the dialplan wrote itself: its word, what it added, and the phone it was at."""
        return [
            (
                row["userdeftype"],
                json.loads(row["eventextra"])["extra"],
                row["channame"].rpartition("-")[0],
            )
            for row in self.rows()
            if row["eventenum"] == "USER_DEFINED"
        ]

    def rung(self) -> set[str]:
        """The phones that were called for a caller."""
        begun = (row for row in self.rows() if row["eventenum"] == "CHAN_START")
        called = (row["channame"] for row in begun if row["uniqueid"] != row["linkedid"])
        return {channel.rpartition("-")[0] for channel in called}

    async def until(self, event: str, within: timedelta, count: int = 1) -> None:
        """Wait for so many lines of this event; raises TimeoutError."""
        await until(lambda: [r["eventenum"] for r in self.rows()].count(event) >= count, within)


async def until(true: Callable[[], bool], within: timedelta) -> None:
    """Wait for what happens in another process; raises TimeoutError."""
    async with asyncio.timeout(within.total_seconds()):
        while not true():  # noqa: ASYNC110 (nobody tells us when a file changes)
            await asyncio.sleep(0.02)


class ListeningApplication:
    """A client on ARI that takes every caller and does nothing for him."""

    def __init__(self, client: AriClient, arrived: asyncio.Queue[str]) -> None:
        self.client = client
        self._arrived = arrived

    async def caller(self, within: timedelta) -> str:
        """The channel of the next caller; raises TimeoutError."""
        return await asyncio.wait_for(self._arrived.get(), within.total_seconds())


class BareAsterisk:
    """A running Asterisk, and what an agent would have told it."""

    def __init__(self, server: AsteriskServer, folder: Path) -> None:
        self.server = server
        self.folder = folder

    @property
    def address(self) -> str:
        """Where phones register, as host:port."""
        return f"{self.server.values.sip_address}:{self.server.values.sip_port}"

    def journal(self) -> Journal:
        """Of the calls from now on."""
        return Journal(self.server.log_folder / "cel-custom" / "cel.jsonl")

    def messages(self) -> set[Path]:
        """What callers have been recorded saying."""
        return set((self.server.values.state_folder / "spool" / "voicemail").glob("*"))

    async def publish(self, *accounts: str, password: str = PASSWORD) -> None:
        """Make these operators' phones known and forget all others."""
        digests = {a: digest_of(a, self.server.values.realm, password) for a in accounts}
        roster = [OperatorAccount(a, a, d.sha256, d.md5) for a, d in digests.items()]
        async with self._client() as client:
            await AriExchange(client, self.server.values.application).publish_phones(roster)

    async def tell_operators(self, phones: str) -> None:
        """Name the phones that the fallback rings, whatever was published."""
        async with self._client() as client:
            await client.post("asterisk", "variable", variable=FALLBACK_VARIABLE, value=phones)

    @asynccontextmanager
    async def listening(self, application: str) -> AsyncIterator[ListeningApplication]:
        """Somebody listens to this Stasis application, until the exit."""
        arrived: asyncio.Queue[str] = asyncio.Queue()
        async with (
            self._client() as client,
            client.session.ws_connect(f"{client.url}/events", params={"app": application}) as news,
            asyncio.TaskGroup() as tasks,
        ):

            async def read() -> None:
                async for message in news:
                    event = json.loads(message.data)
                    if event["type"] == "StasisStart":
                        arrived.put_nowait(event["channel"]["id"])

            reading = tasks.create_task(read())
            yield ListeningApplication(client, arrived)
            reading.cancel()

    def _client(self) -> AriClient:
        values = self.server.values
        url = f"http://{values.ari_address}:{values.ari_port}"
        return AriClient(url, values.ari_user, values.ari_secret)


@contextmanager
def bare_asterisk(**limits: int) -> Iterator[BareAsterisk]:
    """Started, and stopped again; its prompts folder is empty. limits: of ConfigurationValues."""
    # Not pytest's own folder: Asterisk's user may not enter that.
    with tempfile.TemporaryDirectory(prefix="lpse-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        (folder / "prompts").mkdir()
        installation = find_installation(Path(ROOT) if ROOT else None)
        values = private_values(installation, folder / "asterisk", folder / "prompts")
        values = dataclasses.replace(values, **limits)  # type: ignore[arg-type]  # all are numbers
        with AsteriskServer(installation, values) as server:
            yield BareAsterisk(server, folder)
