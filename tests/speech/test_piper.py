from datetime import timedelta
from pathlib import Path

import pytest

from agent.speech.errors import EngineFailed
from agent.speech.piper import PiperEngine
from agent.speech.programs import Programs
from agent.speech.utterance import Utterance

LATER = timedelta(seconds=20)
group = Utterance("dua enam", "dua enam", ("digit_2", "digit_6"), is_number=True)


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    voice = tmp_path / "id.onnx"
    voice.write_bytes(b"a voice")
    return voice


def install(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "piper"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


async def test_the_program_is_given_voice_and_text_and_its_wav_is_used(
    voice: Path, tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = " ".join(f"{name}={value}" for name, value in programs.environment.items())
    speak = f"{settings} {' '.join(programs.espeak)} -v id --stdin --stdout"
    install(tmp_path, f'echo "$@" > {tmp_path}/asked; tee {tmp_path}/text | {speak}', monkeypatch)
    engine = PiperEngine(voice)
    assert engine.unusable() is None
    assert len(await engine.render(group, LATER)) > 4000
    assert (tmp_path / "asked").read_text() == f"--model {voice} --output_file -\n"
    assert (tmp_path / "text").read_text() == "dua, enam\n"


async def test_a_program_that_prints_no_wav_is_a_failed_engine(
    voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "echo sorry", monkeypatch)
    with pytest.raises(EngineFailed, match="not a WAV"):
        await PiperEngine(voice).render(group, LATER)


def test_another_voice_file_is_another_sound(voice: Path) -> None:
    before = PiperEngine(voice).identity(group)
    voice.write_bytes(b"another voice")
    assert PiperEngine(voice).identity(group) != before


async def test_it_says_what_is_missing(
    voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert PiperEngine(None).unusable() == "no voice file is set"
    assert PiperEngine(tmp_path / "other.onnx").unusable() == "the voice file is missing"
    assert PiperEngine(voice).unusable() == "the program piper is missing"
    assert PiperEngine(None).identity(group) is None
    with pytest.raises(EngineFailed, match="missing"):
        await PiperEngine(voice).render(group, LATER)
