"""The commands as they are typed, in a copy of the checkout; nothing is installed here."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
NOBODY = 65534


@pytest.fixture
def checkout() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="lpse-test-") as made:
        Path(made).chmod(0o777)
        shutil.copytree(
            PROJECT / "deploy", Path(made, "deploy"), ignore=shutil.ignore_patterns("__pycache__")
        )
        yield Path(made)


def typed(checkout: Path, *words: str, user: int) -> subprocess.CompletedProcess[str]:
    # Debian's own Python: the one of this test may lie where other users cannot go.
    return subprocess.run(
        [str(checkout / "deploy" / words[0]), *words[1:]],
        capture_output=True,
        text=True,
        cwd="/",
        env={
            "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        user=user,
        group=user,
        extra_groups=[],
    )


@pytest.mark.parametrize("command", ["demo", "install"])
def test_without_root_one_sentence_says_so_before_anything_is_made(
    checkout: Path, command: str
) -> None:
    before = sorted(checkout.rglob("*"))
    ran = typed(checkout, command, user=NOBODY)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.splitlines() == [
        "System packages and system users are made here, which needs root:"
        f" run sudo ./deploy/{command}."
    ]
    assert sorted(checkout.rglob("*")) == before


def test_a_mistyped_option_is_refused_before_anything_is_made(checkout: Path) -> None:
    before = sorted(checkout.rglob("*"))
    ran = typed(checkout, "demo", "--jsno", user=os.geteuid())
    assert ran.returncode == 2
    assert "--jsno" in ran.stderr
    assert sorted(checkout.rglob("*")) == before


@pytest.mark.parametrize("command", ["demo", "test", "faults", "install"])
def test_help_teaches_without_root_and_without_a_set_up(checkout: Path, command: str) -> None:
    ran = typed(checkout, command, "--help", user=NOBODY)
    assert ran.returncode == 0
    assert f"./deploy/{command}" in ran.stdout


def test_a_part_that_does_not_exist_is_answered_with_those_that_do(checkout: Path) -> None:
    ran = typed(checkout, "test", "everything", user=NOBODY)
    assert ran.returncode == 2
    assert "registries" in ran.stderr


def test_the_commands_work_through_a_link_from_anywhere(checkout: Path) -> None:
    (checkout / "elsewhere").symlink_to(checkout / "deploy" / "demo")
    ran = subprocess.run(
        [checkout / "elsewhere", "--help"], cwd="/", capture_output=True, text=True
    )
    assert ran.returncode == 0
