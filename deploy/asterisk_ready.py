"""Says whether an Asterisk installation can carry the helpdesk: its version, or what it lacks."""

import re
import sys
from pathlib import Path

from deploy.asterisk_server import AsteriskCannotRun, find_installation

MODULES_FILE = Path(__file__).parent.parent / "dialplan" / "modules.conf"
VOICE_FILES = ("usr/bin/espeak-ng", "usr/bin/mbrola", "usr/share/mbrola/id1/id1")


def refuse_incomplete(root: Path | None) -> str:
    """Return the version of a complete installation; None is the system's own.

    The modules are those that dialplan/modules.conf loads; a root of our own holds the voice too.
    Raises AsteriskCannotRun with one sentence about the first thing that is missing.
    """
    installation = find_installation(root)
    for module in re.findall(r"^load *=>? *(\S+)", MODULES_FILE.read_text(), re.MULTILINE):
        if not (installation.modules_folder / module).is_file():
            raise AsteriskCannotRun(
                f"Asterisk's module {module} is missing in {installation.modules_folder}."
            )
    for file in VOICE_FILES if root else ():
        assert root is not None
        if not (root / file).is_file():
            raise AsteriskCannotRun(f"The voice lacks {root / file}.")
    return installation.version


def main() -> None:
    """Print the version of the installation under the folder in argv (empty: the system's)."""
    try:
        print(refuse_incomplete(Path(sys.argv[1]) if sys.argv[1] else None))
    except (AsteriskCannotRun, OSError) as reason:
        sys.exit(str(reason))


if __name__ == "__main__":
    main()
