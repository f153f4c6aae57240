"""The front of the room: a prompt with its numbers becomes a file that Asterisk can play."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import msgspec
import structlog

from agent.domain.written_prompt import WrittenPrompt
from agent.speech.assembly import Assembly, assemble
from agent.speech.audio import Audio, audio_of
from agent.speech.cache import AudioCache
from agent.speech.engines import Engines, Said
from agent.speech.errors import SpeechUnavailable
from agent.speech.espeak import EspeakEngine, mbrola_voice, plain_voice
from agent.speech.fixed import FixedSounds
from agent.speech.kept import SECONDS_FOR_ONE, KeptSounds
from agent.speech.piper import PiperEngine
from agent.speech.programs import programs_of_root, programs_of_system, write_mbrola_starter
from agent.speech.prompts import Prompts, load_prompts
from agent.speech.recorded import RecordedEngine
from agent.speech.sound import render_wav
from agent.speech.tones import tones
from agent.speech.utterance import Script, Utterance

DEADLINE = timedelta(seconds=1.5)
CACHE_BYTES = 256 * 1024 * 1024
TRIAL_STAYS_FRESH = timedelta(seconds=30)

__all__ = ["Audio", "Renderer", "Reworded", "Speech"]

log = structlog.get_logger(__name__)


class Speech(msgspec.Struct, frozen=True):
    """What shall be heard."""

    prompt: str
    form_number: str | None = None
    ticket_number: str | None = None


class Reworded(msgspec.Struct, frozen=True):
    """Other words with all their sounds, which do not count yet."""

    prompts: Prompts
    audios: dict[str, Audio]


class Renderer:
    """Says prompts by the best engine that answers in time."""

    def __init__(
        self,
        *,
        folder: Path,
        prompts_file: Path,
        recorded_folder: Path | None,
        piper_voice: Path | None,
        speech_root: Path | None,
        lpse_name: str,
        deadline: timedelta = DEADLINE,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        """`speech_root` is a Debian root whose espeak-ng and mbrola are used; None: the system's.

        Raises PromptFileInvalid.
        """
        folder = folder.absolute()
        self._prompts = load_prompts(prompts_file, lpse_name)
        self._deadline = deadline
        self._speech_root = speech_root
        self._programs_folder = folder / "bin"
        self._fixed = FixedSounds(folder)
        self._cache = AudioCache(folder / "cache", cache_bytes)
        self._kept = KeptSounds(folder / "kept")
        self._recorded = RecordedEngine(recorded_folder)
        programs = (
            programs_of_root(speech_root, self._programs_folder)
            if speech_root
            else programs_of_system()
        )
        phonemes = self._prompts.espeak_phonemes
        self._engines = Engines(
            [
                self._recorded,
                PiperEngine(piper_voice),
                EspeakEngine(mbrola_voice, programs, phonemes),
                EspeakEngine(plain_voice, programs, phonemes),
            ],
            self._cache,
        )
        self._trial = asyncio.Lock()
        self._trial_passed: bool | None = None
        self._tried_at = 0.0

    async def prepare(self) -> None:
        """Makes everything that must be there before a call, and only what is not there yet.

        These are <folder>/prompts/<prompt>.wav for every prompt without numbers and for the two
        tones, and each phrase, digit, letter and sign alone, for when every engine fails. Raises
        SpeechUnavailable when one of them could not be made and none of old is there.
        """
        try:
            self._fixed.open()
            self._cache.open()
            self._recorded.load()
            if self._speech_root is not None:
                write_mbrola_starter(self._speech_root, self._programs_folder)
            await self._kept.make(self._prompts.sounds_to_keep(), self._engines)
            self._fixed.take(self._lay(self._prompts))
            self._fixed.drop_old()
        except OSError as error:
            raise SpeechUnavailable(f"the folder of speech cannot be used: {error}") from error

    async def audio(self, speech: Speech) -> Audio:
        """The file that says this, within the deadline and a moment for putting it together.

        Raises SpeechUnavailable for an unknown prompt, a number that is missing or has a sign
        without a name, and when not even the sounds of set-up are there.
        """
        if fixed := self._fixed.find(speech.prompt):
            return fixed
        script = self._prompts.script(speech.prompt, speech.form_number, speech.ticket_number)
        deadline = asyncio.get_running_loop().time() + self._deadline.total_seconds()
        wanted = {part for part in script if isinstance(part, Utterance)}
        async with asyncio.TaskGroup() as group:
            tasks = {part: group.create_task(self._said(part, deadline)) for part in wanted}
        said = {part: sound for part, task in tasks.items() if (sound := task.result())}
        if len(said) < len(wanted):
            raise SpeechUnavailable("no engine says it and no sound of set-up is there")
        return self._written(assemble(script, said))

    @property
    def prompts(self) -> Prompts:
        """What is said now, to be read."""
        return self._prompts

    def use(self, written: Mapping[str, WrittenPrompt]) -> None:
        """Before anything is prepared: what the office wrote counts."""
        self._prompts = self._prompts.with_written(written)

    async def rendered(self, written: Mapping[str, WrittenPrompt]) -> Reworded:
        """All sounds of what the office wrote, beside those that are in use.

        Raises SpeechUnavailable.
        """
        prompts = self._prompts.with_written(written)
        try:
            await self._kept.add(prompts.sounds_to_keep(), self._engines)
            return Reworded(prompts, self._lay(prompts))
        except OSError as error:
            raise SpeechUnavailable(f"the sound cannot be written: {error}") from error

    def take(self, reworded: Reworded) -> None:
        """From now on it is said so; a call that was given a sound before hears that one."""
        self._prompts = reworded.prompts
        try:
            self._fixed.take(reworded.audios)
        except OSError as error:  # the dialplan says the old words until the next start
            log.error("prompt_not_written_for_the_dialplan", reason=str(error))

    async def tried(self, prompt: str, text: str, form_number: str, ticket_number: str) -> Audio:
        """How this text would sound, which counts nowhere.

        Raises PromptTextInvalid, SpeechUnavailable.
        """
        script = self._prompts.with_text(prompt, text, "uji").script(
            prompt, form_number, ticket_number
        )
        return self._written(assemble(script, await self._said_slowly(script)))

    async def _said_slowly(self, script: Script) -> dict[Utterance, Said]:
        """One after the other, so that a call finds a processor free."""
        deadline = asyncio.get_running_loop().time() + SECONDS_FOR_ONE
        said: dict[Utterance, Said] = {}
        for part in script:
            if isinstance(part, Utterance) and part not in said:
                sound = self._kept.find(part)
                sound = sound or await self._engines.say(part, deadline, blame=False)
                sound = sound or self._kept.spelled(part)
                if sound is None:
                    raise SpeechUnavailable("no engine says it")
                said[part] = sound
        return said

    def _written(self, assembly: Assembly) -> Audio:
        try:
            path = self._cache.find(assembly.key)
            path = path or self._cache.keep(assembly.key, render_wav(assembly.samples))
        except OSError as error:
            raise SpeechUnavailable(f"the sound cannot be written: {error}") from error
        return audio_of(path, assembly.engine, assembly.text)

    async def works(self) -> bool:
        """Whether some engine renders now; the answer is good for half a minute."""
        async with self._trial:
            now = asyncio.get_running_loop().time()
            is_fresh = now - self._tried_at < TRIAL_STAYS_FRESH.total_seconds()
            if self._trial_passed is None or not is_fresh:
                trial = self._prompts.shortest()
                self._trial_passed = await self._engines.any_renders(trial, self._deadline)
                self._tried_at = now
            return self._trial_passed

    def engines(self) -> list[str]:
        """The engines in their order: the name, and after a colon why it cannot be used."""
        states = [(engine.name, engine.unusable()) for engine in self._engines.in_order]
        return [name if reason is None else f"{name}: {reason}" for name, reason in states]

    def version(self, prompt: str) -> str:
        """The version of the prompt's words. Raises SpeechUnavailable for an unknown prompt."""
        return self._prompts.version(prompt)

    async def _said(self, utterance: Utterance, deadline: float) -> Said | None:
        return (
            self._kept.find(utterance)
            or await self._engines.say(utterance, deadline)
            or self._kept.spelled(utterance)
        )

    def _lay(self, prompts: Prompts) -> dict[str, Audio]:
        """Every prompt without numbers and both tones; their phrases are kept already."""
        audios = {
            name: self._fixed.lay(name, render_wav(samples), "tone", "")
            for name, samples in tones().items()
        }
        for name in prompts.fixed():
            script = prompts.script(name, None, None)
            parts = [part for part in script if isinstance(part, Utterance)]
            said = {part: sound for part in parts if (sound := self._kept.find(part))}
            made = assemble(script, said)
            audios[name] = self._fixed.lay(name, render_wav(made.samples), made.engine, made.text)
        return audios
