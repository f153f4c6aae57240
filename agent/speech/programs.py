"""Where espeak-ng and mbrola are, and how they are started."""

import os
import shlex
import shutil
from pathlib import Path

import msgspec

loaders = ("lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1")


class Programs(msgspec.Struct, frozen=True):
    """How to start espeak-ng so that it finds its data and mbrola."""

    espeak: tuple[str, ...]
    environment: dict[str, str]
    mbrola: Path | None
    mbrola_voice: Path | None


def programs_of_system() -> Programs | None:
    """The machine's own espeak-ng and mbrola, from PATH; None without espeak-ng."""
    espeak = shutil.which("espeak-ng")
    if espeak is None:
        return None
    mbrola = shutil.which("mbrola")
    voice = Path("/usr/share/mbrola/id1/id1")
    return Programs(
        espeak=(espeak,),
        environment={"PATH": os.environ.get("PATH", os.defpath)},
        mbrola=Path(mbrola) if mbrola else None,
        mbrola_voice=voice if voice.is_file() else None,
    )


def programs_of_root(root: Path, folder: Path) -> Programs | None:
    """espeak-ng and mbrola of another Debian, run by its own loader; None without espeak-ng.

    `folder` is where `write_mbrola_starter` lays the program that espeak-ng finds as mbrola.
    """
    found = _find(root)
    if found is None:
        return None
    loader, libraries, library_path = found
    voice = root.absolute() / "usr/share/mbrola/id1/id1"
    mbrola = root.absolute() / "usr/bin/mbrola"
    return Programs(
        espeak=(loader, "--library-path", library_path, str(root.absolute() / "usr/bin/espeak-ng")),
        environment={
            "PATH": f"{folder.absolute()}:{os.defpath}",
            "XDG_DATA_DIRS": str(root.absolute() / "usr/share"),
            "ESPEAK_DATA_PATH": libraries,
        },
        mbrola=mbrola if mbrola.is_file() else None,
        mbrola_voice=voice if voice.is_file() else None,
    )


def write_mbrola_starter(root: Path, folder: Path) -> None:
    """Lays a program named mbrola into `folder` that starts the root's. Raises OSError.

    espeak-ng starts "mbrola" from PATH and waits until /proc shows a process of that very name
    asleep. So the loader too must be started under that name, by a link.
    """
    found = _find(root)
    if found is None:
        return
    loader, _, library_path = found
    link = folder.absolute() / "loader" / "mbrola"
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(loader)
    fresh.replace(link)
    mbrola = str(root.absolute() / "usr/bin/mbrola")
    command = shlex.join([str(link), "--library-path", library_path, mbrola])
    fresh = folder / "mbrola.new"
    fresh.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    fresh.chmod(0o755)
    fresh.replace(folder / "mbrola")


def _find(root: Path) -> tuple[str, str, str] | None:
    """The root's loader, the folder of its libraries, and the path for the loader."""
    root = root.absolute()
    loader = next((root / name for name in loaders if (root / name).exists()), None)
    data = next(root.glob("usr/lib/*/espeak-ng-data"), None)
    if loader is None or data is None or not (root / "usr/bin/espeak-ng").is_file():
        return None
    # libpcaudio needs libpulsecommon, which Debian keeps in a folder of its own
    return str(loader), str(data.parent), f"{data.parent}:{data.parent / 'pulseaudio'}"
