"""An office without an agent: a bare Asterisk, two operators' phones and two callers'."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from deploy.sip_phone import PROMPT_HEARD, SipCall, SipPhone, SipPhones, find_prompt
from tests.journeys.bare_asterisk import (
    PASSWORD,
    BareAsterisk,
    ListeningApplication,
    bare_asterisk,
    until,
)
from tests.journeys.sounds import write_sound

SOON = timedelta(seconds=10)
ACCOUNTS = ("op-101", "op-102")
PROMPT_SECONDS = 0.2
PROMPTS = (
    "fallback_apology", "recording_notice", "fallback_nobody", "fallback_voicemail",
    "fallback_thanks", "fallback_ticket_later", "tone_accepted", "tone_refused", "no_numbers_yet",
)  # fmt: skip  # one name a line hides the list


@dataclass(frozen=True)
class BareOffice:
    """An Asterisk without an agent, its two operators' phones and two callers'."""

    asterisk: BareAsterisk
    operators: tuple[SipPhone, SipPhone]
    caller: SipPhone
    second_caller: SipPhone
    words: Path

    def heard(self, call: SipCall, prompt: str) -> bool:
        """Whether the phone heard the whole prompt; after the call's end."""
        sound = self.asterisk.folder / "prompts" / f"{prompt}.wav"
        return find_prompt(call.heard, sound).score > PROMPT_HEARD

    def heard_at(self, call: SipCall, prompt: str) -> timedelta:
        """How long after the answer the phone heard it."""
        return find_prompt(call.heard, self.asterisk.folder / "prompts" / f"{prompt}.wav").offset

    async def connected(self, caller: SipPhone, operator: SipPhone) -> tuple[SipCall, SipCall]:
        """The caller's and the operator's side of a talk."""
        call = await caller.dial("1500")
        taken = await operator.incoming(SOON)
        await taken.answered(SOON)
        return call, taken

    async def in_care(self, agent: ListeningApplication) -> str:
        """The channel of a new caller whom an agent has answered."""
        await self.caller.dial("1500")
        channel = await agent.caller(SOON)
        await agent.client.post("channels", channel, "answer")
        return channel

    async def recorded(self, before: set[Path]) -> Path:
        """The file of a message, once its recording has begun."""
        await until(lambda: self.asterisk.messages() > before, SOON)
        return (self.asterisk.messages() - before).pop()


@asynccontextmanager
async def bare_office(**limits: int) -> AsyncIterator[BareOffice]:
    """Open, with every prompt of the fallback. limits: of ConfigurationValues."""
    with bare_asterisk(**limits) as asterisk:
        for seed, prompt in enumerate(PROMPTS):
            write_sound(asterisk.folder / f"prompts/{prompt}.wav", seed, seconds=PROMPT_SECONDS)
        words = write_sound(asterisk.folder / "words.wav", 30, seconds=1.2)
        await asterisk.publish(*ACCOUNTS)
        async with SipPhones(asterisk.folder / "phones") as phones:
            first, second = [
                await phones.operator(account, PASSWORD, asterisk.address) for account in ACCOUNTS
            ]
            for phone in (first, second):
                await phone.register()
            callers = [await phones.caller(f"08120000000{n}", asterisk.address) for n in (1, 2)]
            yield BareOffice(asterisk, (first, second), callers[0], callers[1], words)
