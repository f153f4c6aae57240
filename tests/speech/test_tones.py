import numpy as np

from agent.speech.tones import tones


def test_the_tones_are_short_and_never_too_loud() -> None:
    for tone in tones().values():
        assert len(tone) < 8000 * 0.5
        assert 0.1 < np.abs(tone).max() <= 0.25


def test_the_refusal_is_lower_than_the_acceptance() -> None:
    pitch = {name: np.abs(np.fft.rfft(tone, 8000)).argmax() for name, tone in tones().items()}
    assert 300 <= pitch["tone_refused"] < 400 < pitch["tone_accepted"]


def test_the_tones_begin_and_end_without_a_click() -> None:
    for tone in tones().values():
        assert abs(tone[0]) < 0.001
        assert abs(tone[-1]) < 0.001
