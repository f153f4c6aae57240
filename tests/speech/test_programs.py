import subprocess
from pathlib import Path

import pytest

from agent.speech.programs import (
    Programs,
    programs_of_root,
    programs_of_system,
    write_mbrola_starter,
)

from .conftest import SwitchedProgram


def test_espeak_of_another_root_runs_with_its_own_loader(programs: Programs) -> None:
    version = subprocess.run(
        [*programs.espeak, "--version"], env=programs.environment, capture_output=True, check=True
    )
    assert b"eSpeak NG" in version.stdout


def test_mbrola_is_found_by_espeak_under_its_own_name(programs: Programs) -> None:
    spoken = subprocess.run(
        [*programs.espeak, "-v", "mb-id1", "--stdout", "dua"],
        env=programs.environment,
        capture_output=True,
        check=True,
    )
    assert b"stalled" not in spoken.stderr
    assert len(spoken.stdout) > 5000


def test_a_root_is_given_by_a_relative_path_too(
    speech_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(speech_root.parent)
    programs = programs_of_root(Path(speech_root.name), tmp_path)
    assert programs is not None
    assert Path(programs.espeak[0]).is_absolute()


def test_a_root_without_espeak_has_no_programs(tmp_path: Path) -> None:
    assert programs_of_root(tmp_path, tmp_path) is None
    write_mbrola_starter(tmp_path, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_starter_may_be_written_again_and_into_a_folder_with_a_space(
    speech_root: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "with a space"
    write_mbrola_starter(speech_root, folder)
    write_mbrola_starter(speech_root, folder)
    assert sorted(file.name for file in folder.iterdir()) == ["loader", "mbrola"]
    asked = subprocess.run([folder / "mbrola", "-h"], capture_output=True, check=False)
    assert b"USAGE" in asked.stdout + asked.stderr


def test_the_systems_espeak_is_found_on_path(espeak_on_path: SwitchedProgram) -> None:
    programs = programs_of_system()
    assert programs is not None
    assert programs.espeak[0].endswith("on_path/espeak-ng")


def test_a_system_without_espeak_has_no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert programs_of_system() is None
