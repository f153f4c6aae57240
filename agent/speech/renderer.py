"""The front of the room: a prompt with its numbers becomes a file that Asterisk can play."""

import asyncio
from datetime import timedelta
from pathlib import Path

import msgspec

from agent.speech.assembly import assemble
from agent.speech.cache import AudioCache, write_whole
from agent.speech.engines import Engines, Said
from agent.speech.errors import SpeechUnavailable
from agent.speech.espeak import EspeakEngine, mbrola_voice, plain_voice
from agent.speech.kept import KeptSounds
from agent.speech.piper import PiperEngine
from agent.speech.programs import programs_of_root, programs_of_system, write_mbrola_starter
from agent.speech.prompts import load_prompts
from agent.speech.recorded import RecordedEngine
from agent.speech.sound import length_of_file, render_wav
from agent.speech.tones import tones
from agent.speech.utterance import Utterance

DEADLINE = timedelta(seconds=1.5)
CACHE_BYTES = 256 * 1024 * 1024
TRIAL_STAYS_FRESH = timedelta(seconds=30)


class Speech(msgspec.Struct, frozen=True):
    """What shall be heard."""

    prompt: str
    form_number: str | None = None
    ticket_number: str | None = None


class Audio(msgspec.Struct, frozen=True):
    """A sound that is ready to be played."""

    path: Path
    """Without extension, as Asterisk wants it; 8 kHz WAV of 16 bits lies at <path>.wav."""
    length: timedelta
    engine: str
    """recorded, piper, mbrola, espeak, digits or tone: of several the weakest that was needed."""
    text: str
    """What is said, for the record of the call."""


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
        self._fixed_folder = folder / "prompts"
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
        self._fixed: dict[str, Audio] = {}
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
            self._fixed_folder.mkdir(parents=True, exist_ok=True)
            self._cache.open()
            self._recorded.load()
            if self._speech_root is not None:
                write_mbrola_starter(self._speech_root, self._programs_folder)
            await self._kept.make(self._prompts.sounds_to_keep(), self._engines)
            self._fixed = self._write_tones() | self._write_fixed()
        except OSError as error:
            raise SpeechUnavailable(f"the folder of speech cannot be used: {error}") from error

    async def audio(self, speech: Speech) -> Audio:
        """The file that says this, within the deadline and a moment for putting it together.

        Raises SpeechUnavailable for an unknown prompt, a number that is missing or has a sign
        without a name, and when not even the sounds of set-up are there.
        """
        fixed = self._fixed.get(speech.prompt)
        if fixed is not None and length_of_file(fixed.path.with_suffix(".wav")) is not None:
            return fixed
        script = self._prompts.script(speech.prompt, speech.form_number, speech.ticket_number)
        deadline = asyncio.get_running_loop().time() + self._deadline.total_seconds()
        wanted = {part for part in script if isinstance(part, Utterance)}
        async with asyncio.TaskGroup() as group:
            tasks = {part: group.create_task(self._said(part, deadline)) for part in wanted}
        said = {part: sound for part, task in tasks.items() if (sound := task.result())}
        if len(said) < len(wanted):
            raise SpeechUnavailable("no engine says it and no sound of set-up is there")
        assembly = assemble(script, said)
        try:
            path = self._cache.find(assembly.key)
            path = path or self._cache.keep(assembly.key, render_wav(assembly.samples))
        except OSError as error:
            raise SpeechUnavailable(f"the sound cannot be written: {error}") from error
        return _audio(path, assembly.engine, assembly.text)

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

    def _write_tones(self) -> dict[str, Audio]:
        audios = {}
        for name, samples in tones().items():
            path = self._fixed_folder / f"{name}.wav"
            _write_if_new(path, render_wav(samples))
            audios[name] = _audio(path, "tone", "")
        return audios

    def _write_fixed(self) -> dict[str, Audio]:
        audios = {}
        for name in self._prompts.fixed():
            script = self._prompts.script(name, None, None)
            parts = [part for part in script if isinstance(part, Utterance)]
            said = {part: sound for part in parts if (sound := self._kept.find(part))}
            assembly = assemble(script, said)
            path = self._fixed_folder / f"{name}.wav"
            _write_if_new(path, render_wav(assembly.samples))
            audios[name] = _audio(path, assembly.engine, assembly.text)
        return audios


def _write_if_new(path: Path, wav: bytes) -> None:
    if not path.is_file() or path.read_bytes() != wav:
        write_whole(path, wav)


def _audio(path: Path, engine: str, text: str) -> Audio:
    length = length_of_file(path)
    if length is None:
        raise SpeechUnavailable("the sound was lost on its way to the disk")
    return Audio(path=path.with_suffix(""), length=length, engine=engine, text=text)
