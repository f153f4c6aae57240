"""Finds package registries named in the project: where packages come from is each machine's own.

The host names are read from this machine's pip, apt and npm at run time, so none stands here.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from pip._internal.models.index import PyPI  # pip states its built-in index nowhere public

APT_SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d", "/usr/share/debootstrap/scripts")
CHECKOUT = Path(__file__).resolve().parent.parent


def registry_hosts() -> set[str]:
    """Host names of the registries and mirrors that this machine's package tools are set to."""
    text = f"{PyPI.url} https://{PyPI.file_storage_domain}/ "
    text += _output(sys.executable, "-m", "pip", "config", "list")
    if shutil.which("npm"):
        text += _output("npm", "config", "get", "registry")
    for place in map(Path, APT_SOURCES):
        for file in place.rglob("*") if place.is_dir() else [place]:
            if file.is_file():
                text += file.read_text(errors="replace")
    hosts = {urlsplit(url).hostname for url in re.findall(r"https?://[^\s'\"\]]+", text)}
    return {host for host in hosts if host and "." in host}


def places_that_name(hosts: set[str], folder: Path) -> list[str]:
    """`file:line` of each tracked or new file under `folder` that names one of the hosts.

    Raises subprocess.CalledProcessError when `folder` is no git checkout.
    """
    patterns = [part for host in sorted(hosts) for part in ("-e", host)]
    # exit status 1 is git's "found nothing"
    found = subprocess.run(
        ["git", "grep", "--untracked", "-I", "-n", "-o", "-F", *patterns],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if found.returncode > 1:
        raise subprocess.CalledProcessError(found.returncode, "git grep", stderr=found.stderr)
    return sorted({":".join(line.split(":")[:2]) for line in found.stdout.splitlines()})


def main() -> None:
    """End with status 1 and the places when a file names a registry."""
    places = places_that_name(registry_hosts(), CHECKOUT)
    if places:
        sys.exit("A package registry or mirror is named here; take it out:\n" + "\n".join(places))


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, cwd="/").stdout


if __name__ == "__main__":
    main()
