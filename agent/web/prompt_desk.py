"""What callers hear, written and put in force: first its sound, then its record, then all hear it.

A text whose sound cannot be made never counts, nor one whose record cannot be written; a call that
goes on hears to its end what it was given.
"""

import asyncio
import secrets
from collections import OrderedDict

import structlog

from agent.database.written_prompts import keep_written_prompt, read_written_prompts
from agent.domain.identifiers import OperatorId
from agent.domain.numbers import YearNumber, render_form_number, render_ticket_number
from agent.domain.written_prompt import WrittenPrompt, newest
from agent.runtime import clock
from agent.runtime.announcements import AnnouncementRefused
from agent.runtime.dispatcher import Dispatcher
from agent.speech.errors import SpeechUnavailable
from agent.speech.prompt_text import PromptTextInvalid
from agent.speech.renderer import Audio, Renderer, Reworded, Speech
from agent.web.parts import Parts
from agent.web.problems import Refused

NOTICE = "recording_notice"
TRIALS_KEPT = 50

log = structlog.get_logger()


def put_in_force(renderer: Renderer, dispatcher: Dispatcher, reworded: Reworded) -> None:
    """All who are spoken to from now on hear it; the record of their calls tells which notice."""
    renderer.take(reworded)
    dispatcher.use_notice(renderer.version(NOTICE))


async def take_up_prompts(url: str, renderer: Renderer, dispatcher: Dispatcher) -> None:
    """What another owner wrote while we stood by. Raises DatabaseUnreachable."""
    written = newest(await read_written_prompts(url))
    try:
        put_in_force(renderer, dispatcher, await renderer.rendered(written))
    except SpeechUnavailable as error:
        log.error("written_prompts_not_taken_up", reason=str(error))


class PromptDesk:
    """One prompt is written at a time. Everything raises Refused, DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._renderer = parts.renderer
        self._turn = asyncio.Lock()
        self._trials: OrderedDict[str, Audio] = OrderedDict()

    def known(self, prompt: str) -> str:
        """A prompt's name, if there is one of it."""
        if prompt not in self._renderer.prompts.names():
            raise Refused(404, "prompt_unknown")
        return prompt

    async def versions(self, prompt: str) -> list[WrittenPrompt]:
        """All that the office ever wrote for it, the oldest first."""
        self.known(prompt)
        written = await read_written_prompts(self._parts.pool.url)
        return sorted((w for w in written if w.prompt == prompt), key=lambda w: w.version)

    async def sound(self, prompt: str) -> Audio:
        """How it sounds now; numbers are made up."""
        self.known(prompt)
        form, ticket = self._numbers()
        try:
            return await self._renderer.audio(Speech(prompt, form, ticket))
        except SpeechUnavailable as error:
            raise Refused(503, "prompt_not_said") from error

    async def tried(self, prompt: str, text: str) -> tuple[str, Audio]:
        """How a text would sound, and the name under which it is heard for a while."""
        self.known(prompt)
        try:
            audio = await self._renderer.tried(prompt, text, *self._numbers())
        except PromptTextInvalid as error:
            raise Refused(422, error.reason) from error
        except SpeechUnavailable as error:
            raise Refused(422, "prompt_not_said") from error
        trial = secrets.token_hex(8)
        self._trials[trial] = audio
        while len(self._trials) > TRIALS_KEPT:
            self._trials.popitem(last=False)
        return trial, audio

    def trial(self, trial: str) -> Audio:
        """The sound of a text that was tried."""
        audio = self._trials.get(trial)
        if audio is None or not audio.is_there:
            raise Refused(404, "prompt_trial_unknown")
        return audio

    async def write(self, prompt: str, text: str | None, after: int, by: str) -> WrittenPrompt:
        """Say this from now on, or the file's own words again (None); `after` is what he saw."""
        self.known(prompt)
        async with self._turn:
            written = await read_written_prompts(self._parts.pool.url)
            counts = newest(written)
            before = counts[prompt].version if prompt in counts else 0
            if before != after:
                raise Refused(409, "prompt_changed")
            if text is not None:
                await self.tried(prompt, text)  # says what is wrong with it
            new = WrittenPrompt(prompt=prompt, version=before + 1, text=text, by=by)
            try:
                reworded = await self._renderer.rendered({**counts, prompt: new})
            except SpeechUnavailable as error:
                raise Refused(503, "prompt_not_said") from error
            async with self._parts.pool.transaction() as connection:
                await keep_written_prompt(connection, new)
            put_in_force(self._renderer, self._parts.dispatcher, reworded)
        log.info("prompt_in_force", prompt=prompt, version=new.version)
        return new

    async def ring(self, prompt: str, text: str | None, phone: str, by: str) -> None:
        """Let a telephone of the office hear it, or a text in its place."""
        sound = await self.sound(prompt) if text is None else (await self.tried(prompt, text))[1]
        await self._parts.accounts.audit(by, "prompt_rung", phone, {"prompt": prompt})
        try:
            await self._parts.announcements.play(OperatorId(phone), sound.path)
        except AnnouncementRefused as refused:
            status = 404 if refused.reason == "phone_unknown" else 409
            raise Refused(status, refused.reason) from refused

    def _numbers(self) -> tuple[str, str]:
        year = clock.now().year
        form = render_form_number(YearNumber(year, 123), self._parts.sop.office)
        return form, render_ticket_number(YearNumber(year, 412))
