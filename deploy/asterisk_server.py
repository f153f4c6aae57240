"""One private Asterisk: found, configured, started as its own user, and stopped again."""

import base64
import contextlib
import os
import pwd
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from agent.asterisk.configuration import ConfigurationValues, write_configuration

SYSTEM_USER = "lpse-asterisk"
# 22.10.1 is the security release 2026-2; 22.11.0-rc1 crashes on a WebSocket PONG.
OLDEST_VERSION = (22, 10, 1)
REFUSED_VERSION = re.compile(r"22\.11\.0[-~]rc1")
BEFORE_ALL_ELSE = ("nice", "-n", "-10")
"""As in deploy/systemd; whoever may not raise a priority is warned by it and runs as before."""
START_DEADLINE_SECONDS = 30.0
STOP_DEADLINE_SECONDS = 10.0
# sun_path of a unix socket holds 108 bytes with its closing zero.
LONGEST_SOCKET_PATH = 107
RTP_PORTS = 1000
RTP_ADDRESS = "0.0.0.0"  # noqa: S104 (Asterisk binds RTP to every address)
# Below the kernel's own ephemeral ports (32768 and up), so no client socket lands among ours.
RTP_BLOCKS = range(12000, 32000, RTP_PORTS)


class AsteriskCannotRun(Exception):
    """Asterisk cannot be started; the message says why and what to do."""


@dataclass(frozen=True)
class Installation:
    """An Asterisk on disk: how to call its program, and where its modules and data lie."""

    program: tuple[str, ...]
    modules_folder: Path
    data_folder: Path
    version: str


def find_installation(root: Path | None) -> Installation:
    """The Asterisk under a Debian root folder, or the system's own when root is None.

    A root is run through its own loader, without chroot. Raises AsteriskCannotRun when there is
    none or its version is refused.
    """
    top = root if root is not None else Path("/")
    program = top / "usr/sbin/asterisk"
    if not program.exists():
        raise AsteriskCannotRun(f"There is no Asterisk at {program}: run the set-up again.")
    modules = [*top.glob("usr/lib/*/asterisk/modules"), *top.glob("usr/lib*/asterisk/modules")]
    if not modules:
        raise AsteriskCannotRun(f"Asterisk's modules are missing under {top}: install them.")
    if root is None:
        command: tuple[str, ...] = (str(program),)
    else:
        libraries = modules[0].parents[1]
        path = f"{libraries}:{libraries / 'pulseaudio'}"
        loader = next(
            iter(sorted((*top.glob("lib64/ld-linux*"), *top.glob("lib/ld-linux*")))), None
        )
        if loader is None:
            raise AsteriskCannotRun(f"{top} is not a complete Debian root: make it anew.")
        command = (str(loader), "--library-path", path, str(program))
    printed = subprocess.run((*command, "-V"), capture_output=True, text=True, check=False).stdout
    refuse_version(printed)
    return Installation(command, modules[0], top / "usr/share/asterisk", printed.split()[1])


def refuse_version(printed: str) -> None:
    """Raise AsteriskCannotRun unless what `asterisk -V` printed names a version that is safe."""
    found = re.match(r"Asterisk (\d+)\.(\d+)\.(\d+)", printed)
    if found is None:
        raise AsteriskCannotRun(f"Asterisk does not tell its version but says {printed!r}.")
    version = tuple(int(part) for part in found.groups())
    if version < OLDEST_VERSION or REFUSED_VERSION.search(printed):
        raise AsteriskCannotRun(
            f"{printed.strip()} is refused: install Asterisk 22.10.1 or newer"
            " (but not 22.11.0-rc1)."
        )


