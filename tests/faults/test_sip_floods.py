"""F25: strangers who send nonsense, or far too much, stop neither Asterisk nor a known caller."""

import asyncio
import time

import pytest

from tests.faults.stranger import Stranger
from tests.faults.torture import hard_to_read, malformed
from tests.journeys.bare_caller import BareCaller
from tests.journeys.office import PATIENTLY, Office, until

STRANGER, TRUNK = "127.0.0.66", "127.0.0.4"
FLOOD = 1000
"""Requests a second."""
CALLS = 20
SET_UP_WITHIN_S = 1.0
PROMISE = "malformed SIP and floods stop neither Asterisk nor a known caller's call"


async def set_up_s(office: Office) -> float:
    """How long a known caller's call takes from the INVITE to its answer."""
    caller = await BareCaller.at(office.site.sip_server)
    began = time.monotonic()
    try:
        assert await caller.call(office.site.values.helpdesk_number, b"<sip:0812@127.0.0.3>") == 200
    finally:
        caller.close()
    return time.monotonic() - began


async def nobody_talks(office: Office) -> None:
    """Wait until every channel is gone."""

    async def gone() -> bool:
        assert office.site.asterisk
        said = await asyncio.to_thread(office.site.asterisk.command, "core show channels count")
        return "0 active channels" in said

    await until("every channel is gone", gone, PATIENTLY)


@pytest.fixture
def asterisk_process(office: Office) -> int:
    """The process that must be the same afterwards."""
    assert office.site.asterisk
    assert office.site.asterisk.process_id
    return office.site.asterisk.process_id


@pytest.mark.fault("F25", PROMISE)
@pytest.mark.parametrize("address", [STRANGER, TRUNK], ids=["a stranger", "the trunk"])
async def test_malformed_sip_does_no_harm(
    office: Office, asterisk_process: int, address: str
) -> None:
    server, number = office.site.sip_server, office.site.values.helpdesk_number
    with Stranger(server, address) as sender:
        for message in (*hard_to_read(sender).values(), *malformed(sender, number).values()):
            sender.send(message)
            await asyncio.sleep(0.02)  # each is taken by itself, for none may hide behind another
        assert await set_up_s(office) < SET_UP_WITHIN_S
        assert sender.status(sender.request("OPTIONS")) is not None
    await nobody_talks(office)
    assert office.site.asterisk
    assert office.site.asterisk.process_id == asterisk_process
    assert office.site.health("ready")["ready"]


@pytest.mark.fault("F25", PROMISE)
@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
async def test_a_flood_from_a_stranger_delays_no_known_caller(
    office: Office, asterisk_process: int, method: str
) -> None:
    before = await office.calls()
    with (
        Stranger(office.site.sip_server, STRANGER) as stranger,
        stranger.flooding(
            lambda number: stranger.request(method, user=f"u{number}"), FLOOD
        ) as sent,
    ):
        began = time.monotonic()
        took = []
        for _ in range(CALLS):
            await asyncio.sleep(0.2)
            took.append(await set_up_s(office))
        rate = sent() / (time.monotonic() - began)
    assert max(took) < SET_UP_WITHIN_S
    assert rate > FLOOD / 2, "there was a flood"
    await nobody_talks(office)
    assert await office.calls() == before + CALLS
    assert office.site.asterisk
    assert office.site.asterisk.process_id == asterisk_process
