"""The two short tones that tell an operator whether his keys were understood."""

import numpy as np

from agent.speech.sound import TELEPHONE_RATE, Samples

LOUDNESS = 0.2


def tones() -> dict[str, Samples]:
    """Each tone under its prompt's name.

    Accepted is two short tones, the second higher; refused is one as low as a telephone carries
    well.
    """
    return {
        "tone_accepted": np.concatenate([_tone(660, 0.08), _tone(990, 0.12)]),
        "tone_refused": _tone(340, 0.35),
    }


def _tone(hertz: float, seconds: float) -> Samples:
    moments = np.arange(round(seconds * TELEPHONE_RATE)) / TELEPHONE_RATE
    edge = np.minimum(1, np.minimum(moments, moments[::-1]) / 0.01)
    return (LOUDNESS * edge * np.sin(2 * np.pi * hertz * moments)).astype(np.float32)
