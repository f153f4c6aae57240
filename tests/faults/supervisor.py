"""A supervisor that does to the agent what systemd does, by the numbers of the unit itself."""

import contextlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.settings import ROOT
from deploy.agent_process import AgentProcess
from deploy.asterisk_server import ending_with_us
from deploy.site import Site

UNIT = (ROOT / "deploy/systemd/lpse-agent.service").read_text()
LOOK_EVERY_S = 0.05
STOP_DEADLINE_S = 20.0


def of_the_unit(setting: str) -> float:
    """The seconds that the unit names."""
    found = re.search(rf"(?m)^{setting}=([\d.]+)$", UNIT)
    assert found
    return float(found[1])


@dataclass(frozen=True)
class Life:
    """One process from its start to its end, by the monotonic clock."""

    ended_at: float
    status: int
    killed: bool


class Supervisor:
    """Starts the agent again and again, from enter to exit."""

    def __init__(self, site: Site, command: tuple[str, ...], *, watchdog: bool) -> None:
        self.lives: list[Life] = []
        """Those that are over."""
        self.process_id = 0
        self._command = (*ending_with_us(), sys.executable, *command)
        self._site = site
        self._watchdog_s = of_the_unit("WatchdogSec") if watchdog else float("inf")
        self._ready = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor")

    def is_ready_again(self, lives: int) -> bool:
        """Whether so many processes have ended and the next one has told that it is ready."""
        return len(self.lives) >= lives and self._ready.is_set()

    def start(self) -> None:
        """Start the first process."""
        self._thread.start()

    def stop(self) -> None:
        """End the process in order, and start no other."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        # Not in the site's own folder: another user's process could not write there.
        with tempfile.TemporaryDirectory() as folder:
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            with listener, self._site.agent_log.open("ab") as log:
                listener.bind(str(Path(folder) / "notify"))
                listener.settimeout(LOOK_EVERY_S)
                while not self._ended.is_set():
                    self._live(listener, log.fileno())
                    self._ended.wait(of_the_unit("RestartSec"))

    def _live(self, listener: socket.socket, log: int) -> None:
        process = subprocess.Popen(
            self._command,
            env={
                **self._site.environment,
                "NOTIFY_SOCKET": listener.getsockname(),
                "WATCHDOG_USEC": str(int(of_the_unit("WatchdogSec") * 1e6)),
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        self.process_id = process.pid
        heard_at, killed = float("inf"), False
        while process.poll() is None:
            told: list[bytes] = []
            with contextlib.suppress(TimeoutError):
                told = listener.recv(4096).split(b"\n")
            if b"READY=1" in told:
                self._ready.set()
            if b"READY=1" in told or b"WATCHDOG=1" in told:
                heard_at = time.monotonic()
            if time.monotonic() - heard_at > self._watchdog_s:
                killed = True
                process.kill()
            if self._ended.is_set():
                process.terminate()
                process.wait(STOP_DEADLINE_S)
        self._ready.clear()
        self.lives.append(Life(time.monotonic(), process.returncode, killed))


@contextmanager
def supervised(
    site: Site, command: tuple[str, ...] = ("-m", "agent", "serve"), *, watchdog: bool = True
) -> Iterator[Supervisor]:
    """The site's agent under a supervisor; afterwards the site has it back.

    command is what Python runs; without watchdog the supervisor knows only of processes that end.
    """
    site.stop_agent()
    # Health and metrics are still asked of the site; its process is the supervisor's.
    site.agent = AgentProcess(site.environment, site.settings.http_port, site.agent_log)
    supervisor = Supervisor(site, command, watchdog=watchdog)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()
        site.start_agent()
