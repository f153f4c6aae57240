"""Asterisk and the voice: the system's own when it will do, else a Debian root of our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.set_up_machine import install_packages, refuse_unusable_folder
from deploy.set_up_progress import ENDS_WITH_US, SetUpRefused

if TYPE_CHECKING:
    from deploy.set_up_progress import Progress

CACHE = Path("/var/cache/lpse-agent")  # outside the checkout: all checkouts share it
SUITE = "sid"  # the one that has Asterisk 22.10.1; Debian 12 and 13 have none
COMPONENTS = "main,contrib,non-free"  # mbrola is contrib, its Indonesian voice non-free
PACKAGES = ("asterisk", "asterisk-modules", "espeak-ng", "mbrola", "mbrola-id1")
STAMP = "lpse-agent.json"
NEEDED_BYTES = 1_300_000_000  # the root has 560 MB, and its packages lie beside it at first


def refuse_without_room() -> None:
    """Raise SetUpRefused when a root will have to be made and the disk cannot take it."""
    if shutil.which("asterisk") is None and not _root().exists():
        refuse_unusable_folder(_root().parent, NEEDED_BYTES)


def find_or_make_asterisk(python: Path, progress: Progress, log: Path) -> Path | None:
    """Return the root folder of a complete Asterisk, or None when the system's own is used.

    `python` is the environment's: it knows what the agent needs of one. Raises SetUpRefused.
    """
    if shutil.which("asterisk"):
        lacking = _what_lacks(python, None)
        if lacking is None:
            install_packages(["espeak-ng"], progress, log)
            progress.say("Asterisk: the system's own is used")
            return None
        progress.say(f"Asterisk: the system's own will not do: {lacking}")
    root = _root()
    if _what_lacks(python, root) is not None:
        refuse_unusable_folder(root.parent, NEEDED_BYTES)
        root.parent.mkdir(parents=True, exist_ok=True)
        with progress.alone(root.parent / "lock"):
            lacking = _what_lacks(python, root)  # anew: another run may have made it meanwhile
            if lacking is not None:
                progress.say(f"Asterisk: {lacking}")
                install_packages(["debootstrap"], progress, log)
                _make_root(root, python, progress, log)
    progress.say(f"Asterisk: {root} is ready")
    return root


def cache() -> Path:
    """The folder that all checkouts share; the environment variable LPSE_CACHE moves it."""
    return Path(os.environ.get("LPSE_CACHE", CACHE))


def _root() -> Path:
    return cache() / "asterisk"


def _what_lacks(python: Path, root: Path | None) -> str | None:
    if root is not None and _packages_in(root) != sorted(PACKAGES):
        return f"there is no complete installation in {root} yet"
    command = [str(python), "-m", "deploy.asterisk_ready", str(root or "")]
    looked = subprocess.run(command, capture_output=True, text=True)
    if looked.returncode == 0:
        return None
    return (looked.stderr.strip().splitlines() or ["it cannot be examined"])[-1]


def _packages_in(root: Path) -> list[str]:
    try:
        return sorted(json.loads((root / STAMP).read_text()))
    except (OSError, ValueError):
        return []


def _make_root(root: Path, python: Path, progress: Progress, log: Path) -> None:
    progress.say(f"Asterisk: making {root} with debootstrap (about a minute, 560 MB)")
    unfinished = root.with_name("asterisk.unfinished")
    remove(unfinished)
    command = ["debootstrap", "--variant=minbase", f"--components={COMPONENTS}"]
    command += [f"--include={','.join(PACKAGES)}", SUITE, str(unfinished), *mirror()]
    progress.run([*contained(), *command], log)
    for archive in (unfinished / "var/cache/apt/archives").glob("*.deb"):
        archive.unlink()
    (unfinished / STAMP).write_text(json.dumps(_versions(unfinished), indent=1))
    unfinished.chmod(0o755)  # Asterisk's own user must read it
    lacking = _what_lacks(python, unfinished)
    if lacking is not None:
        raise SetUpRefused(
            f"Debian {SUITE} has no Asterisk for us today ({lacking}): install Asterisk 22.10.1"
            " yourself, it will be found, or try again tomorrow."
        )
    remove(root)
    unfinished.rename(root)


def contained() -> list[str]:
    """The command before debootstrap: its mounts and its children end when it or we are killed."""
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    # A container without the right to make namespaces gets a plain debootstrap.
    works = subprocess.run([*unshare, "true"], capture_output=True).returncode == 0
    return [*ENDS_WITH_US, *unshare] if works else ENDS_WITH_US


def remove(root: Path) -> None:
    """Never follows a mount that an interrupted debootstrap may have left."""
    subprocess.run(["rm", "-rf", "--one-file-system", str(root)], check=True)


def mirror() -> list[str]:
    """The mirror that this machine's apt uses for Debian itself, else debootstrap's own choice."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    command += ["Identifier: Packages", "Label: Debian", "Component: main"]
    listed = subprocess.run(command, capture_output=True, text=True).stdout.split()
    return [listed[0]] if listed and listed[0].startswith(("http://", "https://")) else []


def _versions(root: Path) -> dict[str, str]:
    command = ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "--show"]
    command += ["--showformat=${Package} ${Version}\\n", *PACKAGES]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(line.split() for line in shown.splitlines())
