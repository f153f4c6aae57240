"""From an engine's sound to one that survives the telephone: band, rate, emphasis, level.

The defaults are those that a recogniser understood best behind G.711 at a speed that people can
write along with; tests/bench/speech_clarity.py prints the comparison.
"""

from functools import lru_cache
from math import gcd

import msgspec
import numpy as np

from agent.speech.sound import TELEPHONE_RATE, Samples

SHORTEST_FADE = 0.005
SPEECH_FLOOR = 0.02


class Shaping(msgspec.Struct, frozen=True):
    """What is done to a rendered piece; part of the key under which it is cached."""

    lowest_hz: float = 100.0
    highest_hz: float = 3400.0
    emphasis: float = 0.5
    level_dbfs: float = -20.0
    peak: float = 0.9
    method: int = 1
    """Raised when `shape` itself changes, so that older sounds are made anew."""


def shape(samples: Samples, rate: int, shaping: Shaping) -> Samples:
    """The sound at 8 kHz, without the silence around it, with soft edges and an even level."""
    telephone = resample(samples, rate, TELEPHONE_RATE, shaping.highest_hz)
    if shaping.lowest_hz:
        telephone = np.convolve(telephone, _high_pass(shaping.lowest_hz), "same")
    if shaping.emphasis:
        telephone = np.append(telephone[:1], telephone[1:] - shaping.emphasis * telephone[:-1])
    return _faded(_levelled(_trimmed(telephone.astype(np.float32)), shaping))


def resample(samples: Samples, source: int, target: int, highest_hz: float) -> Samples:
    """The same sound at another rate (Hz), by a windowed sinc for each phase between samples.

    Everything above `highest_hz` is taken away at the same time, so nothing folds back.
    """
    up, down, reach, phases = _phases(source, target, highest_hz)
    count = len(samples) * up // down
    padded = np.pad(samples, reach)
    resampled = np.empty(count, np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    for start in range(0, count, 4096):  # in blocks, to keep the gathered windows small
        moments = np.arange(start, min(start + 4096, count)) * down
        taken = windows[moments // up]
        resampled[start : start + 4096] = np.einsum("ij,ij->i", taken, phases[moments % up])
    return resampled


@lru_cache(maxsize=8)
def _phases(source: int, target: int, highest_hz: float) -> tuple[int, int, int, Samples]:
    up, down = target // gcd(source, target), source // gcd(source, target)
    cut = min(highest_hz, source / 2, target / 2) / source
    reach = round(16 / cut / 2)
    positions = np.arange(-reach, reach + 1)[None, :] - (np.arange(up) / up)[:, None]
    window = np.i0(8.0 * np.sqrt(np.clip(1 - (positions / (reach + 1)) ** 2, 0, 1))) / np.i0(8.0)
    taps = 2 * cut * np.sinc(2 * cut * positions) * window
    even: Samples = (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)
    return up, down, reach, even


@lru_cache(maxsize=8)
def _high_pass(lowest_hz: float) -> Samples:
    positions = np.arange(-128, 129)
    cut = lowest_hz / TELEPHONE_RATE
    low_pass = 2 * cut * np.sinc(2 * cut * positions) * np.hamming(len(positions))
    taps = -low_pass / low_pass.sum()
    taps[128] += 1.0
    narrow: Samples = taps.astype(np.float32)
    return narrow


def _trimmed(samples: Samples) -> Samples:
    """Without the silence around it, since pauses are ours to choose."""
    loud = np.flatnonzero(np.abs(samples) > SPEECH_FLOOR * np.abs(samples).max(initial=0.0))
    margin = TELEPHONE_RATE // 50
    return samples[max(loud[0] - margin, 0) : loud[-1] + margin] if len(loud) else samples


def _levelled(samples: Samples, shaping: Shaping) -> Samples:
    """At the wished level where it speaks; peaks are bent, not cut, so that it stays clear."""
    speaking = samples[np.abs(samples) > SPEECH_FLOOR * np.abs(samples).max(initial=0.0)]
    if not len(speaking):
        return samples
    now = float(np.sqrt(np.mean(speaking**2)))
    louder = samples * np.float32(10 ** (shaping.level_dbfs / 20) / now)
    bent: Samples = (shaping.peak * np.tanh(louder / shaping.peak)).astype(np.float32)
    return bent


def _faded(samples: Samples) -> Samples:
    edge = min(int(SHORTEST_FADE * TELEPHONE_RATE), len(samples) // 2)
    ramp = np.linspace(0, 1, edge, dtype=np.float32)
    faded = samples.copy()
    faded[:edge] *= ramp
    faded[len(faded) - edge :] *= ramp[::-1]
    return faded
