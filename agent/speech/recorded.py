"""The office's own voice: recorded phrases, digits and letters from a folder."""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import structlog

from agent.speech.errors import EngineFailed, SoundInvalid
from agent.speech.shaping import Shaping, shape
from agent.speech.sound import Samples, parse_wav, silence
from agent.speech.utterance import BETWEEN_SIGNS, Utterance

log = structlog.get_logger(__name__)

LARGEST_FILE = 32 * 1024 * 1024


class RecordedEngine:
    """Says what the office recorded; a file that cannot be used is as one that is not there."""

    name = "recorded"

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._shaping = Shaping(emphasis=0.0)  # the tone of the voice is the office's choice
        self._sounds: dict[str, Samples] = {}
        self._versions: dict[str, str] = {}

    def load(self) -> None:
        """Reads the folder anew; each file that cannot be used gets one line in the log."""
        self._sounds, self._versions = {}, {}
        for file in sorted(self._folder.glob("*.wav")) if self._folder else []:
            try:
                if file.stat().st_size > LARGEST_FILE:
                    raise SoundInvalid("larger than 32 MiB")
                data = file.read_bytes()
                sound = shape(*parse_wav(data), self._shaping)
            except (OSError, SoundInvalid) as error:
                log.warning("recording_ignored", file=str(file), reason=str(error))
                continue
            self._sounds[file.stem] = sound
            self._versions[file.stem] = sha256(data).hexdigest()

    def unusable(self) -> str | None:
        if self._folder is None:
            return "no folder of recordings is set"
        if not any(self._folder.glob("*.wav")):
            return "the folder of recordings is empty"
        return None

    def identity(self, utterance: Utterance) -> str | None:
        versions = [self._versions.get(name) for name in utterance.recordings]
        return None if None in versions else f"{self._shaping!r} {BETWEEN_SIGNS} {versions}"

    async def render(self, utterance: Utterance, limit: timedelta) -> Samples:
        parts: list[Samples] = []
        for name in utterance.recordings:
            if name not in self._sounds:
                raise EngineFailed("not recorded")
            parts += [self._sounds[name], silence(BETWEEN_SIGNS)]
        return np.concatenate(parts[:-1])
