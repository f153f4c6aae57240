"""Prompts without numbers, as files: by their names for the dialplan, by their content for calls.

Asterisk opens a file when its turn comes, seconds after a call was given its name. So what a call
is given never changes its content; only the dialplan's files do, each opened as soon as asked for.
"""

import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from agent.speech.audio import Audio, audio_of
from agent.speech.cache import write_whole

LEFT_FOR_S = 3600.0
"""No call waits that long for a sound that it was given."""


class FixedSounds:
    """The files of one folder. All raise OSError."""

    def __init__(self, folder: Path) -> None:
        self._named = folder / "prompts"
        self._by_content = folder / "fixed"
        self._audios: dict[str, Audio] = {}

    def open(self) -> None:
        """Make the folders."""
        self._named.mkdir(parents=True, exist_ok=True)
        self._by_content.mkdir(parents=True, exist_ok=True)

    def lay(self, name: str, wav: bytes, engine: str, text: str) -> Audio:
        """A sound for this prompt, which does not count yet. Raises SpeechUnavailable."""
        file = self._by_content / f"{name}-{sha256(wav).hexdigest()[:16]}.wav"
        _write_if_new(file, wav)
        return audio_of(file, engine, text)

    def take(self, audios: Mapping[str, Audio]) -> None:
        """From now on these are the prompts."""
        self._audios = dict(audios)
        for name, audio in audios.items():
            _write_if_new(self._named / f"{name}.wav", audio.file.read_bytes())

    def find(self, name: str) -> Audio | None:
        """The sound that counts, if its file is there."""
        audio = self._audios.get(name)
        return audio if audio is not None and audio.is_there else None

    def drop_old(self) -> None:
        """Let go of what counts no more and nobody waits for."""
        used = {audio.file for audio in self._audios.values()}
        for file in self._by_content.iterdir():
            if file not in used and time.time() - file.stat().st_mtime > LEFT_FOR_S:
                file.unlink(missing_ok=True)


def _write_if_new(path: Path, wav: bytes) -> None:
    if not path.is_file() or path.read_bytes() != wav:
        write_whole(path, wav)
