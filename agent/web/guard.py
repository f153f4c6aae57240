"""Who asks, and whether he may: sessions of browsers, tokens of programs, forged requests refused.

A session is known by a cookie that no script reads and no other site sends; whatever changes
something must also come from our own page (Origin) and carry what only our own page knows (CSRF).
While the database is away, whoever was known a moment before stays known: his call goes on.
"""

import hashlib
import hmac
import ipaddress
import secrets
import time
from datetime import timedelta
from urllib.parse import urlsplit

from aiohttp import web

from agent.database.accounts import Accounts, Session
from agent.database.errors import DatabaseUnreachable
from agent.domain.rights import RIGHTS, Identity, Right
from agent.runtime import clock
from agent.web.problems import Refused

COOKIE, DEVICE_COOKIE = "__Host-lpse", "__Host-lpse-device"
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
LOOKED_UP_EVERY_S = 5.0
"""An account that is removed is out after so long."""
REMEMBERED = 2000
TOKEN = "lpse_"  # noqa: S105 — how every token begins, so that a leaked one is recognised
SAFE = ("GET", "HEAD", "OPTIONS")


def digest_of(secret: str) -> bytes:
    """What the database keeps of a secret of 256 random bits; no password, so no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def make_token() -> tuple[str, str, bytes]:
    """A new token: its id, the text that is shown once, what is kept of it."""
    token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return token_id, f"{TOKEN}{token_id}_{secret}", digest_of(secret)


def csrf_of(cookie: str) -> str:
    """What our own pages of this session know; it tells nothing of the cookie itself."""
    return hashlib.sha256(f"csrf {cookie}".encode()).hexdigest()


class Guard:
    """Looks at every request before anything else does."""

    def __init__(self, accounts: Accounts, origin: str | None) -> None:
        """`origin` is how browsers see us, e.g. https://helpdesk.example.go.id."""
        self._accounts = accounts
        self._origin = origin
        self._seen: dict[bytes, tuple[Session, float]] = {}

    async def identity(self, request: web.Request) -> Identity | None:
        """Who asks; None for nobody. Raises Refused for a token that is none."""
        authorization = request.headers.get("Authorization")
        if authorization is not None:
            return await self._program(authorization)
        session = await self.session(request)
        if session is None:
            return None
        return Identity(
            account=session.account,
            name=session.name,
            role=session.role,
            rights=RIGHTS[session.role],
            operator=session.operator,
        )

    async def session(self, request: web.Request) -> Session | None:
        """The browser's session, if it has one. Raises Refused when nothing can be told."""
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            return None
        digest = digest_of(cookie)
        known = self._seen.get(digest)
        if known and time.monotonic() - known[1] < LOOKED_UP_EVERY_S:
            return known[0]
        try:
            session = await self._accounts.session(digest, IDLE)
        except DatabaseUnreachable as error:
            if known is None:
                raise Refused(503, "database_away") from error
            return known[0] if known[0].ends_at > clock.now() else None
        self._seen.pop(digest, None)
        if session:
            self._seen[digest] = session, time.monotonic()
            if len(self._seen) > REMEMBERED:
                del self._seen[next(iter(self._seen))]
        return session

    async def still(self, request: web.Request, who: Identity) -> bool:
        """Whether it is still he who asked, with the same rights; his session is seen by this.

        Nobody is put out because nothing can be told.
        """
        try:
            return await self.identity(request) == who
        except Refused as refused:
            return refused.status == 503

    def forget(self, account: str) -> None:
        """This account is looked up anew: it was changed, or logged out."""
        self._seen = {d: s for d, s in self._seen.items() if s[0].account != account}

    def refuse_forged(self, request: web.Request, csrf: str | None) -> None:
        """Of a browser: whatever changes something comes from our own page. Raises Refused."""
        self.refuse_foreign(request)
        cookie = request.cookies.get(COOKIE, "")
        if not csrf or not hmac.compare_digest(csrf.encode(), csrf_of(cookie).encode()):
            raise Refused(403, "request_forged")

    def refuse_foreign(self, request: web.Request) -> None:
        """Sent by another site's page, or by none at all. Raises Refused."""
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        if site not in ("same-origin", "none"):
            raise Refused(403, "request_forged")
        origin = request.headers.get("Origin", "")
        own = self._origin or f"{request.scheme}://{request.host}"
        if origin != own:
            raise Refused(403, "request_forged")

    def refuse_other_names(self, request: web.Request) -> None:
        """A name that is not ours leads here (DNS rebinding). Raises Refused."""
        if self._origin is None:
            if not is_loopback(urlsplit(f"//{request.host}").hostname):
                raise Refused(421, "other_name")
        elif request.host != urlsplit(self._origin).netloc:
            raise Refused(421, "other_name")

    async def _program(self, authorization: str) -> Identity:
        scheme, _, text = authorization.partition(" ")
        token_id, _, secret = text.strip().removeprefix(TOKEN).partition("_")
        if scheme.lower() != "bearer" or not token_id.isalnum() or not text.isascii():
            raise Refused(401, "token_invalid")
        try:
            token = await self._accounts.token(token_id)
        except DatabaseUnreachable as error:
            raise Refused(503, "database_away") from error
        if token is None or not hmac.compare_digest(token.digest, digest_of(secret)):
            raise Refused(401, "token_invalid")
        known = {right.value for right in Right}
        rights = frozenset(Right(scope) for scope in token.scopes if scope in known)
        return Identity(
            account=f"token:{token.id}", name=token.name, rights=rights, operator=token.operator
        )


def address_of(request: web.Request) -> str:
    """Where a request comes from: behind a proxy on this machine, what that one says."""
    remote = request.remote or ""
    forwarded = request.headers.get("X-Forwarded-For")
    if forwarded and is_loopback(remote):
        return forwarded.rpartition(",")[2].strip()[:60]
    return remote


def is_loopback(host: str | None) -> bool:
    """Whether this name or address is of this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
