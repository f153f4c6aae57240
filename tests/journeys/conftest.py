"""One real office for all journeys: PostgreSQL, Asterisk, the agent, three operators' phones."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from agent.database.verification import Scope, verify
from agent.documents.archive import archived_sha256
from agent.documents.archive_store import FolderStore
from agent.domain.consultation import Judgement
from deploy.site import Site
from tests.journeys.office import Office
from tests.journeys.opening import asterisk_root, open_folder, staffed


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The office, with shorter waits than a real one so that journeys end."""
    with (
        open_folder("lpse-journey-") as folder,
        Site(
            folder,
            asterisk_root(),
            ring_seconds=5.0,
            new_round_seconds=2.0,
            please_wait_seconds=8.0,
            longest_wait_seconds=25.0,
        ) as running,
    ):
        yield running


@pytest_asyncio.fixture(scope="module")
async def office(site: Site) -> AsyncIterator[Office]:
    """The office with its telephones; of a module, for a process has one SIP library at a time."""
    async with staffed(site, Office) as open_office:
        yield open_office


@pytest_asyncio.fixture
async def recordings(request: pytest.FixtureRequest, office: Office) -> AsyncIterator[None]:
    """Keep what the journey's calls were, for tests/recordings, when RECORDINGS_FOLDER is set."""
    folder = os.environ.get("RECORDINGS_FOLDER")
    if not folder:
        yield
        return
    before = set(await office.form_numbers())
    yield
    story = re.sub(r"\W+", "_", request.node.name.removeprefix("test_")).strip("_")
    new = sorted(set(await office.form_numbers()) - before)
    for count, form_number in enumerate(new, start=1):
        report = await office.archived(form_number)
        name = story if len(new) == 1 else f"{story}_{count}"
        recording = await asyncio.to_thread(office.site.command, "capture", form_number)
        await asyncio.to_thread(Path(folder, f"{name}.jsonl").write_text, recording)
        judgement = Judgement(report.outcome, report.steps, report.deviations)
        judged = msgspec.json.format(msgspec.json.encode(judgement), indent=1)
        await asyncio.to_thread(Path(folder, f"{name}.judged.json").write_bytes, judged)


@pytest_asyncio.fixture(autouse=True)
async def kept_promises(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Whatever the journey was, the office's record keeps its promises, or the journey fails."""
    yield
    if "site" not in request.fixturenames:
        return  # it has no agent, and so no record
    site = request.getfixturevalue("site")
    documents = partial(archived_sha256, FolderStore(site.folder / "archive"))
    broken = [
        "\n  ".join((finding.sentence, *finding.examples))
        for finding in await verify(site.database_url, Scope(sha256_of=documents))
        if not finding.holds
    ]
    if broken:
        pytest.fail("\n".join(broken), pytrace=False)
