"""The Python environment var/venv: exactly the locked packages, and the project itself."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.set_up_machine import install_packages
from deploy.set_up_progress import ENDS_WITH_US, SetUpRefused

if TYPE_CHECKING:
    from deploy.set_up_progress import Progress

LOCK_FILE = Path("deploy/requirements-dev.lock")
SERVICE_LOCK_FILE = Path("deploy/requirements.lock")


def make_environment(checkout: Path, state: Path, progress: Progress, log: Path) -> Path:
    """Return the Python of an environment for the demo and the tests, with the project in it."""
    environment = Environment(checkout, state / "venv", LOCK_FILE)
    _need_packages(environment, progress, log)
    if not environment.has_project():
        progress.say("Python: installing the project itself")
        progress.run([*ENDS_WITH_US, *environment.command_for_project()], log)
        environment.remember(project=environment.project_mark)
    progress.say(f"Python: {environment.python} is ready")
    return environment.python


def make_service_environment(checkout: Path, state: Path, progress: Progress, log: Path) -> Path:
    """Return the Python of an environment with what the service alone depends on.

    Each state of the lock file has a folder of its own: nothing is taken from under a service that
    runs. Those of old are for a person to remove.
    """
    mark = _digest((checkout / SERVICE_LOCK_FILE).read_bytes(), sys.version)[:12]
    environment = Environment(checkout, state / f"service-{mark}", SERVICE_LOCK_FILE)
    _need_packages(environment, progress, log)
    progress.say(f"Python: {environment.python} is ready")
    return environment.python


def _need_packages(environment: Environment, progress: Progress, log: Path) -> None:
    if environment.has_locked_packages():
        return
    _need_venv_module(progress, log)
    progress.say(f"Python: installing {environment.lock_file} into {environment.folder}")
    for command in environment.commands_for_packages():
        progress.run([*ENDS_WITH_US, *command], log)
    environment.remember(project="")


class Environment:
    """One virtual environment, and the stamp in it that tells from what it was made."""

    def __init__(self, checkout: Path, folder: Path, lock_file: Path = LOCK_FILE) -> None:
        self.folder = folder
        self.lock_file = lock_file
        self.python = folder / "bin" / "python"
        self._checkout = checkout
        self._stamp = folder / "made-from.json"
        # Scripts in an environment hold its path, the project's entry that of the checkout.
        self.packages_mark = _digest(
            (checkout / lock_file).read_bytes(), sys.version, sys.base_prefix, str(folder)
        )
        self.project_mark = _digest((checkout / "pyproject.toml").read_bytes(), str(checkout))

    def has_locked_packages(self) -> bool:
        """Whether it was made from this lock file by this Python and nothing of it was lost."""
        stamp = self._read_stamp()
        if stamp.get("packages") != self.packages_mark:
            return False
        try:
            ran = subprocess.run([self.python, "-c", ""], capture_output=True)
        except OSError:
            return False
        return ran.returncode == 0 and set(stamp["installed"]) <= set(self._installed())

    def has_project(self) -> bool:
        """Whether the project is installed in it as pyproject.toml now describes it."""
        return self._read_stamp().get("project") == self.project_mark

    def commands_for_packages(self) -> list[list[str]]:
        """Wheels only: a machine that sets itself up has no compiler."""
        pip = [str(self.python), "-m", "pip", "--disable-pip-version-check", "install"]
        lock = str(self._checkout / self.lock_file)
        return [
            [sys.executable, "-m", "venv", "--clear", str(self.folder)],
            [*pip, "--require-hashes", "--only-binary=:all:", "-r", lock],
        ]

    def command_for_project(self) -> list[str]:
        """Nothing is downloaded: its build tool comes from the lock file too."""
        pip = [str(self.python), "-m", "pip", "--disable-pip-version-check", "install"]
        return [*pip, "--no-deps", "--no-build-isolation", "--editable", str(self._checkout)]

    def remember(self, project: str) -> None:
        """Write the stamp; an environment without one is made anew."""
        stamp = {
            "packages": self.packages_mark,
            "project": project,
            "installed": self._installed(),
        }
        self._stamp.write_text(json.dumps(stamp, indent=1))

    def _installed(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("lib/python3*/site-packages/*"))

    def _read_stamp(self) -> dict[str, Any]:
        try:
            stamp = json.loads(self._stamp.read_text())
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}


def _need_venv_module(progress: Progress, log: Path) -> None:
    if importlib.util.find_spec("ensurepip") is not None:
        return
    if sys.base_prefix != "/usr":
        raise SetUpRefused(
            f"{sys.executable} was built without ensurepip: put Debian's python3 first on PATH."
        )
    install_packages([f"python3.{sys.version_info.minor}-venv"], progress, log)


def _digest(content: bytes, *more: str) -> str:
    return hashlib.sha256("\0".join((content.hex(), *more)).encode()).hexdigest()
