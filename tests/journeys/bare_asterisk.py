"""An Asterisk with nobody on ARI: its callers reach operators by the dialplan's fallback alone."""

import dataclasses
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_exchange import FALLBACK_VARIABLE, AriExchange
from agent.asterisk.phone_accounts import digest_of
from agent.runtime.recorder import OperatorAccount
from deploy.asterisk_server import AsteriskServer, find_installation, private_values

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

    def _client(self) -> AriClient:
        values = self.server.values
        url = f"http://{values.ari_address}:{values.ari_port}"
        return AriClient(url, values.ari_user, values.ari_secret)


@contextmanager
def bare_asterisk(**limits: int) -> Iterator[BareAsterisk]:
    """Started, and stopped again; its prompts folder is empty. limits are ConfigurationValues."""
    # Not pytest's own folder: Asterisk's user may not enter that.
    with tempfile.TemporaryDirectory(prefix="lpse-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        (folder / "prompts").mkdir()
        installation = find_installation(Path(ROOT) if ROOT else None)
        values = private_values(installation, folder / "asterisk", folder / "prompts")
        with AsteriskServer(installation, dataclasses.replace(values, **limits)) as server:
            yield BareAsterisk(server, folder)
