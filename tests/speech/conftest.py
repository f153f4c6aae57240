"""The real espeak-ng and mbrola, and programs that misbehave in their place."""

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from agent.speech.programs import Programs, programs_of_root, write_mbrola_starter
from agent.speech.renderer import Renderer

PROMPTS = Path(__file__).parents[2] / "agent" / "data" / "prompts" / "id.toml"
OFFICE = "LPSE Kabupaten Batang"

ways_to_misbehave = {
    "hangs": "sleep 60",
    "hangs with a child": "sleep 60 & sleep 60",
    "fails": "exit 1",
    "says nothing": "exit 0",
    "prints garbage": "head -c 50000 /dev/urandom",
    "prints 100 MB": "head -c 104857600 /dev/zero",
}


class SwitchedProgram:
    """A program on PATH that is the real one until it is told to misbehave."""

    def __init__(self, folder: Path, name: str, real: str) -> None:
        self._way = folder / f"{name}.way"
        self._starts = folder / f"{name}.starts"
        self.be("works")
        cases = "".join(f"{way!r}) {script} ;;\n" for way, script in ways_to_misbehave.items())
        program = folder / name
        program.write_text(
            f"#!/bin/sh\necho start >> {self._starts}\n"
            f'case "$(cat {self._way})" in\nworks) {real} "$@" ;;\n{cases}esac\n'
        )
        program.chmod(0o755)

    def be(self, way: str) -> None:
        self._way.write_text(way)

    @property
    def starts(self) -> int:
        return len(self._starts.read_text().splitlines()) if self._starts.exists() else 0


@pytest.fixture(scope="session")
def speech_root() -> Path:
    root = Path(os.environ.get("LPSE_SPEECH_ROOT", "/var/cache/lpse-agent/asterisk"))
    assert (root / "usr/bin/espeak-ng").is_file(), f"no espeak-ng in {root}: run deploy/test"
    assert (root / "usr/bin/mbrola").is_file(), f"no mbrola in {root}: run deploy/test"
    return root


@pytest.fixture(scope="session")
def programs(speech_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Programs:
    folder = tmp_path_factory.mktemp("bin")
    write_mbrola_starter(speech_root, folder)
    programs = programs_of_root(speech_root, folder)
    assert programs is not None
    return programs


def put_on_path(
    folder: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> SwitchedProgram:
    folder.mkdir()
    settings = "".join(f"{name}={value} " for name, value in programs.environment.items())
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return SwitchedProgram(folder, "espeak-ng", f"{settings} exec {' '.join(programs.espeak)}")


@pytest.fixture
def espeak_on_path(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SwitchedProgram:
    """The only espeak-ng of this machine, as far as PATH tells."""
    return put_on_path(tmp_path / "on_path", programs, monkeypatch)


@pytest.fixture(scope="session")
async def set_up_folders(
    speech_root: Path, programs: Programs, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """What a set-up made, with mbrola and with espeak-ng alone; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("set_up")
    await renderer_of(folder=folder / "mbrola", speech_root=speech_root).prepare()
    with pytest.MonkeyPatch.context() as monkeypatch:
        put_on_path(folder / "on_path", programs, monkeypatch)
        await renderer_of(folder=folder / "espeak", speech_root=None).prepare()
    return {"mbrola": folder / "mbrola", "espeak": folder / "espeak"}


def renderer_of(**others: object) -> Renderer:
    arguments: dict[str, object] = {
        "prompts_file": PROMPTS,
        "recorded_folder": None,
        "piper_voice": None,
        "lpse_name": OFFICE,
    }
    return Renderer(**(arguments | others))  # type: ignore[arg-type]  # a test gives any


@pytest.fixture
def make_renderer(tmp_path: Path, speech_root: Path) -> Callable[..., Renderer]:
    """A renderer over the real engines; any argument can be another."""
    usual: dict[str, object] = {"folder": tmp_path / "speech", "speech_root": speech_root}
    return lambda **others: renderer_of(**(usual | others))


@pytest.fixture
async def renderer(
    make_renderer: Callable[..., Renderer], set_up_folders: dict[str, Path], tmp_path: Path
) -> Renderer:
    """Ready for calls, with mbrola."""
    shutil.copytree(set_up_folders["mbrola"], tmp_path / "speech")
    renderer = make_renderer()
    await renderer.prepare()
    return renderer


@pytest.fixture
async def switched_renderer(
    make_renderer: Callable[..., Renderer],
    set_up_folders: dict[str, Path],
    espeak_on_path: SwitchedProgram,
    tmp_path: Path,
) -> Renderer:
    """Ready for calls, with the program on PATH and nothing else; one second to its deadline."""
    shutil.copytree(set_up_folders["espeak"], tmp_path / "speech")
    renderer = make_renderer(speech_root=None, deadline=timedelta(seconds=1))
    await renderer.prepare()
    return renderer
