"""A clock that jumps or drifts, for one program: what the kernel shows to all others stays true."""

from pathlib import Path

from deploy.set_up_asterisk import cache

LIBRARY = "usr/lib/*/faketime/libfaketimeMT.so.1"


class FakedClock:
    """What a program that was started with `environment` believes the time to be."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.show()

    @property
    def environment(self) -> dict[str, str]:
        """For the program's start. Its monotonic clock stays true, as in a real jump."""
        (library,) = (cache() / "tools/libfaketime").glob(LIBRARY)
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def show(self, offset_s: float = 0, speed: float = 1) -> None:
        """Jump, while the program runs, to so much later than it is; and go so fast from there."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset_s:+.3f}" + (f" x{speed:g}" if speed != 1 else ""))
        new.replace(self._file)
