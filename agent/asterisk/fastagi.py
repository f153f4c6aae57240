"""FastAGI: the dialplan asks about a call, our answer is channel variables, and no caller waits.

Whoever connects counts as hostile, Asterisk too: it writes a caller's number and name into the
environment as they came, line feeds included, so a caller can put lines there. A session is small
and short whatever comes; when it ends without an answer the dialplan goes on without one.
"""

import asyncio
import ipaddress
import re
import socket
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping

import msgspec
import structlog

from agent.asterisk.agi_command import encode_command
from agent.asterisk.errors import AgiArgumentRefused
from agent.runtime import metrics

MOST_SESSIONS = 200
SESSION_LIMIT_S = 5.0
ANSWER_LIMIT_S = 2.0
MOST_BYTES = 64 * 1024
MOST_LINES = 200
READ_BYTES = 4096
LOG_EVERY_S = 1.0
ACCEPT_AGAIN_S = 0.1

# An underscore in front would make Asterisk hand the variable on to other channels.
VARIABLE_NAME = re.compile(r"[A-Z][A-Z_]{0,31}")
# Lines of a forged environment may still stand before Asterisk's answer to a command.
REPLY = re.compile(rb"[0-9]{3}[ -]")

FIELDS = {
    b"agi_network_script": "script",
    b"agi_uniqueid": "uniqueid",
    b"agi_channel": "channel",
    b"agi_language": "language",
    b"agi_callerid": "caller_number",
    b"agi_calleridname": "caller_name",
    b"agi_context": "context",
    b"agi_extension": "extension",
}
"""The keys that are read; all others are passed over."""

log = structlog.get_logger()


class AgiRequest(msgspec.Struct, frozen=True):
    """What the dialplan asks, and about which call; nothing here proves who is asking.

    Asterisk writes script (the path in agi://host/path), channel, language and uniqueid before the
    caller's words, so there the first value is its own. The caller's number and name are raw, and
    a line feed in them can forge extension and context, which come after.
    """

    script: str = ""
    uniqueid: str = ""
    channel: str = ""
    caller_number: str = ""
    caller_name: str = ""
    extension: str = ""
    context: str = ""
    language: str = ""


class _Ended(Exception):
    """The session ends without an answer; the reason is a label of the metric."""


def parse_request(lines: Iterable[bytes]) -> AgiRequest:
    """The request in these lines of an environment: of a key that comes twice the first value."""
    found: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(b": ")
        if field := FIELDS.get(key):
            found.setdefault(field, value.decode(errors="replace"))
    return AgiRequest(**found)


