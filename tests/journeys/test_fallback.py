"""What a caller gets while the agent is away: an apology, then any operator, by Asterisk alone."""

import math
import os
import shutil
import tempfile
import wave
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import pytest_asyncio

from agent.asterisk.phone_accounts import digest_of, phone_account_objects
from deploy.asterisk_server import AsteriskServer, find_installation, private_values
from deploy.sip_phone import (
    PROMPT_HEARD,
    Answer,
    Reject,
    RingForever,
    SipPhone,
    SipPhones,
    find_prompt,
)

# Set by ./deploy/test; empty when the machine's own Asterisk is the one.
ROOT = os.environ["LPSE_ASTERISK_ROOT"]
SOON = timedelta(seconds=10)
NO_TIME = timedelta(seconds=0.3)
PASSWORD = "kata-sandi-uji"  # noqa: S105 (of phones that live for one test)


def write_sound(file: Path, seed: int) -> Path:
    """Half a second of noise in the telephone's band; each seed is another voice."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=4000))
    frequencies = np.fft.rfftfreq(4000, 1 / 8000)
    spectrum[(frequencies < 300) | (frequencies > 3000)] = 0
    bursts = 0.6 + 0.4 * np.sin(2 * math.pi * 4 * np.arange(4000) / 8000)
    samples = np.fft.irfft(spectrum, 4000) * bursts
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes((samples / np.abs(samples).max() * 16000).astype("<i2").tobytes())
    return file


@dataclass(frozen=True)
class Office:
    """An Asterisk without an agent, its two operators' phones and a caller's."""

    server: AsteriskServer
    operators: tuple[SipPhone, SipPhone]
    caller: SipPhone
    apology: Path
    nobody: Path

    async def ari(self, method: str, path: str, body: object = None, **query: str) -> None:
        values = self.server.values
        login = aiohttp.encode_basic_auth(values.ari_user, values.ari_secret)
        async with (
            aiohttp.ClientSession(headers={"Authorization": login}) as session,
            session.request(method, self.server.ari_url + path, params=query, json=body) as answer,
        ):
            assert answer.status < 300, await answer.text()

    async def tell_operators(self, phones: str) -> None:
        await self.ari("POST", "/asterisk/variable", variable="OPERATORS_PHONES", value=phones)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # Not pytest's own: Asterisk's user may not enter that.
    place = Path(tempfile.mkdtemp(prefix="lpse-"))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place)


@pytest_asyncio.fixture(scope="module")
async def office(folder: Path) -> AsyncIterator[Office]:
    (folder / "prompts").mkdir()
    apology = write_sound(folder / "prompts/fallback_apology.wav", 1)
    nobody = write_sound(folder / "prompts/fallback_nobody.wav", 2)
    installation = find_installation(Path(ROOT) if ROOT else None)
    values = private_values(installation, folder / "asterisk", folder / "prompts")
    address = f"{values.sip_address}:{values.sip_port}"
    with AsteriskServer(installation, values) as server:
        async with SipPhones(folder / "phones") as phones:
            first, second = [
                await phones.operator(account, PASSWORD, address)
                for account in ("op-101", "op-102")
            ]
            caller = await phones.caller("081234567890", address)
            made = Office(server, (first, second), caller, apology, nobody)
            for account in ("op-101", "op-102"):
                digest = digest_of(account, values.realm, PASSWORD)
                for one in phone_account_objects(account, digest):
                    path = f"/asterisk/config/dynamic/res_pjsip/{one.object_type}/{one.object_id}"
                    fields = [{"attribute": k, "value": v} for k, v in one.fields.items()]
                    await made.ari("PUT", path, {"fields": fields})
            for phone in made.operators:
                await phone.register()
            yield made


async def test_a_caller_hears_the_apology_and_talks_with_the_operator_who_answers_first(
    office: Office, folder: Path
) -> None:
    words = write_sound(folder / "words.wav", 3)
    await office.tell_operators("PJSIP/op-101&PJSIP/op-102")
    quick, slow = office.operators
    quick.on_call, slow.on_call = Answer(), RingForever()
    call = await office.caller.dial("1500")
    taken, missed = await quick.incoming(SOON), await slow.incoming(SOON)
    await taken.answered(SOON)
    await missed.ended(SOON)
    assert missed.answered_at is None
    await taken.say_whole(words)
    await taken.hang_up()
    await call.ended(SOON)
    apology, talk = find_prompt(call.heard, office.apology), find_prompt(call.heard, words)
    assert apology.score > PROMPT_HEARD
    assert talk.score > PROMPT_HEARD
    assert apology.offset < talk.offset
    assert find_prompt(call.heard, office.nobody).score < PROMPT_HEARD / 2
    assert find_prompt(taken.heard, office.apology).score < PROMPT_HEARD / 2


async def test_a_caller_whom_nobody_takes_hears_so_and_is_released(office: Office) -> None:
    await office.tell_operators("PJSIP/op-101&PJSIP/op-102")
    for phone in office.operators:
        phone.on_call = Reject(486, after=timedelta(0))
    call = await office.caller.dial("1500")
    await call.ended(SOON)
    for phone in office.operators:
        await (await phone.incoming(SOON)).ended(SOON)
    assert find_prompt(call.heard, office.apology).score > PROMPT_HEARD
    assert find_prompt(call.heard, office.nobody).score > PROMPT_HEARD


@pytest.mark.parametrize(
    "phones",
    ["none", "PJSIP/op-101&Local/1500@from-trunk", "PJSIP/op-101,60,g", "PJSIP/op-101/sip:x@y"],
)
async def test_a_list_that_is_not_one_of_operators_phones_is_never_dialled(
    office: Office, phones: str
) -> None:
    await office.tell_operators(phones)
    for phone in office.operators:
        phone.on_call = Answer()
    call = await office.caller.dial("1500")
    await call.ended(SOON)
    assert find_prompt(call.heard, office.nobody).score > PROMPT_HEARD
    for phone in office.operators:
        with pytest.raises(TimeoutError):
            await phone.incoming(NO_TIME)


async def test_the_fallback_still_works_after_asterisk_and_agent_have_both_restarted(
    office: Office,
) -> None:
    first, second = office.operators
    first.on_call, second.on_call = Answer(), RingForever()
    # The list is kept by the first call after it was told.
    await office.tell_operators("PJSIP/op-101")
    before = await office.caller.dial("1500")
    await (await first.incoming(SOON)).answered(SOON)
    await before.hang_up()
    await before.ended(SOON)
    office.server.restart()
    after = await office.caller.dial("1500")
    taken = await first.incoming(SOON)
    assert await taken.answered(SOON) > await after.answered(SOON)
    await after.hang_up()
    await taken.ended(SOON)
