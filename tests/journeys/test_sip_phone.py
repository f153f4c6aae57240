"""Scripted SIP phones against a real Asterisk, with nobody on ARI: the phones talk by the fallback.

No prompt exists here, so every call also shows that a missing sound file stops nothing.
"""

import threading
import wave
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from deploy.sip_phone import (
    PROMPT_HEARD,
    Answer,
    Reject,
    RingForever,
    SipPhone,
    SipPhoneFailed,
    SipPhones,
    find_prompt,
)
from tests.journeys.bare_asterisk import PASSWORD, BareAsterisk, bare_asterisk
from tests.journeys.sounds import write_samples, write_sound

SOON = timedelta(seconds=10)


@pytest.fixture(scope="module")
def asterisk() -> Iterator[BareAsterisk]:
    with bare_asterisk() as running:
        yield running


@pytest.fixture(scope="module")
def folder(asterisk: BareAsterisk) -> Path:
    return asterisk.folder


@pytest_asyncio.fixture(scope="module")
async def phones(folder: Path) -> AsyncIterator[SipPhones]:
    async with SipPhones(folder / "phones") as running:
        yield running
    assert "sip-phones" not in [thread.name for thread in threading.enumerate()]


@pytest_asyncio.fixture(scope="module")
async def operator(asterisk: BareAsterisk, phones: SipPhones) -> SipPhone:
    await asterisk.publish("op-101")
    phone = await phones.operator("op-101", PASSWORD, asterisk.address)
    await phone.register()
    return phone


@pytest_asyncio.fixture(scope="module")
async def caller(asterisk: BareAsterisk, phones: SipPhones) -> SipPhone:
    return await phones.caller("081234567890", asterisk.address)


@pytest_asyncio.fixture(autouse=True)
async def ended_calls(phones: SipPhones, operator: SipPhone) -> AsyncIterator[None]:
    """A test that failed must not cost the next one."""
    yield
    await phones.hang_up_all()
    operator.forget_calls()


async def test_two_phones_hear_each_other_and_their_times_agree(
    caller: SipPhone, operator: SipPhone, folder: Path
) -> None:
    hello, reply = write_sound(folder / "hello.wav", 1), write_sound(folder / "reply.wav", 2)
    operator.on_call = Answer(after=timedelta(seconds=0.3))
    out = await caller.dial("1500")
    taken = await operator.incoming(SOON)
    await taken.answered(SOON)
    assert taken.ringing_at and taken.answered_at and out.answered_at
    assert taken.answered_at - taken.ringing_at >= timedelta(seconds=0.3)
    await taken.say_whole(hello)
    await out.say_whole(reply)
    await out.hang_up()
    assert abs(await taken.ended(SOON) - await out.ended(SOON)) < timedelta(seconds=1)
    assert (taken.end_code, out.end_code) == (200, 200)
    assert find_prompt(out.heard, hello).score > PROMPT_HEARD
    assert find_prompt(taken.heard, reply).score > PROMPT_HEARD
    assert find_prompt(out.heard, reply).score < PROMPT_HEARD / 2
    assert find_prompt(taken.heard, hello).score < PROMPT_HEARD / 2


@pytest.mark.parametrize("way", ["rfc4733", "info"])
async def test_digits_arrive_in_order_by_either_way(
    asterisk: BareAsterisk, caller: SipPhone, operator: SipPhone, way: str
) -> None:
    operator.on_call = Answer()
    out = await caller.dial("1500")
    taken = await operator.incoming(SOON)
    await taken.answered(SOON)
    await taken.say_whole(write_sound(asterisk.folder / "digits.wav", 8))  # both are connected
    # From the caller, because Asterisk itself listens for the operator's star codes.
    await out.press("*8#0", by="info" if way == "info" else "rfc4733")
    await taken.received("*8#0", SOON)
    assert out.digits == []
    await taken.hang_up()
    await out.ended(SOON)


async def test_a_phone_that_is_busy_refuses_the_call(caller: SipPhone, operator: SipPhone) -> None:
    operator.on_call = Reject(486)
    out = await caller.dial("1500")
    refused = await operator.incoming(SOON)
    await refused.ended(SOON)
    await out.hang_up()
    await out.ended(SOON)
    assert (refused.answered_at, refused.end_code) == (None, 486)


