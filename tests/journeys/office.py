"""A real office for the journeys: its people pick up telephones, its record is read back."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import numpy as np

from agent.commands.call_object import call_object
from agent.database.call_filter import CallFilter
from agent.database.call_search import (
    find_calls,
)
from agent.database.errors import DatabaseProblem
from agent.database.reports import CallReport, read_call
from agent.domain.call_state import Stage
from agent.speech.renderer import Renderer, Speech
from deploy.sip_phone import (
    PROMPT_HEARD,
    SAMPLES_PER_SECOND,
    Policy,
    SipCall,
    SipPhone,
    SipPhoneFailed,
    SipPhones,
    find_prompt,
    read_samples,
)
from deploy.site import CALLER_ADDRESSES, Site
from tests.runtime.forms import IDENTITY

SOON = timedelta(seconds=20)
"""A wide margin for what takes milliseconds on a quiet machine."""
PATIENTLY = timedelta(seconds=120)
WINDOW = SAMPLES_PER_SECOND // 50
LOUD = WINDOW * 200.0**2


async def until(what: str, look: Callable[[], Awaitable[bool]], within: timedelta = SOON) -> None:
    """Look again and again until it is so. Raises TimeoutError."""
    deadline = time.monotonic() + within.total_seconds()
    while not await look():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        await asyncio.sleep(0.1)


@dataclass(frozen=True)
class Conversation:
    """A caller and an operator who talk: both legs as their telephones see them."""

    caller: SipCall
    operator: SipCall
    form: str
    answered_at: datetime


class Office:
    """The running site, its operators' telephones and any number of callers."""

    def __init__(
        self, site: Site, phones: SipPhones, operators: list[SipPhone], renderer: Renderer
    ) -> None:
        self.site = site
        self.operators = operators
        self.renderer = renderer
        self._phones = phones
        self._numbers = itertools.count(1)

    @asynccontextmanager
    async def on_duty(self, *policies: Policy) -> AsyncIterator[list[SipPhone]]:
        """As many operators as policies, registered and idle; they leave again afterwards."""
        await until("everybody is free", lambda: self._idle(0))
        present = self.operators[: len(policies)]
        for phone, policy in zip(present, policies, strict=True):
            phone.forget_calls()
            phone.on_call = policy
            await register(phone)
        waiting = await asyncio.to_thread(self.measured, "lpse_callers_waiting")
        try:
            if not waiting:  # else they have a call at once
                await until("operators are seen", lambda: self._idle(len(policies)))
            yield present
        finally:
            await self._phones.hang_up_all()  # a journey that failed must not cost the next one
            for phone in present:
                await phone.unregister()
            await until("operators are gone", lambda: self._idle(0))

    async def dial(self, number: str | None = None, name: str | None = None) -> SipCall:
        """A caller with a number of his own (found in the record by it) dials the helpdesk."""
        count = next(self._numbers)
        phone = await self._phones.caller(
            number or f"0812{count:08d}",
            self.site.sip_server,
            CALLER_ADDRESSES[0],
            display_name=name,
        )
        return await phone.dial(self.site.values.helpdesk_number)

    async def conversation(self, phone: SipPhone) -> Conversation:
        """Somebody calls, this telephone takes it, and both are connected."""
        before = await self.calls()
        caller = await self.dial()
        operator = await phone.incoming(within=PATIENTLY)
        answered_at = await operator.answered(within=SOON)
        form = (await self.opened(before)).call.form_number
        await self.shows(form, "talk", lambda r: r.call.stage is Stage.TALKING)
        return Conversation(caller, operator, form, answered_at)

    @asynccontextmanager
    async def program(self, name: str) -> AsyncIterator[aiohttp.ClientSession]:
        """Another's program at the office's API, which may do what an administrator may."""
        made = await asyncio.to_thread(
            self.site.command, "token", "add", name, "--scope", "administer", "--json"
        )
        headers = {"Authorization": f"Bearer {json.loads(made)['token']}"}
        async with aiohttp.ClientSession(self.site.pages, headers=headers) as session:
            yield session

    async def newest(self) -> CallReport:
        """The record of the call that came last."""
        url = self.site.database_url
        newest = (await find_calls(url, CallFilter(), limit=1)).calls[0]
        return await read_call(url, newest.form_number)

    async def opened(self, before: int) -> CallReport:
        """The record of a call that was just dialled, once it is open."""

        async def is_open() -> bool:
            return await self.calls() > before

        await until("the consultation is open", is_open)
        return await self.newest()

    async def calls(self) -> int:
        """How many calls are on record, up to a thousand."""
        return len(await self.form_numbers())

    async def form_numbers(self) -> list[str]:
        """Of all calls on record, the newest first, up to a thousand."""
        page = await find_calls(self.site.database_url, CallFilter(), limit=1000)
        return [call.form_number for call in page.calls]

    async def record(self, form_number: str) -> CallReport:
        """What is on record of a call now."""
        return await read_call(self.site.database_url, form_number)

    async def archived(self, form_number: str, within: timedelta = SOON) -> CallReport:
        """The record of a call once it is complete."""

        async def is_archived() -> bool:
            return (await self.record(form_number)).call.stage is Stage.ARCHIVED

        await until(f"{form_number} is archived", is_archived, within)
        return await self.record(form_number)

    async def write(self, form_number: str, fields: Mapping[str, str] = IDENTITY) -> None:
        """The operator writes into fields of the form, as a person does it from a shell."""
        words = [f"{field}={text}" for field, text in fields.items()]
        by = ("--by", "op-101")
        await asyncio.to_thread(self.site.command, "form", "fill", form_number, *words, *by)

    async def finish(self, form_number: str) -> None:
        """The operator says that the form is finished."""
        await asyncio.to_thread(self.site.command, "form", "finish", form_number, "--by", "op-101")

    async def shows(
        self,
        form_number: str,
        what: str,
        look: Callable[[CallReport], bool],
        within: timedelta = SOON,
    ) -> CallReport:
        """The record once it shows this."""

        async def seen() -> bool:
            try:
                return look(await self.record(form_number))
            except DatabaseProblem:
                return False

        await until(what, seen, within)
        return await self.record(form_number)

    def speech(self, prompt: str) -> Path:
        """A rendered prompt without numbers, as a WAV file."""
        return self.site.speech_folder / "prompts" / f"{prompt}.wav"

    async def numbers_speech(self, report: CallReport) -> Path:
        """The rendered numbers of a call, as a WAV file."""
        call = report.call
        speech = Speech("numbers", call.form_number, call.ticket_number)
        return (await self.renderer.audio(speech)).path.with_suffix(".wav")

    async def _idle(self, count: int) -> bool:
        return await asyncio.to_thread(self.measured, 'lpse_operators{state="idle"}') == count

    def measured(self, metric: str) -> float:
        """One figure of the agent's /metrics; -1 when it is not there."""
        return self.site.agent.measured(metric) if self.site.agent else -1.0


