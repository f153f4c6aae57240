"""Somebody who speaks SIP by hand, to send what no telephone would and as much as he likes."""

import hashlib
import re
import secrets
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Self

from agent.asterisk.phone_accounts import digest_of

ANSWERED_WITHIN_S = 2.0
PACE_S = 0.005


class Stranger:
    """One UDP socket at one address; server is Asterisk's "host:port"."""

    def __init__(self, server: str, address: str) -> None:
        host, _, port = server.partition(":")
        self.server = server
        self.address = address
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._socket.connect((host, int(port)))
        self._socket.setblocking(False)
        self.here = f"{address}:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def request(
        self,
        method: str,
        number: str = "1500",
        *,
        user: str = "stranger",
        call_id: str = "",
        more: str = "",
        body: str = "",
    ) -> bytes:
        """A request in good form; `more` are header lines, each with its line end."""
        host = self.server.partition(":")[0]
        to = user if method == "REGISTER" else number
        return (
            f"{method} sip:{to}@{self.server} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.here};rport;branch=z9hG4bK{secrets.token_hex(8)}\r\n"
            f"From: <sip:{user}@{host}>;tag={secrets.token_hex(4)}\r\nTo: <sip:{to}@{host}>\r\n"
            f"Call-ID: {call_id or secrets.token_hex(8)}\r\nCSeq: 1 {method}\r\n"
            f"Max-Forwards: 70\r\nContact: <sip:{user}@{self.here}>\r\n{more}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def send(self, message: bytes) -> None:
        """One datagram; a full buffer is the network's way to lose one."""
        with suppress(BlockingIOError, ConnectionRefusedError):
            self._socket.send(message)

    def ask(self, message: bytes, within_s: float = ANSWERED_WITHIN_S) -> str | None:
        """The last answer to a request, or None when nobody answers."""
        call_id = re.search(rb"(?m)^Call-ID: *(.*?)\r$", message)
        assert call_id
        self.send(message)
        deadline = time.monotonic() + within_s
        while (left_s := deadline - time.monotonic()) > 0:
            if not select.select([self._socket], [], [], left_s)[0]:
                break
            with suppress(BlockingIOError, ConnectionRefusedError):
                answer = self._socket.recv(65535).decode(errors="replace")
                if call_id[1].decode() in answer and not answer.startswith("SIP/2.0 1"):
                    return answer
        return None

    def status(self, message: bytes, within_s: float = ANSWERED_WITHIN_S) -> int | None:
        """The status of the last answer to a request, or None when nobody answers."""
        answer = self.ask(message, within_s)
        return int(answer.split(" ", 2)[1]) if answer else None

    def heard(self) -> int:
        """How many datagrams have come since somebody asked last."""
        count = 0
        with suppress(BlockingIOError, ConnectionRefusedError):
            while self._socket.recv(65535):
                count += 1
        return count

    def register(self, account: str, realm: str, password: str, **forged: str) -> int | None:
        """Register once; the status, or None when nobody answers. `forged` goes into the proof."""
        answer = self.ask(self.request("REGISTER", user=account))
        if answer is None:
            return None
        found = re.search(r'nonce="([^"]+)",opaque="([^"]+)",algorithm=MD5', answer)
        assert found, answer
        secret = digest_of(account, realm, password).md5
        proof = {
            "username": account,
            "realm": realm,
            "nonce": found[1],
            "opaque": found[2],
            "uri": "sip:x",
            "cnonce": "c",
            "response": _md5(f"{secret}:{found[1]}:00000001:c:auth:{_md5('REGISTER:sip:x')}"),
            **forged,
        }
        words = ", ".join(f'{name}="{value}"' for name, value in proof.items())
        header = f"Authorization: Digest {words}, algorithm=MD5, qop=auth, nc=00000001\r\n"
        return self.status(self.request("REGISTER", user=account, more=header))

    @contextmanager
    def flooding(self, make: Callable[[int], bytes], rate: int) -> Iterator[Callable[[], int]]:
        """Send `rate` a second meanwhile; what is yielded tells how many there were."""
        ended, sent = threading.Event(), 0

        def flood() -> None:
            nonlocal sent
            began = time.monotonic()
            while not ended.wait(PACE_S):
                due = int((time.monotonic() - began) * rate)
                while sent < due and not ended.is_set():
                    self.send(make(sent))
                    sent += 1

        thread = threading.Thread(target=flood, name="flood")
        thread.start()
        try:
            yield lambda: sent
        finally:
            ended.set()
            thread.join()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
