import io
import wave
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from agent.speech.errors import SoundInvalid
from agent.speech.sound import length_of_file, parse_wav, render_wav, silence

tone = (0.5 * np.sin(np.arange(8000) * 2 * np.pi * 440 / 8000)).astype(np.float32)


def wav(width: int, channels: int = 1, rate: int = 8000) -> bytes:
    levels = np.repeat(tone[:, None], channels, axis=1).astype(np.float64)
    if width == 1:
        frames = np.round(levels * 127 + 128).astype(np.uint8).tobytes()
    elif width == 3:
        whole = np.round(levels * (2**23 - 1)).astype("<i4")
        frames = whole.reshape(-1, 1).view(np.uint8)[:, :3].tobytes()
    else:
        whole = np.round(levels * (2 ** (8 * width - 1) - 1))
        frames = whole.astype(f"<i{width}").tobytes()
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, width, rate, 0, "NONE", ""))
        writer.writeframes(frames)
    return file.getvalue()


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_width_and_any_channels_give_the_same_sound(width: int, channels: int) -> None:
    samples, rate = parse_wav(wav(width, channels, 44100))
    assert rate == 44100
    assert np.abs(samples - tone).max() < 0.01


def test_a_length_beyond_the_data_is_forgiven_as_pipes_make_it() -> None:
    endless = bytearray(wav(2))
    endless[40:44] = (0x7FFFF000).to_bytes(4, "little")
    endless[4:8] = (0x7FFFF024).to_bytes(4, "little")
    samples, _ = parse_wav(bytes(endless))
    assert len(samples) == 8000


def test_what_is_rendered_can_be_read_again() -> None:
    samples, rate = parse_wav(render_wav(tone))
    assert rate == 8000
    assert np.abs(samples - tone).max() < 0.001


def test_what_is_too_loud_is_cut_not_wrapped() -> None:
    samples, _ = parse_wav(render_wav(tone * 4))
    assert (
        np.sign(samples[np.abs(tone) > 0.1]).tolist() == np.sign(tone[np.abs(tone) > 0.1]).tolist()
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a WAV"),
        (b"garbage" * 1000, "not a WAV"),
        (wav(2)[:30], "not a WAV"),
        (wav(2)[:44], "silent"),
        (render_wav(silence(timedelta(seconds=1))), "silent"),
        (render_wav(np.tile(tone, 61)), "minute"),
        (wav(2, rate=4000), "4000 Hz"),
    ],
)
def test_what_is_no_speech_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(SoundInvalid, match=reason):
        parse_wav(data)


def test_the_length_of_a_file_is_read_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(render_wav(tone))
    assert length_of_file(tmp_path / "a.wav") == timedelta(seconds=1)


def test_a_torn_or_missing_file_has_no_length(tmp_path: Path) -> None:
    whole = render_wav(tone)
    for name, data in {"cut": whole[:-100], "empty": b"", "zeroed": bytes(len(whole))}.items():
        (tmp_path / name).write_bytes(data)
        assert length_of_file(tmp_path / name) is None
    assert length_of_file(tmp_path / "missing") is None
