"""ARI's commands: HTTP requests over a small pool of kept connections, each with a deadline."""

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import msgspec
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from agent.asterisk.errors import AsteriskRefused, AsteriskUnreachable

POOL = 16
"""Connections; Asterisk silently closes those beyond its sessionlimit."""

KEEP_ALIVE_S = 2.0
"""Shorter than Asterisk's 15 s, so that we never write into a connection that it just closed."""

DEADLINE_S = 5.0
"""Longer than any command but those behind a prompt, which is stopped first."""


MayCommand = Callable[[], Awaitable[None]]
"""Lets pass, or raises whatever keeps a command back."""


class _GuardedConnector(aiohttp.TCPConnector):
    """Asks whether a command may be sent once its connection is there: no wait comes after."""

    def __init__(self, may_command: MayCommand | None) -> None:
        super().__init__(limit=POOL, keepalive_timeout=KEEP_ALIVE_S)
        self._may_command = may_command

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 (aiohttp's own signature)
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        if self._may_command:
            try:
                await self._may_command()
            except BaseException:
                connection.release()
                raise
        return connection


class AriClient:
    """Requests to one Asterisk. Entered with `async with`.

    `may_command` stands right before every request's first byte.
    """

    def __init__(
        self,
        url: str,
        user: str,
        secret: str,
        may_command: MayCommand | None = None,
    ) -> None:
        self._url = url.rstrip("/") + "/ari"
        self._may_command = may_command
        self._headers = {"Authorization": aiohttp.encode_basic_auth(user, secret)}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=_GuardedConnector(self._may_command),
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=DEADLINE_S),
            cookie_jar=aiohttp.DummyCookieJar(),  # Asterisk sets none; looking for them costs
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session:
            await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The pool; also opens the event WebSocket."""
        assert self._session is not None, "AriClient is used inside its `async with`"
        return self._session

    @property
    def url(self) -> str:
        """Where ARI is."""
        return self._url

    async def get(self, *path: str, **query: str) -> Any:
        """GET, decoded. Raises AsteriskRefused, AsteriskUnreachable."""
        return await self._request("GET", path, query, None)

    async def post(self, *path: str, body: object = None, **query: str) -> Any:
        """POST, decoded. Raises AsteriskRefused, AsteriskUnreachable."""
        return await self._request("POST", path, query, body)

    async def put(self, *path: str, body: object = None, **query: str) -> Any:
        """PUT, decoded. Raises AsteriskRefused, AsteriskUnreachable."""
        return await self._request("PUT", path, query, body)

    async def create(self, *path: str, body: object = None, **query: str) -> None:
        """POST with an id of our own: that it exists already means that it was done before."""
        try:
            await self.post(*path, body=body, **query)
        except AsteriskRefused as refused:
            if refused.status != 409:
                raise

    async def delete(self, *path: str, **query: str) -> None:
        """DELETE; that it is gone already means that it was done before.

        Asterisk answers 409 for a bridge that it is just taking apart.
        """
        try:
            await self._request("DELETE", path, query, None)
        except AsteriskRefused as refused:
            if refused.status not in {404, 409}:
                raise

    async def _request(
        self, method: str, path: tuple[str, ...], query: dict[str, str], body: object
    ) -> Any:
        url = "/".join((self._url, *(quote(part, safe="") for part in path)))
        data = None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": "application/json"} if data else None
        try:
            async with self.session.request(
                method, url, params=query, data=data, headers=headers
            ) as response:
                content = await response.read()
                if response.status >= 400:
                    raise AsteriskRefused(response.status, _reason(content))
                return msgspec.json.decode(content) if content else None
        except (TimeoutError, aiohttp.ClientError, msgspec.DecodeError) as error:
            # A time-out says nothing of itself; aiohttp's repr would print its whole connection.
            reason = str(error) or type(error).__name__
            raise AsteriskUnreachable(f"{method} {'/'.join(path)}: {reason}") from error


def _reason(content: bytes) -> str:
    """Asterisk's own sentence, without the request it may quote."""
    try:
        decoded = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return "no reason given"
    return str(decoded.get("message") or decoded.get("error")) if isinstance(decoded, dict) else ""
