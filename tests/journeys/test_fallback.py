"""What a caller gets while the agent is away: an apology, then any operator, by Asterisk alone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.sip_phone import (
    PROMPT_HEARD,
    Answer,
    Reject,
    RingForever,
    SipPhone,
    SipPhones,
    find_prompt,
)
from tests.journeys.bare_asterisk import PASSWORD, BareAsterisk, bare_asterisk
from tests.journeys.sounds import write_sound

SOON = timedelta(seconds=10)
NO_TIME = timedelta(seconds=0.3)
ACCOUNTS = ("op-101", "op-102")


@dataclass(frozen=True)
class Office:
    """An Asterisk without an agent, its two operators' phones and a caller's."""

    asterisk: BareAsterisk
    operators: tuple[SipPhone, SipPhone]
    caller: SipPhone
    apology: Path
    nobody: Path


@pytest_asyncio.fixture(scope="module")
async def office() -> AsyncIterator[Office]:
    with bare_asterisk() as asterisk:
        apology = write_sound(asterisk.folder / "prompts/fallback_apology.wav", 1, seconds=0.5)
        nobody = write_sound(asterisk.folder / "prompts/fallback_nobody.wav", 2, seconds=0.5)
        await asterisk.publish(*ACCOUNTS)
        async with SipPhones(asterisk.folder / "phones") as phones:
            first, second = [
                await phones.operator(account, PASSWORD, asterisk.address) for account in ACCOUNTS
            ]
            for phone in (first, second):
                await phone.register()
            caller = await phones.caller("081234567890", asterisk.address)
            yield Office(asterisk, (first, second), caller, apology, nobody)


async def test_a_caller_hears_the_apology_and_talks_with_the_operator_who_answers_first(
    office: Office,
) -> None:
    words = write_sound(office.asterisk.folder / "words.wav", 3, seconds=0.5)
    await office.asterisk.tell_operators("PJSIP/op-101&PJSIP/op-102")
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


async def test_a_caller_whom_the_agent_sends_on_reaches_an_operator_too(office: Office) -> None:
    """Asterisk refuses DB() on a channel for which a variable was set over ARI."""
    await office.asterisk.tell_operators("PJSIP/op-101&PJSIP/op-102")
    quick, slow = office.operators
    quick.on_call, slow.on_call = Answer(), RingForever()
    async with office.asterisk.caller_held() as send_on:
        call = await office.caller.dial("1500")
        await send_on()
        taken, missed = await quick.incoming(SOON), await slow.incoming(SOON)
        await taken.answered(SOON)
        await missed.ended(SOON)
        await taken.hang_up()
        await call.ended(SOON)
    assert find_prompt(call.heard, office.nobody).score < PROMPT_HEARD / 2


async def test_a_caller_whom_nobody_takes_hears_so_and_is_released(office: Office) -> None:
    await office.asterisk.tell_operators("PJSIP/op-101&PJSIP/op-102")
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
    await office.asterisk.tell_operators(phones)
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
    await office.asterisk.tell_operators("PJSIP/op-101")
    before = await office.caller.dial("1500")
    await (await first.incoming(SOON)).answered(SOON)
    await before.hang_up()
    await before.ended(SOON)
    office.asterisk.server.restart()
    after = await office.caller.dial("1500")
    taken = await first.incoming(SOON)
    assert await taken.answered(SOON) > await after.answered(SOON)
    await after.hang_up()
    await taken.ended(SOON)
