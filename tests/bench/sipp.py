"""SIPp as any number of callers and operators' telephones, on loopback and free ports."""

import csv
import hashlib
import re
import secrets
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.asterisk_server import free_port
from deploy.site import CALLER_ADDRESSES
from tests.bench.processes import cost_of

HERE = Path(__file__).parent
OPERATORS_ADDRESS = "127.0.0.1"
ANSWER_WITHIN_S = 2.0
QUIET_S = 0.3
VOICE_FILE = "voice.alaw"
"""What the scenarios play, in a folder of SIPp's own."""
MILLIWATT = bytes.fromhex("34212134b4a1a1b4")
"""One turn of the 1 kHz test tone in A-law, from ITU-T G.711, table 5."""
CALLS_PER_THREAD = 100
VOICE_S = 5
"""Then the tone begins again."""
MOST_AT_ONCE = 4000
EXPIRES_S = 600
"""The longest that the helpdesk grants; a run must be over by then."""


class SippFailed(Exception):
    """SIPp did not run or a telephone was not registered; the message says why."""


@dataclass(frozen=True)
class Account:
    """An operator's telephone account, as `lpse-agent operator add` printed it."""

    account: str
    password: str


@dataclass(frozen=True)
class Called:
    """What SIPp did: how many calls it made, whose came to their end in order, what it disliked."""

    made: int
    done: frozenset[str]
    complaint: str

    @property
    def failed(self) -> int:
        """Calls that went wrong in SIPp's eyes."""
        return self.made - len(self.done)


def version() -> str:
    """SIPp's own word. Raises SippFailed when it is not installed."""
    try:
        said = subprocess.run(("sipp", "-v"), capture_output=True, text=True, check=False).stdout
    except FileNotFoundError as error:
        raise SippFailed("SIPp is missing: install the package sip-tester.") from error
    return " ".join(said.split()[:2]).rstrip(".")


def call(
    folder: Path,
    server: str,
    line: str,
    numbers: list[str],
    rate: int,
    listen_s: float,
    *,
    voice: bool,
) -> Called:
    """Each number calls once, `rate` a second, and hangs up `listen_s` after the answer.

    folder gets SIPp's own files. Raises SippFailed.
    """
    arguments = _scenario(folder, "caller.xml", voice=voice)
    (folder / "numbers.csv").write_text("SEQUENTIAL\n" + "".join(f"{n}\n" for n in numbers))
    # What is not over by then is counted as failed by SIPp, and it ends.
    limit_s = round(len(numbers) / rate + listen_s + 30)
    arguments += ["-inf", str(folder / "numbers.csv")]
    arguments += ["-trace_logs", "-log_file", str(folder / "done.log")]
    arguments += ["-s", line, "-r", str(rate), "-m", str(len(numbers)), "-l", str(MOST_AT_ONCE)]
    arguments += ["-d", str(round(listen_s * 1000)), "-timeout", f"{limit_s}s"]
    process = start(folder, server, CALLER_ADDRESSES[0], arguments)
    try:
        process.wait(limit_s + 10)
    except subprocess.TimeoutExpired as error:
        raise SippFailed(f"SIPp did not end, see {folder}.") from error
    finally:
        end(process)
    with (folder / "counts.csv").open() as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    if not rows:
        raise SippFailed(f"SIPp counted nothing, see {folder}.")
    made = int(rows[-1]["TotalCallCreated"])
    return Called(made, _done(folder / "done.log"), _complaint(folder))