class FastAgiServer:
    """Answers the dialplan's questions on a loopback address, from listen() to the end of run()."""

    def __init__(
        self,
        address: str,
        port: int,
        answer: Callable[[AgiRequest], Awaitable[Mapping[str, str]]],
    ) -> None:
        """`answer` names the channel variables to set ([A-Z_], at most 32 signs, a letter first).

        It has ANSWER_LIMIT_S. AGISTATUS is SUCCESS without an answer too: only the variables tell
        the dialplan that there was one. A caller can end his own session after the first of them,
        so what belongs together belongs into one.

        Port 0 is any free one. Raises ValueError unless the address is one of IPv4's loopback: who
        answers Asterisk's questions is as mighty as Asterisk itself.
        """
        if not ipaddress.IPv4Address(address).is_loopback:
            raise ValueError(f"FastAGI is for loopback addresses only, not for {address}")
        self._address = address
        self._port = port
        self._answer = answer
        self._listener: socket.socket | None = None
        self._sessions = 0
        self._unlogged = 0
        self._log_again_at = 0.0

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._listener is not None, "listen() comes before"
        port: int = self._listener.getsockname()[1]
        return port

    def listen(self) -> None:
        """Take the port. Raises OSError when another program has it."""
        self._listener = socket.create_server((self._address, self._port), backlog=MOST_SESSIONS)
        self._listener.setblocking(False)

    async def run(self) -> None:
        """Answer for ever, on the port that listen() took; it is given back when this ends."""
        assert self._listener is not None, "listen() comes before"
        loop = asyncio.get_running_loop()
        with self._listener as listener:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    try:
                        connection, _ = await loop.sock_accept(listener)
                    except OSError as error:  # no file descriptor is left, or the peer is gone
                        self._refuse("not_accepted", error)
                        await asyncio.sleep(ACCEPT_AGAIN_S)
                        continue
                    if self._sessions >= MOST_SESSIONS:
                        connection.close()
                        self._refuse("too_many_sessions")
                    else:
                        self._sessions += 1
                        tasks.create_task(self._serve(connection))
                    # A waiting connection is taken without a pause: calls must have their turn.
                    await asyncio.sleep(0)

    async def _serve(self, connection: socket.socket) -> None:
        """One session; only a cancellation comes out of it."""
        try:
            async with asyncio.timeout(SESSION_LIMIT_S):
                await self._converse(_Peer(connection))
        except _Ended as ended:
            self._refuse(str(ended), ended.__cause__)
        except TimeoutError:
            self._refuse("too_slow")
        except OSError:
            self._refuse("closed_early")
        finally:
            connection.close()
            self._sessions -= 1

    async def _converse(self, peer: "_Peer") -> None:
        environment = []
        while line := await peer.line():
            environment.append(line)
        request = parse_request(environment)
        if not (request.uniqueid and request.channel):
            raise _Ended("no_request")
        # One by one: a second command that Asterisk reads with the first waits there for a third.
        for command in await self._commands(request):
            await peer.say(command)
            reply = await peer.line()
            while not REPLY.match(reply) and reply != b"HANGUP":
                reply = await peer.line()
            if reply == b"HANGUP":
                return  # the caller has left: nobody needs the answer
            if not reply.startswith(b"200 "):
                raise _Ended("command_refused")
        metrics.AGI_ANSWERED.inc()

    async def _commands(self, request: AgiRequest) -> list[bytes]:
        """All of the answer or nothing: what cannot be said is found before anything is said."""
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S) as limit:
                variables = await self._answer(request)
            return [_set_variable(name, value) for name, value in variables.items()]
        except AgiArgumentRefused as error:
            raise _Ended("answer_refused") from error
        # Whatever is wrong with our own answer, the service and the dialplan go on.
        except Exception as error:
            raise _Ended("answer_late" if limit.expired() else "answer_failed") from error

    def _refuse(self, reason: str, error: BaseException | None = None) -> None:
        """Count it; a flood of refusals is one line a second, and none quotes what was said."""
        metrics.AGI_REFUSED.labels(reason).inc()
        self._unlogged += 1
        now = asyncio.get_running_loop().time()
        if now < self._log_again_at:
            return
        log.warning("agi_refused", reason=reason, refused=self._unlogged, error=_place(error))
        self._unlogged = 0
        self._log_again_at = now + LOG_EVERY_S


class _Peer:
    """One connection's lines, within what a connection may send in all."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._pending = bytearray()
        self._bytes_left = MOST_BYTES
        self._lines_left = MOST_LINES

    async def line(self) -> bytes:
        """The next line without its line feed."""
        end = self._pending.find(b"\n")
        while end < 0:
            end = await self._read()
        if not self._lines_left:
            raise _Ended("too_many_lines")
        self._lines_left -= 1
        line = bytes(self._pending[:end])
        del self._pending[: end + 1]
        return line

    async def _read(self) -> int:
        """Take in some more; where its first line feed is, or -1."""
        if not self._bytes_left:
            raise _Ended("too_many_bytes")
        loop = asyncio.get_running_loop()
        part = await loop.sock_recv(self._connection, min(READ_BYTES, self._bytes_left))
        if not part:
            raise _Ended("closed_early")
        seen = len(self._pending)
        self._pending += part
        self._bytes_left -= len(part)
        return self._pending.find(b"\n", seen)

    async def say(self, command: bytes) -> None:
        """Send one command, whole: of half a line Asterisk would not let go."""
        await asyncio.get_running_loop().sock_sendall(self._connection, command)


def _set_variable(name: str, value: str) -> bytes:
    if not VARIABLE_NAME.fullmatch(name):
        raise AgiArgumentRefused("not a name of a channel variable")
    return encode_command("SET", "VARIABLE", name, value)


def _place(error: BaseException | None) -> str | None:
    """Kind and line of our own mistake; its words may quote the caller."""
    if error is None:
        return None
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
