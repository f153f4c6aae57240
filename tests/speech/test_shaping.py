import numpy as np
import pytest

from agent.speech.shaping import Shaping, resample, shape
from agent.speech.sound import Samples


def sine(hertz: float, rate: int, seconds: float = 1.0, size: float = 0.3) -> Samples:
    moments = np.arange(round(seconds * rate)) / rate
    return (size * np.sin(2 * np.pi * hertz * moments)).astype(np.float32)


def strength(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples[500:-500] ** 2)))


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_a_tone_of_the_band_comes_through_any_rate_as_it_was(rate: int) -> None:
    heard = resample(sine(1000, rate), rate, 8000, 3600)
    wanted = sine(1000, 8000)
    assert abs(len(heard) - len(wanted)) <= 1
    assert np.abs(heard[200:7800] - wanted[200:7800]).max() < 0.005


@pytest.mark.parametrize("hertz", [4400, 5000, 6000, 7500])
def test_what_is_above_the_band_does_not_fold_back(hertz: int) -> None:
    heard = resample(sine(hertz, 22050), 22050, 8000, 3600)
    assert 20 * np.log10(strength(heard) / 0.3) < -50


def test_hum_of_the_mains_is_taken_away() -> None:
    speech = sine(700, 8000)
    clean = shape(speech, 8000, Shaping())
    humming = shape(speech + sine(50, 8000, size=0.1), 8000, Shaping())
    spectrum = np.abs(np.fft.rfft(humming[:7900]))
    assert spectrum[50] < 0.02 * spectrum.max()
    assert len(clean) == pytest.approx(len(humming), abs=200)


@pytest.mark.parametrize("size", [0.02, 0.2, 0.9])
def test_loud_and_soft_come_out_at_the_same_level(size: float) -> None:
    heard = shape(sine(700, 16000, size=size), 16000, Shaping(level_dbfs=-20))
    assert 20 * np.log10(strength(heard)) == pytest.approx(-20, abs=1)


def test_no_peak_reaches_full_scale() -> None:
    speech = np.concatenate([sine(700, 8000, size=0.01), sine(700, 8000, 0.01, size=1.0)])
    assert np.abs(shape(speech, 8000, Shaping())).max() <= 0.9


def test_silence_around_the_speech_is_taken_away() -> None:
    speech = np.concatenate([np.zeros(8000), sine(700, 8000, 0.5), np.zeros(16000)])
    assert len(shape(speech.astype(np.float32), 8000, Shaping())) < 4000 + 600


def test_it_begins_and_ends_without_a_click() -> None:
    heard = shape(sine(700, 8000), 8000, Shaping())
    assert heard[0] == heard[-1] == 0.0