class OperatorPhones:
    """Telephones that answer every call at once, from enter to exit."""

    def __init__(self, folder: Path, server: str, accounts: list[Account], *, voice: bool) -> None:
        self._voice = voice
        self._folder = folder
        self._server = server
        self._accounts = accounts
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        arguments = _scenario(self._folder, "operator.xml", voice=self._voice)
        port = _free_udp_port(OPERATORS_ADDRESS)
        # SIPp 3.6 knows no SHA-256 and gives up at the first challenge that is not MD5, so the
        # telephones are registered here, from the port at which SIPp then answers.
        with _Registration(port, self._server) as registration:
            for account in self._accounts:
                registration.register(account)
            registration.linger()
        self._process = start(
            self._folder, self._server, OPERATORS_ADDRESS, arguments, local_port=port
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process:
            end(self._process)

    @property
    def cost_s(self) -> float:
        """Processor seconds that the telephones have taken so far."""
        return cost_of(self._process.pid).seconds if self._process else 0.0

    @property
    def complaint(self) -> str:
        """The last thing that SIPp did not like; empty when there was none."""
        return _complaint(self._folder)


class _Registration:
    """A UDP socket that registers telephones and meanwhile answers Asterisk's OPTIONS."""

    def __init__(self, port: int, server: str) -> None:
        host, _, server_port = server.partition(":")
        self._server = (host, int(server_port))
        self._port = port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def __enter__(self) -> Self:
        self._socket.bind((OPERATORS_ADDRESS, self._port))
        self._socket.settimeout(ANSWER_WITHIN_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def register(self, account: Account) -> None:
        """Make one telephone reachable. Raises SippFailed."""
        deadline = time.monotonic() + 10
        answer = self._asked(account, 1, "")
        while " 200 " not in answer.partition("\r\n")[0]:
            challenge = re.search(r"(?im)^WWW-Authenticate: *(Digest .*SHA-256.*?)\r?$", answer)
            if challenge is None or time.monotonic() > deadline:
                raise SippFailed(f"{account.account} was not registered: {answer.splitlines()[:1]}")
            answer = self._asked(account, 2, self._authorization(account, challenge[1]))

    def linger(self) -> None:
        """Answer what is still asked, so that no telephone is missed while SIPp starts."""
        self._socket.settimeout(QUIET_S)
        with suppress(TimeoutError):
            while True:
                heard = self._socket.recv(65535).decode(errors="replace")
                if heard.startswith("OPTIONS "):
                    self._here_i_am(heard)

    def _asked(self, account: Account, sequence: int, authorization: str) -> str:
        here = f"{OPERATORS_ADDRESS}:{self._port}"
        call_id = secrets.token_hex(8)
        request = (
            f"REGISTER sip:{self._server[0]} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{secrets.token_hex(8)}\r\n"
            f"From: <sip:{account.account}@{self._server[0]}>;tag={secrets.token_hex(4)}\r\n"
            f"To: <sip:{account.account}@{self._server[0]}>\r\n"
            f"Call-ID: {call_id}\r\nCSeq: {sequence} REGISTER\r\n"
            f"Contact: <sip:{account.account}@{here}>\r\nExpires: {EXPIRES_S}\r\n"
            f"Max-Forwards: 70\r\n{authorization}Content-Length: 0\r\n\r\n"
        )
        self._socket.sendto(request.encode(), self._server)
        while True:
            try:
                heard = self._socket.recv(65535).decode(errors="replace")
            except TimeoutError as error:
                raise SippFailed(f"Nobody answered {account.account}'s REGISTER.") from error
            if heard.startswith("OPTIONS "):
                self._here_i_am(heard)
            elif heard.startswith("SIP/2.0 ") and call_id in heard:
                return heard

    def _authorization(self, account: Account, challenge: str) -> str:
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.removeprefix("Digest ")))
        uri, own, count = f"sip:{self._server[0]}", secrets.token_hex(8), "00000001"
        secret = _sha256(f"{account.account}:{given['realm']}:{account.password}")
        proof = _sha256(
            f"{secret}:{given['nonce']}:{count}:{own}:auth:{_sha256(f'REGISTER:{uri}')}"
        )
        opaque = f', opaque="{given["opaque"]}"' if "opaque" in given else ""
        return (
            f'Authorization: Digest username="{account.account}", realm="{given["realm"]}",'
            f' nonce="{given["nonce"]}", uri="{uri}", response="{proof}", algorithm=SHA-256,'
            f' cnonce="{own}", qop=auth, nc={count}{opaque}\r\n'
        )

    def _here_i_am(self, options: str) -> None:
        kept = re.findall(r"(?im)^(?:Via|From|To|Call-ID|CSeq):.*$", options)
        answer = "\r\n".join(("SIP/2.0 200 OK", *(line.strip() for line in kept)))
        self._socket.sendto(f"{answer}\r\nContent-Length: 0\r\n\r\n".encode(), self._server)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _scenario(folder: Path, name: str, *, voice: bool) -> list[str]:
    """A new folder with the scenario and what it plays; answers SIPp's arguments for it."""
    folder.mkdir(parents=True)
    text = (HERE / name).read_text()
    if voice:
        (folder / VOICE_FILE).write_bytes(MILLIWATT * (1000 * VOICE_S))
    else:
        text = re.sub(r"(?s) *<nop>.*?</nop>\n", "", text)
    (folder / name).write_text(text)
    return ["-sf", name, "-rtp_threadtasks", str(CALLS_PER_THREAD)]


def _done(log: Path) -> frozenset[str]:
    """The numbers whose calls came to their end in order."""
    try:
        return frozenset(re.findall(r"(?m)^done (\d+)", log.read_text(errors="replace")))
    except FileNotFoundError:
        return frozenset()


def start(
    folder: Path, server: str, address: str, arguments: list[str], local_port: int | None = None
) -> subprocess.Popen[bytes]:
    """SIPp itself, sending from this address; whoever starts it ends it."""
    command = ["sipp", server, *arguments, "-i", address, "-mi", address, "-nostdin"]
    command += ["-p", str(local_port or _free_udp_port(address))]
    command += ["-ci", "127.0.0.1", "-cp", str(free_port(socket.SOCK_DGRAM))]
    command += ["-trace_stat", "-stf", str(folder / "counts.csv"), "-fd", "1"]
    command += ["-trace_err", "-error_file", str(folder / "errors.log")]
    return subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # a screen drawn anew every second
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """End it, whatever it does."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_udp_port(address: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def _complaint(folder: Path) -> str:
    with suppress(OSError):
        # SIPp does not always end the line before it begins the next.
        told = re.split(r"\d{4}-\d\d-\d\d\t", (folder / "errors.log").read_text(errors="replace"))
        if len(told) > 1:
            return told[-1].partition(": ")[2].strip().partition("\n")[0][:160]
    return ""
