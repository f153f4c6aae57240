from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from agent.speech.errors import EngineFailed
from agent.speech.recorded import RecordedEngine
from agent.speech.sound import render_wav
from agent.speech.utterance import Utterance

LATER = timedelta(seconds=20)


def tone(hertz: float) -> bytes:
    moments = np.arange(2400) / 8000
    return render_wav((0.3 * np.sin(2 * np.pi * hertz * moments)).astype(np.float32))


def said(*recordings: str) -> Utterance:
    return Utterance("x", "x", recordings, is_number=len(recordings) > 1)


def loaded(folder: Path | None) -> RecordedEngine:
    engine = RecordedEngine(folder)
    engine.load()
    return engine


async def test_a_phrase_is_played_as_recorded(tmp_path: Path) -> None:
    (tmp_path / "welcome_noon.wav").write_bytes(tone(700))
    engine = loaded(tmp_path)
    assert engine.unusable() is None
    samples = await engine.render(said("welcome_noon"), LATER)
    assert np.abs(np.fft.rfft(samples, 8000)).argmax() == pytest.approx(700, abs=3)


async def test_a_group_is_put_together_from_its_signs(tmp_path: Path) -> None:
    (tmp_path / "digit_2.wav").write_bytes(tone(500))
    (tmp_path / "word_garing.wav").write_bytes(tone(1500))
    samples = await loaded(tmp_path).render(said("word_garing", "digit_2"), LATER)
    first, second = samples[:2200], samples[-2200:]
    assert np.abs(np.fft.rfft(first, 8000)).argmax() == pytest.approx(1500, abs=5)
    assert np.abs(np.fft.rfft(second, 8000)).argmax() == pytest.approx(500, abs=5)


async def test_a_group_with_one_sign_unrecorded_is_left_to_other_engines(tmp_path: Path) -> None:
    (tmp_path / "digit_2.wav").write_bytes(tone(500))
    engine = loaded(tmp_path)
    assert engine.identity(said("digit_2")) is not None
    assert engine.identity(said("digit_2", "digit_3")) is None
    with pytest.raises(EngineFailed):
        await engine.render(said("digit_2", "digit_3"), LATER)


@pytest.mark.parametrize("bad", [b"", b"no sound at all", tone(500)[:44], tone(500)[:20]])
def test_a_bad_file_is_ignored_with_one_line(tmp_path: Path, bad: bytes) -> None:
    (tmp_path / "digit_2.wav").write_bytes(bad)
    (tmp_path / "digit_3.wav").write_bytes(tone(500))
    with capture_logs() as lines:
        engine = loaded(tmp_path)
    assert [line["event"] for line in lines] == ["recording_ignored"]
    assert lines[0]["file"].endswith("digit_2.wav")
    assert engine.identity(said("digit_2")) is None
    assert engine.identity(said("digit_3")) is not None


def test_a_new_recording_is_another_sound(tmp_path: Path) -> None:
    (tmp_path / "digit_2.wav").write_bytes(tone(500))
    before = loaded(tmp_path).identity(said("digit_2"))
    (tmp_path / "digit_2.wav").write_bytes(tone(501))
    assert loaded(tmp_path).identity(said("digit_2")) != before


def test_without_recordings_it_says_so(tmp_path: Path) -> None:
    assert loaded(None).unusable() == "no folder of recordings is set"
    assert loaded(tmp_path).unusable() == "the folder of recordings is empty"
    assert loaded(tmp_path / "nowhere").unusable() == "the folder of recordings is empty"
