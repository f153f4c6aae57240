"""The embedded PostgreSQL, started for real in a folder of its own."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.postgres_server import PostgresFailed, PostgresServer


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    # Not tmp_path: pytest closes its folders to the server's own user.
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with tempfile.TemporaryDirectory(prefix="lpse-test-") as made:
        yield Path(made)


def setting(url: str, name: str) -> str:
    return asyncio.run(answer(url, f"select current_setting('{name}')"))


async def answer(url: str, query: str) -> str:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return str(await connection.fetchval(query))
    finally:
        await connection.close()


def processes_in(folder: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append(int(process.name))
        except OSError:
            continue  # ended while we looked
    return found


def gone_within(folder: Path, seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while processes_in(folder) and time.monotonic() < ends:
        time.sleep(0.05)
    return not processes_in(folder)


def test_it_starts_durable_off_the_network_and_stops_without_a_trace(folder: Path) -> None:
    server = PostgresServer(folder)
    url = server.start()
    assert setting(url, "synchronous_commit") == "on"
    assert setting(url, "listen_addresses") == ""
    assert folder.stat().st_mode & 0o777 == 0o700
    assert processes_in(folder)
    server.stop()
    assert processes_in(folder) == []


def test_what_was_written_is_there_at_the_next_start(folder: Path) -> None:
    server = PostgresServer(folder)
    asyncio.run(answer(server.start(), "create table kept as select 'tiket' as word"))
    server.stop()
    try:
        assert asyncio.run(answer(server.start(), "select word from kept")) == "tiket"
    finally:
        server.stop()


def test_a_second_run_in_the_same_folder_is_refused_in_one_sentence(folder: Path) -> None:
    server = PostgresServer(folder)
    server.start()
    try:
        with pytest.raises(PostgresFailed, match="stop that run first"):
            PostgresServer(folder).start()
    finally:
        server.stop()


def run_that_starts_a_server(folder: Path, then: str) -> subprocess.Popen[str]:
    script = (
        "import sys, os, time; from pathlib import Path\n"
        "from deploy.postgres_server import PostgresServer\n"
        f"server = PostgresServer(Path({str(folder)!r})); server.start()\n"
        f"print('started', flush=True)\n{then}\n"
    )
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def test_a_killed_run_takes_its_server_along(folder: Path) -> None:
    with run_that_starts_a_server(folder, "time.sleep(600)") as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "started\n"
        run.kill()
    assert gone_within(folder, 30)


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGQUIT], ids=lambda sent: sent.name)
def test_a_server_that_was_made_to_crash_starts_again_with_its_data(
    folder: Path, sent: signal.Signals
) -> None:
    server = PostgresServer(folder)
    url = server.start()
    asyncio.run(answer(url, "create table kept as select 'kept' as word"))
    server.crash(sent)
    assert not server.runs
    assert processes_in(folder) == []
    assert server.start() == url
    assert server.runs
    assert asyncio.run(answer(url, "select word from kept")) == "kept"
    server.stop()


def test_a_server_left_over_by_a_crash_is_replaced(folder: Path) -> None:
    server = PostgresServer(folder)
    server.start()
    left_over = server._server
    assert left_over is not None
    # As after a crash in which the end of the owner did not reach the server: it runs, unowned.
    assert server._lock is not None
    os.close(server._lock)
    next_run = PostgresServer(folder)
    try:
        assert setting(next_run.start(), "fsync") == "on"
        assert left_over.wait(30) == 0
    finally:
        next_run.stop()
    assert processes_in(folder) == []


def test_a_pid_file_that_names_a_stranger_harms_nobody(folder: Path) -> None:
    server = PostgresServer(folder)
    server.start()
    assert server._server is not None
    server._server.send_signal(signal.SIGQUIT)
    server._server.wait(30)
    server.stop()
    with subprocess.Popen(["sleep", "600"]) as stranger:
        (folder / "data" / "postmaster.pid").write_text(f"{stranger.pid}\n")
        # PostgreSQL itself takes a living process of another user for no postmaster of its own.
        try:
            assert setting(server.start(), "fsync") == "on"
            assert stranger.poll() is None
        finally:
            server.stop()
            stranger.kill()


def test_a_path_too_long_for_a_socket_still_works(folder: Path) -> None:
    folder.chmod(0o755)
    server = PostgresServer(folder / ("p" * 120))
    url = server.start()
    try:
        assert setting(url, "fsync") == "on"
        assert "ppp" not in url
    finally:
        server.stop()


def test_a_folder_that_the_server_cannot_reach_is_named(folder: Path) -> None:
    folder.chmod(0o700)  # owned by us, so the server's user cannot pass
    if os.geteuid() == 0:
        with pytest.raises(PostgresFailed, match=r"ermission denied"):
            PostgresServer(folder / "inner").start()
    else:
        PostgresServer(folder / "inner").stop()


def test_a_database_that_is_given_is_used_and_nothing_is_started(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.lpse.example/helpdesk")
    server = PostgresServer(folder)
    assert server.start() == "postgresql://db.lpse.example/helpdesk"
    server.stop()
    assert list(folder.iterdir()) == []
