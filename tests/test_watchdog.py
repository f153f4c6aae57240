"""Who notices a loop that stands still, and what is told of it."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agent.runtime import metrics
from agent.settings import ROOT
from agent.watchdog import STUCK_STATUS, Watchdog

PATIENTLY_S = 20.0
PERSONAL = "+628123456789"


class Supervisor:
    """Hears what systemd would hear."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(PATIENTLY_S)
        self._socket.bind("\0" + name[1:] if name[0] == "@" else name)

    def heard(self) -> list[str]:
        """The lines of the next message."""
        return self._socket.recv(4096).decode().split("\n")

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


@pytest.fixture(params=["in a folder", "abstract"])
def supervisor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Supervisor]:
    """At a name of either kind that systemd gives."""
    name = str(tmp_path / "notify") if request.param == "in a folder" else f"@lpse-{os.getpid()}"
    made = Supervisor(name)
    yield made
    made.close()


@asynccontextmanager
async def running(watchdog: Watchdog) -> AsyncIterator[None]:
    """A watchdog that runs meanwhile."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(watchdog.run())
        yield
        task.cancel()


async def test_the_supervisor_hears_that_it_is_ready_turns_and_stops(
    supervisor: Supervisor,
) -> None:
    watchdog = Watchdog({"NOTIFY_SOCKET": supervisor.name, "WATCHDOG_USEC": "150000"})
    watchdog.ready(is_well=lambda: True, status=lambda: "taking calls")
    assert supervisor.heard() == ["READY=1", "STATUS=taking calls"]
    async with running(watchdog):
        for _ in range(3):
            turns = await asyncio.to_thread(supervisor.heard)
            assert turns == ["WATCHDOG=1", "STATUS=taking calls"]
    watchdog.stopping()
    assert "STOPPING=1" in supervisor.heard()


async def test_who_is_not_well_no_longer_says_so_and_is_started_again(
    supervisor: Supervisor,
) -> None:
    watchdog = Watchdog({"NOTIFY_SOCKET": supervisor.name, "WATCHDOG_USEC": "150000"})
    watchdog.ready(is_well=lambda: False, status=lambda: "stuck")
    supervisor.heard()
    async with running(watchdog):
        assert await asyncio.to_thread(supervisor.heard) == ["STATUS=stuck"]


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "/nowhere/notify"}])
async def test_without_anybody_who_listens_it_runs_all_the_same(
    environment: dict[str, str],
) -> None:
    watchdog = Watchdog(environment)
    async with running(watchdog):
        watchdog.ready(is_well=lambda: True, status=lambda: "taking calls")
        await asyncio.sleep(0.2)
    watchdog.stopping()


async def test_a_late_loop_is_measured_and_told_at_most_once_a_second() -> None:
    before = _slow_turns()
    with capture_logs() as logs:
        async with running(Watchdog({})):
            for _ in range(4):
                await asyncio.sleep(0.1)
                time.sleep(0.3)  # noqa: ASYNC251 - this is the fault
            await asyncio.sleep(0.1)
    assert _slow_turns() - before >= 4
    told = [line["seconds"] for line in logs if line["event"] == "loop_lagged"]
    assert 1 <= len(told) <= 3
    assert max(told) >= 0.2


def _slow_turns() -> float:
    """Turns that came more than 50 ms late."""
    buckets = {
        sample.labels["le"]: sample.value
        for metric in metrics.LOOP_LAG.collect()
        for sample in metric.samples
        if sample.name.endswith("_bucket")
    }
    return buckets["+Inf"] - buckets["0.05"]


LOOP = """
import asyncio, signal, sys, time
from agent.logs import set_up_logs
from agent.watchdog import Watchdog

set_up_logs("info")

def debugger(number):
    while True:
        time.sleep(0.1)

def full_log():
    sys.stderr.write("x" * 1_000_000)

async def main():
    watchdog = Watchdog({}, stuck_s=0.5, end_s=1.0)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, debugger, sys.argv[1])
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, full_log)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watchdog.run())
        await asyncio.sleep(0.1)
        print("runs", flush=True)

asyncio.run(main())
"""


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """One whose loop runs and can be made to stand still by a signal."""
    made = subprocess.Popen(
        (sys.executable, "-c", LOOP, PERSONAL),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert made.stdout
    made.stdout.readline()
    yield made
    made.kill()
    made.communicate()


def test_a_loop_that_stands_still_is_written_down_and_ends_the_process(
    process: subprocess.Popen[bytes],
) -> None:
    process.send_signal(signal.SIGUSR1)
    _, logged = process.communicate(timeout=PATIENTLY_S)
    assert process.returncode == STUCK_STATUS
    [line] = [json.loads(line) for line in logged.splitlines() if b"loop_stuck" in line]
    assert line["stack"][-1].endswith(" debugger")
    assert any("asyncio/base_events.py" in place for place in line["stack"])
    assert PERSONAL not in logged.decode(), "places in the code and no data"


def test_a_log_that_takes_no_more_lines_does_not_keep_it_alive(
    process: subprocess.Popen[bytes],
) -> None:
    process.send_signal(signal.SIGUSR2)
    assert process.wait(PATIENTLY_S) == STUCK_STATUS


def test_a_process_that_was_stopped_as_a_whole_lives_on(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGSTOP)
    time.sleep(3)
    process.send_signal(signal.SIGCONT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
