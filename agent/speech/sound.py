"""A sound in memory, and as the WAV file that Asterisk plays."""

import io
import wave
from datetime import timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agent.speech.errors import SoundInvalid

TELEPHONE_RATE = 8000
HEADER_BYTES = 44
LONGEST = timedelta(seconds=60)
QUIETEST_PEAK = 0.01

type_of_width = {2: "<i2", 4: "<i4"}

Samples = npt.NDArray[np.float32]
"""One channel, full scale ±1."""


def parse_wav(data: bytes) -> tuple[Samples, int]:
    """The samples and their rate in Hz, from WAV of 8, 16, 24 or 32 bits, channels mixed to one.

    A length in the header beyond the data is forgiven, since a program that writes to a pipe
    cannot know it. Raises SoundInvalid for anything else, for silence and for over a minute.
    """
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            frames = file.readframes(len(data))
    except (wave.Error, EOFError, ZeroDivisionError) as error:
        raise SoundInvalid(f"not a WAV file: {error}") from error
    if not (8000 <= rate <= 48000 and 1 <= channels <= 8):
        raise SoundInvalid(f"{rate} Hz with {channels} channels is not speech")
    frames = frames[: len(frames) - len(frames) % (width * channels)]
    mixed = _to_float(frames, width).reshape(-1, channels).mean(axis=1, dtype=np.float32)
    if len(mixed) > rate * LONGEST.total_seconds():
        raise SoundInvalid("longer than a minute")
    if not len(mixed) or float(np.abs(mixed).max()) < QUIETEST_PEAK:
        raise SoundInvalid("silent")
    return mixed, rate


def render_wav(samples: Samples) -> bytes:
    """A WAV file of 8 kHz, 16 bits, one channel."""
    pcm = np.round(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(TELEPHONE_RATE)
        writer.writeframes(pcm.tobytes())
    return file.getvalue()


def silence(length: timedelta) -> Samples:
    """Silence at the telephone rate."""
    return np.zeros(round(length.total_seconds() * TELEPHONE_RATE), dtype=np.float32)


def length_of_file(path: Path) -> timedelta | None:
    """How long one of our own WAV files plays; None when it is missing or torn."""
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
        stored = path.stat().st_size - HEADER_BYTES
    except OSError:
        return None
    whole = header[:4] == b"RIFF" and int.from_bytes(header[40:44], "little") == stored > 0
    return timedelta(seconds=stored / 2 / TELEPHONE_RATE) if whole else None


def _to_float(frames: bytes, width: int) -> Samples:
    if width == 1:
        centred = np.frombuffer(frames, np.uint8).astype(np.float32) - np.float32(128)
        return centred / np.float32(128)
    if width == 3:
        padded = np.zeros((len(frames) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(frames, np.uint8).reshape(-1, 3)
        frames, width = padded.tobytes(), 4
    whole = np.frombuffer(frames, type_of_width[width])
    return (whole / np.float64(2 ** (8 * width - 1))).astype(np.float32)
