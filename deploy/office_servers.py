"""The servers around an office, real ones for the tests: mail and Request Tracker.

Each runs in the root of deploy/set_up_servers.py as a user without rights, on free ports of
127.0.0.1, and keeps all that it has in a folder of its own there until it is closed.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.asterisk_server import free_port
from deploy.set_up_servers import PERL, SERVER_ID, TRACKER, in_root, variables

START_DEADLINE_S = 60.0
STOP_DEADLINE_S = 10.0


class ServerFailed(Exception):
    """A server did not start; the message holds its last words."""


def servers_root() -> Path:
    """The root that ./deploy/test has made. Raises ServerFailed when it is not told."""
    told = os.environ.get("LPSE_SERVERS_ROOT")
    if not told:
        raise ServerFailed("LPSE_SERVERS_ROOT is not set: run the tests by ./deploy/test.")
    return Path(told)


class OfficeServer:
    """One server in the root, on a port that stays the same when it is stopped and started again.

    As a context manager it is started, and closed at the end.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or servers_root()
        home = self._root / "srv"
        self.folder = Path(tempfile.mkdtemp(dir=home, prefix=f"{type(self).__name__}-"))
        self.inside = f"/srv/{self.folder.name}"
        self.port = free_port(socket.SOCK_STREAM)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def prepare(self) -> None:
        """Write what the server needs into its folder."""
        raise NotImplementedError

    def command(self) -> tuple[str, ...]:
        """The program and its arguments, as seen inside the root."""
        raise NotImplementedError

    def start(self) -> None:
        """Start and return when it takes connections. Raises ServerFailed."""
        log = self.folder / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                in_root(self._root, *self.command()),
                env={**variables(self.inside), "RT_PORT": str(self.port), "HOME": self.inside},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a group of its own: some have children
            )
        deadline = time.monotonic() + START_DEADLINE_S
        while not self._takes_connections():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                words = log.read_text(errors="replace").strip().splitlines()[-2:]
                raise ServerFailed(f"{type(self).__name__} did not start: {' '.join(words)}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it and its children; what it keeps stays. Safe to repeat."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None
        deadline = time.monotonic() + STOP_DEADLINE_S
        while self._takes_connections() and time.monotonic() < deadline:
            time.sleep(0.02)  # a child holds the port for a moment longer

    def close(self) -> None:
        """End it and remove what it kept."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def own(self) -> None:
        """Give the folder and all in it to the server's user."""
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, SERVER_ID, SERVER_ID)

    def _takes_connections(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False


class MailServer(OfficeServer):
    """Exim: takes every mail over STARTTLS or TLS, after a login, and keeps it as a file.

    Mail to anybody@refused.test is refused for good, to anybody@later.test for now; with
    `without_login` a mail is taken without login and TLS as well.
    """

    user = "agent@lpse.test"

    def __init__(self, root: Path | None = None, *, without_login: bool = False) -> None:
        super().__init__(root)
        self.tls_port = free_port(socket.SOCK_STREAM)
        self.password = secrets.token_urlsafe(12)
        self.certificate = self.folder / "certificate.pem"
        self._without_login = without_login

    def prepare(self) -> None:
        """Configuration, a self-made certificate for 127.0.0.1 and localhost, empty folders."""
        (self.folder / "exim.conf").write_text(
            _EXIM.format(
                folder=self.inside,
                port=self.port,
                tls_port=self.tls_port,
                user=self.user,
                password=self.password,
                hosts="*" if self._without_login else "",
            )
        )
        for name in ("spool", "mail"):
            (self.folder / name).mkdir()
        self.own()
        command = ["/usr/bin/openssl", "req", "-x509", "-nodes", "-days", "2", "-subj"]
        command += ["/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        command += ["-keyout", f"{self.inside}/key.pem", "-out", f"{self.inside}/certificate.pem"]
        subprocess.run(
            in_root(self._root, *command), env=variables(), check=True, capture_output=True
        )

    def command(self) -> tuple[str, ...]:
        return "/usr/sbin/exim4", "-C", f"{self.inside}/exim.conf", "-bdf", "-q1s"

    def mails(self) -> list[EmailMessage]:
        """Every mail that was delivered so far, as its reader sees it."""
        files = sorted((self.folder / "mail" / "new").glob("*"))
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


class RequestTracker(OfficeServer):
    """A Request Tracker with the queue LPSE, and the token of an account that may use it."""

    queue = "LPSE"

    def prepare(self) -> None:
        """A copy of the one that the set-up has made."""
        shutil.copytree(self._root / TRACKER[1:], self.folder, dirs_exist_ok=True)
        self.token = (self.folder / "token").read_text().strip()
        self.own()

    def command(self) -> tuple[str, ...]:
        server = "/usr/share/request-tracker5/libexec/rt-server"
        arguments = ("--host", "127.0.0.1", "--port", str(self.port), "--max-workers", "1")
        return (*PERL, server, *arguments)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


_EXIM = """\
primary_hostname = mail.lpse.test
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port} : {tls_port}
tls_on_connect_ports = {tls_port}
disable_ipv6 = true
exim_user = Debian-exim
exim_group = Debian-exim
deliver_drop_privilege = true
never_users =
keep_environment =
tls_advertise_hosts = *
tls_certificate = {folder}/certificate.pem
tls_privatekey = {folder}/key.pem
acl_smtp_rcpt = check

begin acl
check:
  deny domains = refused.test
    message = There is no such mailbox
  defer domains = later.test
    message = Come again
  accept authenticated = *
  accept hosts = {hosts}
  deny message = 530 5.7.0 Log in first

begin routers
everybody:
  driver = accept
  transport = files

begin transports
files:
  driver = appendfile
  directory = {folder}/mail
  maildir_format
  user = Debian-exim
  group = Debian-exim
  envelope_to_add

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
  server_advertise_condition = ${{if def:tls_in_cipher}}
"""
