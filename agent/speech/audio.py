"""A sound that is ready to be played."""

from datetime import timedelta
from pathlib import Path

import msgspec

from agent.speech.errors import SpeechUnavailable
from agent.speech.sound import length_of_file


class Audio(msgspec.Struct, frozen=True):
    """A file that says something."""

    path: Path
    """Without extension, as Asterisk wants it; 8 kHz WAV of 16 bits lies at <path>.wav."""
    length: timedelta
    engine: str
    """recorded, piper, mbrola, espeak, digits or tone: of several the weakest that was needed."""
    text: str
    """What is said, for the record of the call."""

    @property
    def file(self) -> Path:
        """The WAV file."""
        return self.path.with_name(f"{self.path.name}.wav")

    @property
    def is_there(self) -> bool:
        """Whether the file is still whole."""
        return length_of_file(self.file) is not None


def audio_of(file: Path, engine: str, text: str) -> Audio:
    """What was just written there. Raises SpeechUnavailable when it is not."""
    length = length_of_file(file)
    if length is None:
        raise SpeechUnavailable("the sound was lost on its way to the disk")
    return Audio(path=file.with_suffix(""), length=length, engine=engine, text=text)
