"""One real office for all journeys: PostgreSQL, Asterisk, the agent, three operators' phones."""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from agent.domain.sop import parse_sop
from agent.service import make_renderer, read_sop
from deploy.sip_phone import SipPhones
from deploy.site import Site
from tests.journeys.office import Office

OPERATORS = ("Siti", "Budi", "Ratna")


@pytest.fixture(scope="session")
def asterisk_root() -> Path | None:
    """Where the set-up put Asterisk; empty means the system's own."""
    root = os.environ.get("LPSE_ASTERISK_ROOT", "/var/cache/lpse-agent/asterisk")
    return Path(root) if root else None


@pytest.fixture(scope="session")
def site(asterisk_root: Path | None) -> Iterator[Site]:
    """The office, with shorter waits than a real one so that journeys end."""
    # Not tmp_path: pytest closes its folders to Asterisk's own user.
    with tempfile.TemporaryDirectory(prefix="lpse-journey-") as folder:
        Path(folder).chmod(0o755)
        with Site(
            Path(folder),
            asterisk_root,
            ring_seconds=5.0,
            new_round_seconds=2.0,
            please_wait_seconds=8.0,
            longest_wait_seconds=25.0,
        ) as running:
            yield running


@pytest_asyncio.fixture(scope="module")
async def office(site: Site) -> AsyncIterator[Office]:
    """The office with its telephones; of a module, for a process has one SIP library at a time."""
    settings = site.settings
    renderer = make_renderer(settings, parse_sop(read_sop(settings.sop_file)))
    await renderer.prepare()
    async with SipPhones(site.folder / "phones") as phones:
        operators = []
        for name in OPERATORS:
            added = await asyncio.to_thread(site.command, "operator", "add", name, "--json")
            account = json.loads(added)
            operators.append(
                await phones.operator(account["account"], account["password"], site.sip_server)
            )
        yield Office(site, phones, operators, renderer)
