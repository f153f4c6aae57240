"""A supervisor's leg at a real Asterisk: each mode is where it should be, once and again."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_supervision import AriSupervision
from agent.asterisk.errors import AsteriskRefused
from agent.domain.effects import RingSupervisor, Supervise
from agent.domain.events import SupervisionMode, SupervisorJoined, SupervisorLeft
from agent.domain.identifiers import (
    CallId,
    ChannelId,
    OperatorId,
    bridge_of,
    listening_channel,
    operator_channel,
    supervisor_channel,
    supervisors_bridge,
)
from deploy.asterisk_server import AsteriskServer
from tests.asterisk.events_heard import EventsHeard, until

CALL = CallId("00ff")
OPERATOR, LEG = operator_channel(CALL, 1), supervisor_channel(CALL, 1)
TALK, OWN = bridge_of(CALL), supervisors_bridge(CALL, 1)


@pytest_asyncio.fixture
async def legs(
    asterisk: AsteriskServer, client: AriClient, events: EventsHeard
) -> AsyncIterator[None]:
    """An operator in a conversation, and a supervisor whose telephone was just answered."""
    for name in (OPERATOR, LEG):
        await client.create(
            "channels",
            name,
            endpoint="Local/1500@agent-away",
            app=asterisk.values.application,
            formats="alaw",
        )
    await events.hears(SupervisorJoined, LEG)
    await client.create("bridges", TALK, type="mixing")
    await client.post("bridges", TALK, "addChannel", channel=OPERATOR)
    yield
    for name in (OPERATOR, LEG):
        await client.delete("channels", name)
    for bridge in (TALK, OWN):
        await client.delete("bridges", bridge)


def mode(wanted: SupervisionMode, count: int, drops: ChannelId | None) -> Supervise:
    return Supervise(
        channel=LEG,
        mode=wanted,
        operator=OPERATOR,
        conversation=TALK,
        bridge=OWN,
        listens=None if wanted == "join" else listening_channel(CALL, count),
        drops=drops,
    )


async def test_he_is_alone_with_one_ear_until_he_joins_and_again_afterwards(
    asterisk: AsteriskServer, client: AriClient, events: EventsHeard, legs: None
) -> None:
    door = AriSupervision(client, asterisk.values.application)
    first, second, fourth = (listening_channel(CALL, n) for n in (1, 2, 4))

    async def inside(bridge: str) -> set[str]:
        return set((await client.get("bridges", bridge))["channels"])

    for wish, ear in (
        (mode("listen", 1, None), first),
        (mode("whisper", 2, first), second),
        (mode("join", 3, second), None),
        (mode("listen", 4, None), fourth),
    ):
        for _twice in range(2):
            await door.bring(wish)
            assert await inside(OWN) == ({LEG, ear} if ear else set())
            assert await inside(TALK) == ({OPERATOR} if ear else {OPERATOR, LEG})
    about = {subject for subject, _ in events.told}
    assert not about & {first, second, fourth}, "of his ears nothing is told"
    await client.delete("channels", LEG)
    await events.hears(SupervisorLeft, LEG)
    assert {type(e) for s, e in events.told if s == LEG} == {SupervisorJoined, SupervisorLeft}


async def test_an_operator_who_is_gone_cannot_be_listened_to(
    asterisk: AsteriskServer, client: AriClient, legs: None
) -> None:
    await client.delete("channels", OPERATOR)

    async def gone() -> bool:
        return OPERATOR not in {c["id"] for c in await client.get("channels")}

    await until(gone)
    door = AriSupervision(client, asterisk.values.application)
    with pytest.raises(AsteriskRefused):
        await door.bring(mode("listen", 1, None))


async def test_a_telephone_that_is_not_there_is_refused_at_once(
    asterisk: AsteriskServer, client: AriClient
) -> None:
    door = AriSupervision(client, asterisk.values.application)
    ring = RingSupervisor(
        channel=LEG,
        supervisor=OperatorId("op-999"),
        caller_channel=ChannelId(""),
        form_number="0001/FK-TLP/LPSE.BTG/2026",
        ring_seconds=20.0,
    )
    with pytest.raises(AsteriskRefused):
        await door.ring(CALL, ring)
