"""A caller whose SIP is written by hand, to send what no telephone library would."""

import asyncio
import secrets
from typing import Self

ADDRESS = "127.0.0.3"
ANSWERED_WITHIN_S = 10.0


class BareCaller(asyncio.DatagramProtocol):
    """Sends one INVITE with any From header, and leaves again once it is answered."""

    def __init__(self) -> None:
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._transport: asyncio.DatagramTransport

    @classmethod
    async def at(cls, server: str, address: str = ADDRESS) -> Self:
        """Made at a free port, by default of a trunk's address; server is "host:port"."""
        host, _, port = server.partition(":")
        loop = asyncio.get_running_loop()
        _, made = await loop.create_datagram_endpoint(
            cls, local_addr=(address, 0), remote_addr=(host, int(port))
        )
        return made

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # what create_datagram_endpoint gives
        """The socket is open."""
        self._transport = transport

    def datagram_received(self, data: bytes, _address: object) -> None:
        """An answer of Asterisk."""
        self._answers.put_nowait(data)

    async def call(self, number: str, identity: bytes) -> int:
        """Dial as this From header says, hang up when answered; the last SIP status."""
        address, port = self._transport.get_extra_info("sockname")
        name = secrets.token_hex(6)
        request = b"INVITE sip:%s@%s SIP/2.0" % (number.encode(), address.encode())
        from_ = b"From: %s;tag=%s" % (identity, name.encode())
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            "m=audio 40000 RTP/AVP 8\r\n"
        ).encode()
        self._send(request, name, address, port, from_, b"To: <sip:x@y>", 1, b"INVITE", sdp)
        while True:
            answer = await asyncio.wait_for(self._answers.get(), ANSWERED_WITHIN_S)
            status = int(answer.split(b" ", 2)[1])
            if status < 200:
                continue
            if status == 200:
                to = next(line for line in answer.split(b"\r\n") if line.startswith(b"To:"))
                contact = next(
                    line for line in answer.split(b"\r\n") if line.startswith(b"Contact")
                )
                target = contact.split(b"<")[1].split(b">")[0]
                self._send(
                    b"ACK %s SIP/2.0" % target, name, address, port, from_, to, 1, b"ACK", b""
                )
                self._send(
                    b"BYE %s SIP/2.0" % target, name, address, port, from_, to, 2, b"BYE", b""
                )
            return status

    def close(self) -> None:
        """Give the port back."""
        self._transport.close()

    def _send(
        self,
        request: bytes,
        name: str,
        address: str,
        port: int,
        from_: bytes,
        to: bytes,
        sequence: int,
        method: bytes,
        body: bytes,
    ) -> None:
        branch = f"z9hG4bK{name}{sequence}{method.decode()}"
        head = [
            request,
            f"Via: SIP/2.0/UDP {address}:{port};branch={branch}".encode(),
            b"Max-Forwards: 70",
            from_,
            to,
            f"Call-ID: {name}@{address}".encode(),
            b"CSeq: %d %s" % (sequence, method),
            f"Contact: <sip:x@{address}:{port}>".encode(),
            b"Content-Type: application/sdp",
            b"Content-Length: %d" % len(body),
        ]
        self._transport.sendto(b"\r\n".join(head) + b"\r\n\r\n" + body)
