"""Callers by SIPp, for one process holds few telephones with a voice: they come, wait and remember.

Each stays so long, or until he is hung up on, and sends a tone, for Asterisk ends a silent line.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.site import CALLER_ADDRESSES
from tests.bench import sipp
from tests.journeys.office import until

SCENARIO = Path(__file__).with_name("patient_caller.xml")
_TOLD = re.compile(r"(answered|let_go|left) (\d+) \S+\s+\S+\s+(\d+\.\d+)")


class FarCall:
    """A caller's call as he remembers it; what he heard is not kept."""

    heard_since: None = None

    def __init__(self, number: str, log: Path) -> None:
        self._number = number
        self._log = log
        self.heard = log.with_name("nothing.wav")

    @property
    def answered_at(self) -> datetime | None:
        """When somebody, or something, answered."""
        return self._when("answered")

    @property
    def let_go_at(self) -> datetime | None:
        """When he was hung up on."""
        return self._when("let_go")

    @property
    def ended_at(self) -> datetime | None:
        """When it was over, whoever ended it."""
        return self.let_go_at or self._when("left")

    async def ended(self, within: timedelta) -> None:
        """Until it is over. Raises TimeoutError."""

        async def over() -> bool:
            return self.ended_at is not None

        await until("he has left", over, within)

    def _when(self, what: str) -> datetime | None:
        text = self._log.read_text(errors="replace") if self._log.exists() else ""
        for told, number, at in _TOLD.findall(text):
            if (told, number) == (what, self._number):
                return datetime.fromtimestamp(float(at), UTC)
        return None


@contextmanager
def crowd(
    folder: Path, server: str, line: str, numbers: list[str], rate: int, stay_s: float
) -> Iterator[list[FarCall]]:
    """They begin to call, `rate` a second; each stays `stay_s` after he was answered.

    folder is made, for SIPp's own files.
    """
    folder.mkdir(parents=True)
    scenario = SCENARIO.read_text().replace("STAY_MS", str(round(stay_s * 1000)))
    (folder / SCENARIO.name).write_text(scenario)
    (folder / "numbers.csv").write_text("SEQUENTIAL\n" + "".join(f"{n}\n" for n in numbers))
    (folder / sipp.VOICE_FILE).write_bytes(sipp.MILLIWATT * (1000 * sipp.VOICE_S))
    log = folder / "told.log"
    arguments = ["-sf", SCENARIO.name, "-inf", "numbers.csv", "-s", line]
    arguments += ["-r", str(rate), "-m", str(len(numbers)), "-l", str(len(numbers))]
    arguments += ["-trace_logs", "-log_file", str(log)]
    process = sipp.start(folder, server, CALLER_ADDRESSES[1], arguments)
    try:
        yield [FarCall(number, log) for number in numbers]
    finally:
        sipp.end(process)
