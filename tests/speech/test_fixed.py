import os
import time
from pathlib import Path

import numpy as np

from agent.speech.fixed import LEFT_FOR_S, FixedSounds
from agent.speech.sound import render_wav


def wav(level: float) -> bytes:
    return render_wav(np.full(800, level, dtype=np.float32))


def opened(folder: Path) -> FixedSounds:
    sounds = FixedSounds(folder)
    sounds.open()
    return sounds


def test_a_sound_counts_only_when_it_is_taken(tmp_path: Path) -> None:
    sounds = opened(tmp_path)
    audio = sounds.lay("connecting", wav(0.1), "mbrola", "Mohon tunggu.")
    assert sounds.find("connecting") is None
    assert not (tmp_path / "prompts" / "connecting.wav").exists()
    sounds.take({"connecting": audio})
    assert sounds.find("connecting") == audio
    assert (tmp_path / "prompts" / "connecting.wav").read_bytes() == wav(0.1)


def test_what_a_call_was_given_keeps_its_content(tmp_path: Path) -> None:
    sounds = opened(tmp_path)
    old = sounds.lay("connecting", wav(0.1), "mbrola", "Mohon tunggu.")
    sounds.take({"connecting": old})
    new = sounds.lay("connecting", wav(0.2), "mbrola", "Sebentar.")
    sounds.take({"connecting": new})
    sounds.drop_old()
    assert sounds.find("connecting") == new
    assert old.file.read_bytes() == wav(0.1)
    assert (tmp_path / "prompts" / "connecting.wav").read_bytes() == wav(0.2)


def test_what_nobody_waits_for_any_more_goes(tmp_path: Path) -> None:
    sounds = opened(tmp_path)
    old = sounds.lay("connecting", wav(0.1), "mbrola", "")
    new = sounds.lay("connecting", wav(0.2), "mbrola", "")
    sounds.take({"connecting": new})
    long_ago = time.time() - LEFT_FOR_S - 1
    for audio in (old, new):
        os.utime(audio.file, (long_ago, long_ago))
    sounds.drop_old()
    assert not old.file.exists()
    assert sounds.find("connecting") == new


def test_a_torn_file_is_as_none(tmp_path: Path) -> None:
    sounds = opened(tmp_path)
    audio = sounds.lay("connecting", wav(0.1), "mbrola", "")
    sounds.take({"connecting": audio})
    audio.file.write_bytes(wav(0.1)[:100])
    assert sounds.find("connecting") is None