def private_values(
    installation: Installation,
    state_folder: Path,
    prompts_folder: Path,
    *,
    helpdesk_number: str = "1500",
    trunk_addresses: tuple[str, ...] = ("127.0.0.2",),
) -> ConfigurationValues:
    """Values for an Asterisk on loopback, on free ports and with new random secrets."""
    rtp_first_port = free_rtp_block()
    return ConfigurationValues(
        modules_folder=installation.modules_folder,
        data_folder=installation.data_folder,
        state_folder=state_folder,
        prompts_folder=prompts_folder,
        ari_port=free_port(socket.SOCK_STREAM),
        ari_secret=secrets.token_urlsafe(32),
        sip_port=free_port(socket.SOCK_DGRAM),
        rtp_first_port=rtp_first_port,
        rtp_last_port=rtp_first_port + RTP_PORTS - 1,
        caller_password=secrets.token_urlsafe(9),
        trunk_addresses=trunk_addresses,
        helpdesk_number=helpdesk_number,
        agi_port=free_port(socket.SOCK_STREAM),
    )


def free_port(kind: socket.SocketKind) -> int:
    """A port on 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def free_rtp_block() -> int:
    """The first port of a block of RTP_PORTS that starts unused; raises AsteriskCannotRun."""
    blocks = list(RTP_BLOCKS)
    secrets.SystemRandom().shuffle(blocks)
    for first in blocks:
        # Asterisk takes pairs anywhere in the block, so a few samples tell whether it is lived in.
        samples = range(first, first + RTP_PORTS, 50)
        if all(_is_free(RTP_ADDRESS, port, socket.SOCK_DGRAM) for port in samples):
            return first
    raise AsteriskCannotRun(
        f"No block of {RTP_PORTS} free UDP ports is left for RTP: stop what uses them."
    )


def _is_free(address: str, port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def ending_with_us(user: pwd.struct_passwd | None = None) -> list[str]:
    """The command before the command: drops root, and ends the child when our thread dies."""
    drop = ["setpriv", "--pdeathsig", "TERM"]
    if user is not None:
        drop += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return drop


class AsteriskServer:
    """A running Asterisk, from start() to stop(); as a context manager between the two."""

    def __init__(self, installation: Installation, values: ConfigurationValues) -> None:
        self.installation = installation
        self.values = values
        self.configuration_folder = values.state_folder / "etc"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def ari_url(self) -> str:
        """Where ARI answers, without a slash at the end."""
        return f"http://{self.values.ari_address}:{self.values.ari_port}/ari"

    @property
    def log_folder(self) -> Path:
        """Holds messages, security, console and cel-custom/cel.jsonl."""
        return self.values.state_folder / "log"

    @property
    def process_id(self) -> int | None:
        """The running Asterisk's process, or None when it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start and return when every module is loaded; raises AsteriskCannotRun."""
        values = self.values
        control_socket = values.state_folder / "run" / "asterisk.ctl"
        if len(str(control_socket).encode()) > LONGEST_SOCKET_PATH:
            raise AsteriskCannotRun(
                f"The path {control_socket} is too long for a socket: choose a shorter folder."
            )
        self._end_leftover()
        self._refuse_taken_ports()
        user = system_user()
        self._make_folders(user)
        with (self.log_folder / "console").open("wb") as console:
            self._process = self._popen(user, ("-f", "-C", self._main_file), console.fileno())
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End Asterisk and wait for it; calls in progress are hung up. Safe to repeat."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def crash(self) -> None:
        """End Asterisk as kill -9 does; calls in progress are not even told. start() revives it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def restart(self) -> None:
        """Stop and start again with what is on disk, operators' phones included."""
        self.stop()
        self.start()

    def command(self, line: str) -> str:
        """What Asterisk's console answers to one command, such as "core show channels"."""
        return subprocess.run(
            (*self.installation.program, "-C", self._main_file, "-rx", line),
            capture_output=True,
            text=True,
            check=False,
            timeout=START_DEADLINE_SECONDS,
        ).stdout

    @property
    def _main_file(self) -> str:
        return str(self.configuration_folder / "asterisk.conf")

    def _popen(
        self, user: pwd.struct_passwd | None, arguments: tuple[str, ...], output: int
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            (*BEFORE_ALL_ELSE, *ending_with_us(user), *self.installation.program, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            # A Ctrl-C at the terminal is for the one who started us; he stops Asterisk in order.
            start_new_session=True,
            umask=0o027,  # what callers say is nobody else's; as in deploy/systemd
        )

    def _make_folders(self, user: pwd.struct_passwd | None) -> None:
        state = self.values.state_folder
        for name in ("lib", "log/cel-custom", "run", "spool/voicemail"):
            (state / name).mkdir(parents=True, exist_ok=True)
        (state / "spool/voicemail").chmod(0o750)  # what callers said
        write_configuration(self.configuration_folder, self.values)
        if user is not None:
            for path in (state, *state.rglob("*")):
                os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
        for folder in (state, self.values.modules_folder, self.values.prompts_folder):
            if folder.exists() and not _can_enter(folder, user):
                raise AsteriskCannotRun(
                    f"The user {SYSTEM_USER} cannot read {folder}: open the folders above it"
                    " (chmod o+x) or choose another place."
                )

    def _refuse_taken_ports(self) -> None:
        values = self.values
        for what, address, port, kind in (
            ("SIP", values.sip_address, values.sip_port, socket.SOCK_DGRAM),
            ("ARI", values.ari_address, values.ari_port, socket.SOCK_STREAM),
        ):
            if not _is_free(address, port, kind):
                raise AsteriskCannotRun(
                    f"Port {port} on {address} for {what} is taken: stop the program that"
                    " uses it or choose another port."
                )

    def _end_leftover(self) -> None:
        """A run that was killed hard leaves its Asterisk; two cannot share one state folder."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.values.state_folder / "run/asterisk.pid").read_text())
            if self._main_file.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGTERM)
                deadline = time.monotonic() + STOP_DEADLINE_SECONDS
                while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
                    time.sleep(0.02)

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_DEADLINE_SECONDS
        while not self._ari_answers():
            if self._process.poll() is not None:
                raise AsteriskCannotRun(f"Asterisk ended at once: {self._last_words()}")
            if time.monotonic() > deadline:
                raise AsteriskCannotRun(f"Asterisk does not answer: {self._last_words()}")
            time.sleep(0.02)
        self.command("core waitfullybooted")

    def _ari_answers(self) -> bool:
        credentials = f"{self.values.ari_user}:{self.values.ari_secret}".encode()
        request = urllib.request.Request(  # noqa: S310 (our own loopback address)
            f"{self.ari_url}/asterisk/ping",
            headers={"Authorization": "Basic " + base64.b64encode(credentials).decode()},
        )
        try:
            with urllib.request.urlopen(request, timeout=1) as answer:  # noqa: S310 (as above)
                return bool(answer.status == 200)
        except OSError:
            return False

    def _last_words(self) -> str:
        for name in ("messages", "console"):
            with contextlib.suppress(OSError):
                lines = (self.log_folder / name).read_text(errors="replace").strip().splitlines()
                if lines:
                    return f"{lines[-1]} (see {self.log_folder / name})"
        return f"no word in {self.log_folder}"


def system_user() -> pwd.struct_passwd | None:
    """The unprivileged user that runs Asterisk, created when absent; None when not root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(
            (
                "useradd",
                "--system",
                "--no-create-home",
                "--home-dir",
                "/nonexistent",
                "--shell",
                "/usr/sbin/nologin",
                SYSTEM_USER,
            ),
            check=True,
        )
        return pwd.getpwnam(SYSTEM_USER)


def _can_enter(folder: Path, user: pwd.struct_passwd | None) -> bool:
    if user is None:
        return os.access(folder, os.R_OK | os.X_OK)
    looked = subprocess.run(
        ("test", "-r", str(folder), "-a", "-x", str(folder)),
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        check=False,
    )
    return looked.returncode == 0