async def test_a_ringing_phone_stops_when_the_caller_gives_up(
    caller: SipPhone, operator: SipPhone
) -> None:
    operator.on_call = RingForever()
    out = await caller.dial("1500")
    ringing = await operator.incoming(SOON)
    await out.hang_up()
    gone = await out.ended(SOON)
    assert await ringing.ended(SOON) - gone < timedelta(seconds=1)
    assert (ringing.answered_at, ringing.end_code) == (None, 487)
    with pytest.raises(SipPhoneFailed, match="487"):
        await ringing.answered(SOON)


async def test_a_phone_may_answer_and_hang_up(caller: SipPhone, operator: SipPhone) -> None:
    operator.on_call = Answer(hang_up_after=timedelta(seconds=0.2))
    out = await caller.dial("1500")
    taken = await operator.incoming(SOON)
    answered, ended = await taken.answered(SOON), await taken.ended(SOON)
    assert ended - answered >= timedelta(seconds=0.2)
    await out.ended(SOON)


async def test_two_calls_at_once_keep_apart(
    asterisk: BareAsterisk, phones: SipPhones, caller: SipPhone, operator: SipPhone, folder: Path
) -> None:
    hello, reply = write_sound(folder / "first.wav", 3), write_sound(folder / "second.wav", 4)
    other = await phones.caller("0215550199", asterisk.address, address="127.0.0.2")
    await asterisk.publish("op-101", "op-102")
    colleague = await phones.operator("op-102", PASSWORD, asterisk.address)
    await colleague.register()
    pairs = []
    # Both desks ring for the first caller; the second is offered only to the one that is free.
    for phone, desk in ((caller, operator), (other, colleague)):
        colleague.forget_calls()
        desk.on_call = Answer()
        out = await phone.dial("1500")
        taken = await desk.incoming(SOON)
        await taken.answered(SOON)
        pairs.append((out, taken))
    (first, at_first), (second, at_second) = pairs
    await at_first.say_whole(hello)
    await at_second.say_whole(reply)
    for call in (first, second):
        await call.hang_up()
        await call.ended(SOON)
    await colleague.unregister()
    assert find_prompt(first.heard, hello).score > PROMPT_HEARD
    assert find_prompt(second.heard, reply).score > PROMPT_HEARD
    assert find_prompt(first.heard, reply).score < PROMPT_HEARD / 2


async def test_nobody_reaches_more_than_the_helpdesk(
    asterisk: BareAsterisk, phones: SipPhones, caller: SipPhone, operator: SipPhone
) -> None:
    stranger = await phones.caller("0811", asterisk.address, address="127.0.0.77")
    for phone, number, code in (
        (caller, "911", 404),
        (operator, "1500", 404),
        (stranger, "1500", 401),
    ):
        call = await phone.dial(number)
        await call.ended(SOON)
        assert (call.answered_at, call.end_code) == (None, code)


async def test_a_softphone_with_the_callers_password_reaches_the_helpdesk(
    asterisk: BareAsterisk, phones: SipPhones, operator: SipPhone
) -> None:
    operator.on_call = RingForever()
    softphone = await phones.operator(
        "penelepon", asterisk.server.values.caller_password, asterisk.address
    )
    call = await softphone.dial("1500")
    await call.answered(SOON)
    ringing = await operator.incoming(SOON)
    await call.hang_up()
    await call.ended(SOON)
    await ringing.ended(SOON)


def test_a_prompt_is_found_though_the_phone_slipped_and_another_is_not(folder: Path) -> None:
    prompt = write_sound(folder / "prompt.wav", 5, seconds=4)
    other = write_sound(folder / "other.wav", 6, seconds=4)
    with wave.open(str(prompt)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    noise = np.random.default_rng(7).normal(0, 300, 8000 * 8)
    # 20 ms are lost in the middle, the volume is a third, and two seconds come before.
    slipped = np.concatenate((samples[:16000], samples[16160:])) / 3
    noise[16000 : 16000 + len(slipped)] += slipped
    heard = write_samples(folder / "slipped.wav", noise)
    found, missed = find_prompt(heard, prompt), find_prompt(heard, other)
    assert found.score > PROMPT_HEARD
    assert abs(found.offset - timedelta(seconds=2)) <= timedelta(milliseconds=20)
    assert missed.score < PROMPT_HEARD / 2
    assert find_prompt(prompt, heard).score == 0  # longer than the recording
