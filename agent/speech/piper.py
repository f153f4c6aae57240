"""Piper, where the owner supplies a voice file and installed the program."""

import asyncio
import importlib.util
import os
import shutil
import sys
from datetime import timedelta
from pathlib import Path

from agent.speech.child import output_of
from agent.speech.errors import EngineFailed, SoundInvalid
from agent.speech.shaping import Shaping, shape
from agent.speech.sound import Samples, parse_wav
from agent.speech.utterance import Utterance

piper_shaping = Shaping(emphasis=0.0)  # a neural voice is clear as it is


class PiperEngine:
    """Starts piper for each utterance; the voice file is loaded anew each time."""

    name = "piper"

    def __init__(self, voice: Path | None) -> None:
        self._voice = voice

    def unusable(self) -> str | None:
        if self._voice is None:
            return "no voice file is set"
        if not self._voice.is_file():
            return "the voice file is missing"
        return None if _command() else "the program piper is missing"

    def identity(self, utterance: Utterance) -> str | None:
        if self._voice is None or not self._voice.is_file():
            return None
        state = self._voice.stat()
        voice = f"{self._voice} {state.st_mtime_ns} {state.st_size}"
        return f"{voice} {piper_shaping!r} {_sent(utterance)}"

    async def render(self, utterance: Utterance, limit: timedelta) -> Samples:
        return await asyncio.to_thread(self._render, utterance, limit)

    def _render(self, utterance: Utterance, limit: timedelta) -> Samples:
        command = _command()
        if command is None:
            raise EngineFailed("the program piper is missing")
        wav = output_of(
            (*command, "--model", str(self._voice), "--output_file", "-"),
            _sent(utterance) + "\n",
            environment=os.environ,
            limit=limit,
        )
        try:
            return shape(*parse_wav(wav), piper_shaping)
        except SoundInvalid as error:
            raise EngineFailed(str(error)) from error


def _command() -> tuple[str, ...] | None:
    program = shutil.which("piper")
    if program is not None:
        return (program,)
    return (sys.executable, "-m", "piper") if importlib.util.find_spec("piper") else None


def _sent(utterance: Utterance) -> str:
    """A comma after each sign of a number makes a neural voice speak them one by one."""
    return utterance.spoken.replace(" ", ", ") if utterance.is_number else utterance.spoken
