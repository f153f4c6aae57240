"""Opens an office for tests: the site in a folder of its own, then its people's telephones."""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

from agent.domain.sop import parse_sop
from agent.office import content_of, make_renderer
from agent.speech.renderer import Renderer
from deploy.sip_phone import SipPhone, SipPhones
from deploy.site import Site
from tests.journeys.office import Office

OPERATORS = ("Siti", "Budi", "Ratna")

AnOffice = TypeVar("AnOffice", bound=Office)


def asterisk_root() -> Path | None:
    """Where the set-up put Asterisk; None means the system's own."""
    root = os.environ.get("LPSE_ASTERISK_ROOT", "/var/cache/lpse-agent/asterisk")
    return Path(root) if root else None


@contextmanager
def open_folder(prefix: str) -> Iterator[Path]:
    """A folder that the servers' own users may enter, which pytest's tmp_path is not."""
    with tempfile.TemporaryDirectory(prefix=prefix) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@asynccontextmanager
async def staffed(
    site: Site, make: Callable[[Site, SipPhones, list[SipPhone], Renderer], AnOffice]
) -> AsyncIterator[AnOffice]:
    """The office of a running site, with its operators' telephones.

    A process has one SIP library at a time, so one such office at a time.
    """
    settings = site.settings
    renderer = make_renderer(settings, parse_sop(content_of(settings.sop_file, "sop_file")))
    await renderer.prepare()
    async with SipPhones(site.folder / "phones") as phones:
        operators = []
        for name in OPERATORS:
            added = await asyncio.to_thread(site.command, "operator", "add", name, "--json")
            account = json.loads(added)
            operators.append(
                await phones.operator(account["account"], account["password"], site.sip_server)
            )
        yield make(site, phones, operators, renderer)
