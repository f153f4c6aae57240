"""F11 in a whole office: its one disk, with database, journal, archive and logs, is full."""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from agent.database.connect import connected
from agent.domain.call_state import Stage
from agent.domain.sop import parse_sop
from agent.office import content_of, make_renderer
from deploy.sip_phone import Answer, SipPhones
from deploy.site import Site
from tests.faults.small_disk import SmallDisk, small_disk
from tests.journeys.office import PATIENTLY, SOON, Office, step, until

OFFICE_MB = 400
"""A new office with its database, rendered prompts and telephones takes 150 MB."""


@pytest.fixture(scope="module")
def disk() -> Iterator[SmallDisk]:
    """The office's only disk."""
    with tempfile.TemporaryDirectory(prefix="lpse-disk-") as made:
        Path(made).chmod(0o755)
        with small_disk(Path(made) / "office", OFFICE_MB) as mounted:
            yield mounted


@pytest.fixture(scope="module")
def site(disk: SmallDisk) -> Iterator[Site]:
    """The office on it; its database is its own, whatever DATABASE_URL says."""
    root = os.environ.get("LPSE_ASTERISK_ROOT", "/var/cache/lpse-agent/asterisk")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        with Site(disk.folder, Path(root) if root else None, longest_wait_seconds=60.0) as running:
            yield running


@pytest_asyncio.fixture(scope="module")
async def office(site: Site) -> AsyncIterator[Office]:
    """One operator; what the telephones hear is kept on another disk."""
    settings = site.settings
    renderer = make_renderer(settings, parse_sop(content_of(settings.sop_file, "sop_file")))
    await renderer.prepare()
    with tempfile.TemporaryDirectory(prefix="lpse-phones-") as folder:
        async with SipPhones(Path(folder)) as phones:
            added = await asyncio.to_thread(site.command, "operator", "add", "Siti", "--json")
            account = json.loads(added)
            siti = await phones.operator(account["account"], account["password"], site.sip_server)
            yield Office(site, phones, [siti], renderer)


@pytest.mark.minute
@pytest.mark.fault(
    "F11",
    "the one disk of a whole office full: people talk on, new callers are served, the service says"
    " so and resumes by itself; every call has its whole record afterwards",
)
async def test_people_talk_on_while_the_only_disk_is_full_and_every_record_is_whole_afterwards(
    site: Site, office: Office, disk: SmallDisk
) -> None:
    process = site.agent_process_id

    async def measures(metric: str, least: float, most: float) -> bool:
        return least <= await asyncio.to_thread(office.measured, metric) <= most

    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        disk.fill()
        await talk.operator.press("*2*3")
        await office.write(talk.form)
        second = await office.dial()
        await second.answered(within=SOON)
        await talk.operator.press("*8")
        await until("records are held", lambda: measures("lpse_records_not_durable", 8, 99))
        said = await asyncio.to_thread(site.health, "ready")
        assert "No space left on device" in said["failed"]["record"]

        disk.free()
        await until("all is drained", lambda: measures("lpse_journal_records", 0, 0))
        assert await measures("lpse_records_not_durable", 0, 0)
        said = await asyncio.to_thread(site.health, "ready")
        assert said["ready"]
        await talk.operator.press("*0")  # what could not be spoken then is spoken now
        await office.shows(
            talk.form,
            "the numbers are heard",
            lambda r: any(s.step == "8" and s.met_at for s in r.steps),
            within=PATIENTLY,
        )
        await second.hang_up()
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
        await until("nobody is on the line", lambda: measures('lpse_calls{stage="ended"}', 0, 0))

    report = await office.archived(talk.form, within=PATIENTLY)
    assert report.outcome == "escalated"
    assert report.deviations == ()
    assert step(report, "3")["state"] == "met"
    for form in await office.form_numbers():
        assert (await office.archived(form, within=PATIENTLY)).call.stage is Stage.ARCHIVED
    assert site.agent_process_id == process
    async with connected(site.database_url) as connection:
        calls = await connection.fetch(
            "SELECT calls.events, count(call_events) AS kept FROM calls "
            "LEFT JOIN call_events USING (call_id) GROUP BY calls.call_id"
        )
    assert [row["events"] for row in calls] == [row["kept"] for row in calls]
    assert len(calls) == 2
