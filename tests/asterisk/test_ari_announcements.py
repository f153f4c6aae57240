"""Only a registered telephone is rung; a file is played to its end, then the call is over."""

import asyncio
from pathlib import Path

import numpy as np

from agent.asterisk.ari_announcements import CONTEXT, SOUND_VARIABLE, AriAnnouncements
from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_exchange import AriExchange
from agent.domain.identifiers import OperatorId
from agent.runtime.recorder import OperatorAccount
from agent.speech.sound import render_wav
from deploy.asterisk_server import AsteriskServer
from tests.asterisk.events_heard import until

PHONE = OperatorId("op-101")


async def test_only_a_registered_telephone_is_rung(
    asterisk: AsteriskServer, client: AriClient
) -> None:
    announcements = AriAnnouncements(client)
    assert await announcements.announce(PHONE, Path("/nothing")) == "away", "there is none"
    account = OperatorAccount(PHONE, "Siti", "0" * 64, "0" * 32)
    await AriExchange(client, asterisk.values.application).publish_phones([account])
    assert await announcements.announce(PHONE, Path("/nothing")) == "away", "not registered"
    assert await client.get("channels") == []


async def test_the_dialplan_plays_the_file_and_hangs_up(
    asterisk: AsteriskServer, client: AriClient
) -> None:
    second = np.sin(np.arange(8000, dtype=np.float32)) / 2
    file = asterisk.values.prompts_folder / "trial.wav"
    await asyncio.to_thread(file.write_bytes, render_wav(second))
    loop = asyncio.get_running_loop()
    begun = loop.time()
    # The other half of a Local channel waits in a context where it is answered and heard.
    await client.create(
        "channels",
        "announcement-test",
        body={"variables": {SOUND_VARIABLE: str(file.with_suffix(""))}},
        endpoint="Local/1500@agent-away",
        context=CONTEXT,
        extension="s",
        priority="1",
    )

    async def over() -> bool:
        return "announcement-test" not in {c["id"] for c in await client.get("channels")}

    await until(over)
    assert loop.time() - begun > 1.5, "a wait, a second of sound, and a wait"
