from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from agent.speech.audio import audio_of
from agent.speech.errors import SpeechUnavailable
from agent.speech.sound import render_wav


def test_a_sound_knows_its_length_and_whether_its_file_is_still_there(tmp_path: Path) -> None:
    file = tmp_path / "connecting-00ff.wav"
    file.write_bytes(render_wav(np.ones(4000, dtype=np.float32)))
    audio = audio_of(file, "mbrola", "Mohon tunggu.")
    assert (audio.path, audio.file) == (tmp_path / "connecting-00ff", file)
    assert audio.length == timedelta(seconds=0.5)
    assert audio.is_there
    file.write_bytes(file.read_bytes()[:1000])
    assert not audio.is_there
    with pytest.raises(SpeechUnavailable):
        audio_of(tmp_path / "none.wav", "mbrola", "")