async def register(phone: SipPhone) -> None:
    """A telephone can register once the agent has made it known to Asterisk."""

    async def registered() -> bool:
        try:
            await phone.register()
        except SipPhoneFailed:
            return False
        return True

    await until("the telephone registers", registered)


def heard(leg: SipCall, prompt: Path) -> bool:
    """Whether the whole prompt is in what this telephone heard; only after the leg has ended."""
    return find_prompt(leg.heard, prompt).score >= PROMPT_HEARD


def heard_tone(leg: SipCall, hertz: float) -> bool:
    """Whether this telephone heard a pure tone for 80 ms; only after the leg has ended.

    A correlation with the whole tone would fail where the telephone dropped a moment of it.
    """
    samples = read_samples(leg.heard)
    count = len(samples) // WINDOW
    windows = samples[: count * WINDOW].reshape(count, WINDOW) * np.hanning(WINDOW)
    wave = np.exp(2j * np.pi * hertz * np.arange(WINDOW) / SAMPLES_PER_SECOND) * np.hanning(WINDOW)
    energy = (windows**2).sum(axis=1) + 1.0
    at_pitch = 2 * np.abs(windows @ wave) ** 2 / (np.abs(wave) ** 2).sum() / energy
    loud = energy > LOUD
    pure = ((at_pitch > 0.8) & loud).astype(int)
    return bool((np.convolve(pure, np.ones(4, int)) == 4).any())


def step(report: CallReport, name: str) -> dict[str, object]:
    """One step of a record as programs see it."""
    steps = call_object(report, "WIB")
    found = [*steps["steps"], *steps.get("sub_steps", [])]
    return next(dict(s) for s in found if str(s["step"]) == name)
