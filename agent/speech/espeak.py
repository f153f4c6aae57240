"""espeak-ng, with its own Indonesian voice or with the MBROLA voice id1."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta

import msgspec

from agent.speech.child import output_of
from agent.speech.errors import EngineFailed, SoundInvalid
from agent.speech.programs import Programs
from agent.speech.shaping import Shaping, shape
from agent.speech.sound import Samples, parse_wav
from agent.speech.utterance import Utterance


class EspeakVoice(msgspec.Struct, frozen=True):
    """One voice of espeak-ng and the way it speaks."""

    name: str
    voice: str
    needs_mbrola: bool
    words_per_minute: int
    number_words_per_minute: int
    between_signs: str
    shaping: Shaping


mbrola_voice = EspeakVoice(
    name="mbrola",
    voice="mb-id1",
    needs_mbrola=True,
    words_per_minute=140,
    number_words_per_minute=120,
    between_signs=" ",
    shaping=Shaping(),
)
plain_voice = EspeakVoice(
    name="espeak",
    voice="id",
    needs_mbrola=False,
    words_per_minute=140,
    number_words_per_minute=120,
    between_signs=" ",
    shaping=Shaping(),
)


class EspeakEngine:
    """Starts espeak-ng for each utterance; about 20 ms each."""

    def __init__(
        self, voice: EspeakVoice, programs: Programs | None, phonemes: Mapping[str, str]
    ) -> None:
        self.name = voice.name
        self._voice = voice
        self._programs = programs
        self._phonemes = {word.lower(): sounds for word, sounds in phonemes.items()}

    def unusable(self) -> str | None:
        if self._programs is None:
            return "espeak-ng is missing"
        if self._voice.needs_mbrola and self._programs.mbrola is None:
            return "mbrola is missing"
        if self._voice.needs_mbrola and self._programs.mbrola_voice is None:
            return "mbrola-id1 is missing"
        return None

    def identity(self, utterance: Utterance) -> str | None:
        return f"{self._voice!r} {self._written(utterance)}"

    async def render(self, utterance: Utterance, limit: timedelta) -> Samples:
        return await asyncio.to_thread(self._render, utterance, limit)

    def _render(self, utterance: Utterance, limit: timedelta) -> Samples:
        if self._programs is None:
            raise EngineFailed("espeak-ng is missing")
        voice = self._voice
        slow = utterance.is_number
        speed = voice.number_words_per_minute if slow else voice.words_per_minute
        wav = output_of(
            (*self._programs.espeak, "-v", voice.voice, "-s", str(speed), "--stdin", "--stdout"),
            self._written(utterance),
            environment=self._programs.environment,
            limit=limit,
        )
        try:  # refuses silence too: espeak-ng exits 0 when mbrola said nothing
            return shape(*parse_wav(wav), voice.shaping)
        except SoundInvalid as error:
            raise EngineFailed(str(error)) from error

    def _written(self, utterance: Utterance) -> str:
        """With phonemes in espeak-ng's brackets where its own reading would be wrong."""
        spoken = utterance.spoken
        if utterance.is_number:
            spoken = spoken.replace(" ", self._voice.between_signs)
        return re.sub(r"\w+", self._with_phonemes, spoken)

    def _with_phonemes(self, word: re.Match[str]) -> str:
        sounds = self._phonemes.get(word[0].lower())
        return f"[[{sounds}]]" if sounds else word[0]
