"""When the Python environment counts as whole: on real, empty environments."""

import shutil
import venv
from pathlib import Path

import pytest

from deploy.set_up_python import LOCK_FILE, Environment


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    checkout = tmp_path / "checkout"
    (checkout / LOCK_FILE).parent.mkdir(parents=True)
    (checkout / LOCK_FILE).write_text("wheel==1.0\n")
    (checkout / "pyproject.toml").write_text("[project]\n")
    return checkout


@pytest.fixture
def environment(checkout: Path) -> Environment:
    environment = Environment(checkout, checkout / "venv")
    venv.create(environment.folder, symlinks=True)
    packages = next(environment.folder.glob("lib/python3*/site-packages"))
    (packages / "wheel-1.0.dist-info").mkdir()
    environment.remember(environment.project_mark)
    return environment


def test_a_whole_environment_is_kept(environment: Environment) -> None:
    assert environment.has_locked_packages()
    assert environment.has_project()


def test_one_that_was_cut_short_has_no_stamp_and_is_made_again(checkout: Path) -> None:
    unfinished = Environment(checkout, checkout / "venv")
    venv.create(unfinished.folder, symlinks=True)
    assert not unfinished.has_locked_packages()
    assert not unfinished.has_project()


def test_a_changed_lock_file_makes_it_out_of_date(environment: Environment, checkout: Path) -> None:
    (checkout / LOCK_FILE).write_text("wheel==1.1\n")
    assert not Environment(checkout, environment.folder).has_locked_packages()


def test_a_changed_pyproject_asks_for_the_project_alone(
    environment: Environment, checkout: Path
) -> None:
    (checkout / "pyproject.toml").write_text("[project]\nname = 'lpse-agent'\n")
    changed = Environment(checkout, environment.folder)
    assert changed.has_locked_packages()
    assert not changed.has_project()


def test_a_lost_package_is_noticed(environment: Environment) -> None:
    shutil.rmtree(next(environment.folder.glob("lib/python3*/site-packages/wheel-1.0.dist-info")))
    assert not environment.has_locked_packages()


def test_a_python_that_is_gone_is_noticed(environment: Environment) -> None:
    environment.python.unlink()
    environment.python.symlink_to("/nonexistent/python3")
    assert not environment.has_locked_packages()


def test_a_python_that_does_not_run_is_noticed(environment: Environment) -> None:
    environment.python.unlink()
    environment.python.write_text("#!/bin/sh\nexit 1\n")
    environment.python.chmod(0o755)
    assert not environment.has_locked_packages()


def test_an_environment_that_was_moved_is_not_trusted(
    environment: Environment, checkout: Path
) -> None:
    moved = environment.folder.rename(checkout / "moved")
    assert not Environment(checkout, moved).has_locked_packages()


@pytest.mark.parametrize("stamp", ["", "[]", '{"packages": '])
def test_a_spoilt_stamp_counts_as_none(environment: Environment, stamp: str) -> None:
    (environment.folder / "made-from.json").write_text(stamp)
    assert not environment.has_locked_packages()
