"""No file may name a package registry; the names are this machine's, so none stands here."""

import subprocess
from pathlib import Path

import pytest

from deploy.registry_names import places_that_name, registry_hosts


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("/var\n")
    (tmp_path / "README.md").write_text("The manual is at docs.lpse.example.\n")
    return tmp_path


def test_this_machine_has_registries_to_look_for() -> None:
    assert registry_hosts()


def test_a_clean_checkout_passes(checkout: Path) -> None:
    assert places_that_name(registry_hosts(), checkout) == []


def test_a_registry_is_found_in_new_and_in_tracked_files_with_its_line(checkout: Path) -> None:
    host = min(registry_hosts())
    (checkout / "tracked.txt").write_text(f"\nsee {host}\n")
    subprocess.run(["git", "-C", checkout, "add", "tracked.txt"], check=True)
    (checkout / "new.txt").write_text(host)
    assert places_that_name({host}, checkout) == ["new.txt:1", "tracked.txt:2"]


def test_ignored_state_is_not_searched(checkout: Path) -> None:
    host = min(registry_hosts())
    (checkout / "var").mkdir()
    (checkout / "var" / "pip.log").write_text(host)
    assert places_that_name({host}, checkout) == []


def test_a_folder_that_is_no_checkout_is_an_error_and_not_a_pass(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        places_that_name({"registry.lpse.example"}, tmp_path)
