"""Sounds that stand for voices: told apart by cross-correlation, and heard through G.711."""

import math
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 8000


def write_sound(file: Path, seed: int, seconds: float = 1.2) -> Path:
    """Noise in the telephone's band, in bursts like syllables; each seed is another voice."""
    size = int(RATE * seconds)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=size))
    frequencies = np.fft.rfftfreq(size, 1 / RATE)
    spectrum[(frequencies < 300) | (frequencies > 3000)] = 0
    bursts = 0.6 + 0.4 * np.sin(2 * math.pi * 4 * np.arange(size) / RATE)
    samples = np.fft.irfft(spectrum, size) * bursts
    return write_samples(file, samples / np.abs(samples).max() * 16000)


def write_samples(file: Path, samples: npt.NDArray[np.float64]) -> Path:
    """A mono 16-bit WAV of 8 kHz."""
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.astype("<i2").tobytes())
    return file
