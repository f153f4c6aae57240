"""An Asterisk with nobody on ARI: its callers reach operators by the dialplan's fallback alone."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_exchange import FALLBACK_VARIABLE, AriExchange
from agent.asterisk.phone_accounts import digest_of
from agent.runtime.recorder import OperatorAccount
from deploy.asterisk_server import AsteriskServer, find_installation, private_values
from tests.asterisk.events_heard import EventsHeard

PASSWORD = "kata-sandi-uji"  # noqa: S105 (of phones that live for one test)
# Set by ./deploy/test; empty when the machine's own Asterisk is the one.
ROOT = os.environ["LPSE_ASTERISK_ROOT"]


class BareAsterisk:
    """A running Asterisk, and what an agent would have told it."""

    def __init__(self, server: AsteriskServer, folder: Path) -> None:
        self.server = server
        self.folder = folder

    @property
    def address(self) -> str:
        """Where phones register, as host:port."""
        return f"{self.server.values.sip_address}:{self.server.values.sip_port}"

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
    async def caller_held(self) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """The next caller is held as by an agent, marked, and sent to the fallback when told."""
        async with self._client() as client, asyncio.TaskGroup() as tasks:
            heard = EventsHeard(client, self.server.values.application)
            listening = tasks.create_task(heard.session.run())
            await heard.until_ready()

            async def send_on() -> None:
                await heard.until(lambda: bool(heard.arrivals))
                [arrived] = heard.arrivals
                marks = {"variables": {"LPSE_CALL": {"value": "c0ffee", "report_events": True}}}
                await client.post("channels", arrived.channel, "variables", body=marks)
                exchange = AriExchange(client, self.server.values.application)
                await exchange.send_to_fallback(arrived)

            yield send_on
            listening.cancel()

    def _client(self) -> AriClient:
        values = self.server.values
        url = f"http://{values.ari_address}:{values.ari_port}"
        return AriClient(url, values.ari_user, values.ari_secret)


@contextmanager
def bare_asterisk() -> Iterator[BareAsterisk]:
    """Started, and stopped again; its prompts folder is empty."""
    # Not pytest's own folder: Asterisk's user may not enter that.
    with tempfile.TemporaryDirectory(prefix="lpse-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        (folder / "prompts").mkdir()
        installation = find_installation(Path(ROOT) if ROOT else None)
        values = private_values(installation, folder / "asterisk", folder / "prompts")
        with AsteriskServer(installation, values) as server:
            yield BareAsterisk(server, folder)
