"""One process of the agent, started, watched, stopped, killed, and held still as a hang would."""

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.asterisk_server import ending_with_us

READY_DEADLINE_S = 60.0
STOP_DEADLINE_S = 20.0


class SiteFailed(Exception):
    """The office did not start; the message says which part and where its log is."""


class AgentProcess:
    """`lpse-agent serve` with these variables; health and metrics are asked at http_port."""

    def __init__(self, environment: Mapping[str, str], http_port: int, log: Path) -> None:
        self._environment = environment
        self._http_port = http_port
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int | None:
        """The running process, or None when it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start and do not wait."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                (*ending_with_us(), sys.executable, "-m", "agent", "serve"),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C is for whoever started the office
            )

    def wait_until_ready(self, role: str) -> None:
        """Return when it is ready as owner or standby. Raises SiteFailed."""
        assert self._process is not None
        deadline = time.monotonic() + READY_DEADLINE_S
        while not self.is_ready(role):
            if self._process.poll() is not None:
                words = self.log.read_text().strip().splitlines()[-1:]
                raise SiteFailed(f"The agent ended at once: {''.join(words)} ({self.log})")
            if time.monotonic() > deadline:
                raise SiteFailed(f"The agent is not ready as {role}, see {self.log}.")
            time.sleep(0.05)

    def is_ready(self, role: str) -> bool:
        """Whether it is ready, and in this role."""
        found = self.health("ready")
        return bool(found.get("ready")) and found.get("role") == role

    def stop(self, *, kill: bool = False) -> None:
        """End it: in order, or as a crash would. Safe to repeat."""
        if self._process is None:
            return
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        self.hold_still(False)
        try:
            self._process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def hold_still(self, still: bool) -> None:
        """Stop every thread of it as a hang of the machine would, or let it go on."""
        if self.process_id and self._process:
            self._process.send_signal(signal.SIGSTOP if still else signal.SIGCONT)

    def health(self, what: str) -> dict[str, Any]:
        """What /health/<what> answers; empty when nobody answers."""
        url = f"http://127.0.0.1:{self._http_port}/health/{what}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as refusal:
            found = json.load(refusal)
        except OSError:
            return {}
        return found

    def measured(self, metric: str) -> float:
        """One figure of /metrics; -1 when it is not there."""
        url = f"http://127.0.0.1:{self._http_port}/metrics"
        with urllib.request.urlopen(url, timeout=5) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(f"{metric} "):
                    return float(line.rpartition(" ")[2])
        return -1.0
