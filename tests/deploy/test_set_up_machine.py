"""What the set-up refuses of a machine, and where the state goes; on real folders."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.set_up_machine import (
    can_be_reached,
    install_packages,
    refuse_unfit_machine,
    refuse_unusable_folder,
    state_folder,
    unpack_packages,
)
from deploy.set_up_progress import Progress, SetUpRefused


@pytest.fixture
def place() -> Iterator[Path]:
    # Not tmp_path: pytest closes its folders to other users, and that is what is tested here.
    with tempfile.TemporaryDirectory(prefix="lpse-test-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def checkout_in(folder: Path, mode: int) -> Path:
    checkout = folder / "home" / "lpse"
    checkout.mkdir(parents=True)
    (folder / "home").chmod(mode)
    return checkout


def test_a_reachable_checkout_keeps_its_state_in_var(place: Path) -> None:
    checkout = checkout_in(place, 0o755)
    assert state_folder(checkout, place / "state") == checkout / "var"
    assert not (place / "state").exists()


def test_the_state_of_a_closed_checkout_moves_and_no_mode_is_changed(place: Path) -> None:
    checkout = checkout_in(place, 0o700)
    folder = state_folder(checkout, place / "state")
    assert folder.parent == place / "state"
    assert (checkout / "var").resolve() == folder
    assert can_be_reached(folder)
    assert (place / "home").stat().st_mode & 0o777 == 0o700
    assert state_folder(checkout, place / "state") == folder


def test_a_state_folder_that_was_deleted_is_made_again(place: Path) -> None:
    checkout = checkout_in(place, 0o700)
    folder = state_folder(checkout, place / "state")
    folder.rmdir()
    assert state_folder(checkout, place / "state") == folder
    assert folder.is_dir()


def test_a_copied_checkout_gets_a_state_of_its_own(place: Path) -> None:
    first = checkout_in(place, 0o700)
    folder = state_folder(first, place / "state")
    copy = place / "home" / "copy"
    shutil.copytree(first, copy, symlinks=True)
    assert state_folder(copy, place / "state") != folder
    assert (first / "var").resolve() == folder


def test_a_link_that_the_owner_made_is_respected(place: Path) -> None:
    checkout = checkout_in(place, 0o700)
    (place / "big-disk").mkdir()
    (checkout / "var").symlink_to(place / "big-disk")
    assert state_folder(checkout, place / "state") == place / "big-disk"


def test_a_var_that_nobody_can_reach_is_refused_by_name(place: Path) -> None:
    checkout = checkout_in(place, 0o700)
    (checkout / "var").mkdir()
    with pytest.raises(SetUpRefused, match="move it away"):
        state_folder(checkout, place / "state")


def test_a_full_disk_is_refused_with_the_room_that_is_needed(place: Path) -> None:
    with pytest.raises(SetUpRefused, match="needs 1000000000000 MB"):
        refuse_unusable_folder(place / "not" / "yet", 10**18)


def test_a_folder_with_room_is_accepted_before_it_exists(place: Path) -> None:
    refuse_unusable_folder(place / "not" / "yet", 1)
    assert list(place.iterdir()) == []


def test_a_folder_that_takes_no_file_is_refused() -> None:
    with pytest.raises(SetUpRefused, match="Nothing can be written to /proc"):
        refuse_unusable_folder(Path("/proc/self/lpse"), 1)


def test_a_machine_without_apt_is_told_to_be_debian(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(place))
    with pytest.raises(SetUpRefused, match="Debian 12"):
        refuse_unfit_machine("./deploy/demo")


def test_packages_that_are_there_are_left_alone(
    place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    install_packages(["dpkg", "util-linux"], Progress(), place / "log")
    assert capfd.readouterr().err == ""
    assert not (place / "log").exists()


def test_a_package_that_nobody_has_is_named_with_apts_own_words(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An apt-get that answers like Debian's, so that no test asks a package server.
    apt = place / "apt-get"
    apt.write_text('#!/bin/sh\necho "E: Unable to locate package $*" | tail -c 60\nexit 100\n')
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
    with pytest.raises(SetUpRefused, match=r"ended with 100[\s\S]*lpse-no-such-package"):
        install_packages(["lpse-no-such-package"], Progress(), place / "log")


def test_a_package_is_unpacked_once_and_not_installed(
    place: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (place / "made/DEBIAN").mkdir(parents=True)
    (place / "made/DEBIAN/control").write_text(
        "Package: lpse-tool\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: none\n"
    )
    (place / "made/etc").mkdir()
    (place / "made/etc/tool.conf").write_text("[tool]\n")
    # An apt-get that has this one package to give, so that no test asks a package server.
    apt = place / "apt-get"
    apt.write_text(
        '#!/bin/sh\ncase "$*" in\n'
        f"*download*) dpkg-deb --build {place}/made lpse-tool_1.deb;;\nesac\n"
    )
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
    for _ in range(2):
        unpack_packages(["lpse-tool"], place / "tools", Progress(), place / "log")
    assert (place / "tools/lpse-tool/etc/tool.conf").read_text() == "[tool]\n"
    assert [path.name for path in (place / "tools").iterdir()] == ["lpse-tool"]
    assert capfd.readouterr().err.count("unpacking") == 1
    assert not Path("/etc/tool.conf").exists()
