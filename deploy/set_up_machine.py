"""The machine under the agent: is it fit, which Debian packages lack, where may our state live."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.set_up_progress import SetUpRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.set_up_progress import Progress

STATE_HOME = Path("/var/lib/lpse-agent")
APT_GET = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"]
NOBODY = 65534  # Debian's user without rights: what he can reach, every system user can


def refuse_unfit_machine(command: str) -> None:
    """Raise SetUpRefused when this machine cannot carry the agent; `command` is what was typed."""
    if sys.version_info < (3, 11):  # noqa: UP036 - started by whatever python3 the machine has
        raise SetUpRefused(
            f"Python 3.11 or newer is needed and python3 here is {platform.python_version()}:"
            " put a newer python3 first on PATH."
        )
    if shutil.which("apt-get") is None or shutil.which("dpkg-query") is None:
        raise SetUpRefused("This set-up uses Debian's apt-get: run it on Debian 12 or newer.")
    if platform.machine() != "x86_64":
        raise SetUpRefused(
            f"The locked packages are for x86_64 and this machine is {platform.machine()}:"
            " run it on a 64-bit Intel or AMD machine."
        )
    if os.geteuid() != 0:
        raise SetUpRefused(
            f"System packages and system users are made here, which needs root: run sudo {command}."
        )


def refuse_unusable_folder(folder: Path, needed_bytes: int) -> None:
    """Raise SetUpRefused when `folder` (it need not exist yet) is not writable or too full."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as reason:
        raise SetUpRefused(
            f"Nothing can be written to {existing} ({reason.strerror}): make it writable,"
            " or use a checkout elsewhere."
        ) from None
    free = shutil.disk_usage(existing).free
    if free < needed_bytes:
        raise SetUpRefused(
            f"{folder} needs {needed_bytes // 10**6} MB and the disk under it has"
            f" {free // 10**6} MB left: free some space."
        )


def install_packages(packages: Sequence[str], progress: Progress, log: Path) -> None:
    """Install those Debian packages that are missing; does nothing when none is."""
    missing = [package for package in packages if not _is_installed(package)]
    if not missing:
        return
    progress.say(f"Debian packages: installing {' '.join(missing)}")
    _update(progress, log)
    progress.run([*APT_GET, "install", "--no-install-recommends", *missing], log)


def unpack_packages(packages: Sequence[str], home: Path, progress: Progress, log: Path) -> None:
    """Lay the files of Debian packages into home, each in a folder of its name.

    Nothing is installed or started: fail2ban would at once shut people out of this machine, and
    chrony take its clock from whoever keeps it.
    """
    missing = [package for package in packages if not (home / package).exists()]
    if not missing:
        return
    progress.say(f"Debian packages: unpacking {' '.join(missing)} into {home}")
    home.mkdir(parents=True, exist_ok=True)
    _update(progress, log)
    for package in missing:
        with tempfile.TemporaryDirectory(dir=home) as fresh:
            progress.run(["env", f"--chdir={fresh}", *APT_GET, "download", package], log)
            (archive,) = Path(fresh).glob("*.deb")
            progress.run(["dpkg-deb", "--extract", str(archive), f"{fresh}/files"], log)
            Path(fresh, "files").rename(home / package)


def _update(progress: Progress, log: Path) -> None:
    try:
        progress.run([*APT_GET, "update"], log)
    except SetUpRefused:
        # One dead source in the machine's list need not concern our packages: apt-get decides.
        progress.say("Debian packages: apt-get update complained, trying what is there")


def _is_installed(package: str) -> bool:
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    return subprocess.run(query, capture_output=True, text=True).stdout == "installed"


def state_folder(checkout: Path, state_home: Path = STATE_HOME) -> Path:
    """The folder of everything we keep: `var` of the checkout, made when absent.

    Asterisk and PostgreSQL run as users of their own. When they cannot reach the checkout (one in
    /root, say) `var` is a link into `state_home`, for other people's folders keep their modes.
    Raises SetUpRefused when `var` is already something that cannot serve.
    """
    var = checkout / "var"
    elsewhere = state_home / _name_of(checkout)
    if var.is_symlink() and var.resolve().parent == state_home and var.resolve() != elsewhere:
        var.unlink()  # the checkout was copied or moved: that state belongs to the other one
    if not os.path.lexists(var) and not can_be_reached(checkout):
        var.symlink_to(elsewhere)
    folder = var.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if not can_be_reached(folder):
        raise SetUpRefused(
            f"{var} lies where system users such as Asterisk's cannot reach it: move it away"
            " (a link to a reachable place will be made) or open its parent folders."
        )
    return folder


def can_be_reached(folder: Path) -> bool:
    """Whether a user without any rights may enter `folder`, as the kernel itself answers it."""
    test = ["test", "-x", str(folder)]
    return subprocess.run(test, user=NOBODY, group=NOBODY, extra_groups=[]).returncode == 0


def _name_of(checkout: Path) -> str:
    return f"{checkout.name}-{hashlib.sha256(os.fsencode(checkout)).hexdigest()[:10]}"
