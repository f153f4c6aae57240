"""Logging in: a password, then one's own where it was given, then a second factor where it is due.

Between these steps nobody is logged in: what is proved so far is kept here for five minutes, under
a random name that the next form carries. A session begins at the end, always with a new cookie.
"""

import secrets
import time
from dataclasses import dataclass

import segno
from aiohttp import web

from agent.database.accounts import Account, Accounts
from agent.database.errors import DatabaseUnreachable
from agent.domain.rights import SECOND_FACTOR
from agent.runtime import clock
from agent.web import passwords
from agent.web.attempts import Attempts
from agent.web.guard import COOKIE, DEVICE_COOKIE, LONGEST, Guard, address_of, digest_of
from agent.web.operations import LANGUAGE_COOKIE
from agent.web.pages import Shown, Templates, see_other
from agent.web.passwords import Passwords, PasswordWeak, TooBusy
from agent.web.problems import Refused
from agent.web.second_factor import SecondFactors, enrolment, make_seed, period_of

STEPS_WITHIN_S = 300.0
MOST_BEGUN = 500
LONGEST_FIELD = 200


@dataclass
class Begun:
    """Somebody whose password was right, and what he has still to do."""

    account: Account
    until: float
    secret: str | None = None
    session: bytes = b""


class Login:
    """The forms of /login, /logout, /password."""

    def __init__(
        self,
        accounts: Accounts,
        guard: Guard,
        checked: Passwords,
        second_factors: SecondFactors,
        templates: Templates,
        office: str,
    ) -> None:
        self._accounts = accounts
        self._guard = guard
        self._templates = templates
        self._office = office
        self._passwords = checked
        self._second_factors = second_factors
        self._attempts = Attempts()
        self._begun: dict[str, Begun] = {}

    def add_to(self, application: web.Application) -> None:
        """Make the routes."""
        application.router.add_get("/login", self._show)
        application.router.add_post("/login", self._log_in)
        application.router.add_post("/login/password", self._choose)
        application.router.add_post("/login/code", self._code)
        application.router.add_post("/logout", self._log_out)
        application.router.add_post("/language", self._language)

    async def _show(self, request: web.Request) -> web.Response:
        who = await self._guard.identity(request)
        if who:
            return see_other("/")
        return self._form(request, "login.html", then=_local(request.query.get("then")))

    async def _log_in(self, request: web.Request) -> web.Response:
        self._guard.refuse_foreign(request)
        form = await _fields(request)
        name, password = form.get("account", "").strip().casefold(), form.get("password", "")
        then, address = _local(form.get("then")), address_of(request)
        try:
            account = await self._accounts.read(name)
            hashed = account.password_hash if account else passwords.NOBODYS
            known = passwords.is_known_device(name, hashed, request.cookies.get(DEVICE_COOKIE))
            if not self._attempts.allowed(name, address, known):
                await self._audit(name, "login_limited", address)
                return self._again(request, "too_many_attempts", 429, then)
            # Counted before it is checked: what is tried at the same moment counts too.
            self._attempts.failed(name, address, known)
            try:
                right = await self._passwords.right(hashed, password, stranger=not known)
            except TooBusy:
                self._attempts.take_back(name, address, known)
                return self._again(request, "too_many_logins", 503, then)
            if not right or account is None:
                await self._audit(name, "login_failed", address)
                return self._again(request, "login_failed", 401, then)
        except DatabaseUnreachable:
            return self._again(request, "database_away", 503, then)
        if account.role not in SECOND_FACTOR:
            self._attempts.succeeded(name, address, known)
        return await self._next(request, self._begin(account), then)

    async def _choose(self, request: web.Request) -> web.Response:
        self._guard.refuse_foreign(request)
        form = await _fields(request)
        step, then = form.get("step", ""), _local(form.get("then"))
        begun = self._found(step)
        chosen = form.get("new_password", "")
        try:
            if chosen != form.get("repeated"):
                raise PasswordWeak("password_differs")
            passwords.refuse_weak(chosen, begun.account.account, begun.account.name)
            if await self._passwords.right(begun.account.password_hash, chosen):
                raise PasswordWeak("password_common")
            hashed = await self._passwords.hash(chosen)
        except PasswordWeak as weak:
            words = str(weak)
            return self._form(
                request, "choose_password.html", 422, step=step, then=then, problem=words
            )
        except TooBusy:
            return self._again(request, "too_many_logins", 503, then)
        await self._accounts.choose_password(begun.account.account, hashed, b"")
        self._guard.forget(begun.account.account)
        account = await self._accounts.read(begun.account.account)
        if account is None:
            raise Refused(401, "login_over")
        begun.account = account
        return await self._next(request, step, then)

    async def _code(self, request: web.Request) -> web.Response:
        self._guard.refuse_foreign(request)
        form = await _fields(request)
        step, then, address = form.get("step", ""), _local(form.get("then")), address_of(request)
        begun = self._found(step)
        account = begun.account
        secret = begun.secret
        if account.totp_confirmed and account.totp_seed:
            secret = self._second_factors.secret_of(account.account, account.totp_seed)
        if account.password_once or secret is None:
            raise Refused(401, "login_over")
        device = request.cookies.get(DEVICE_COOKIE)
        known = passwords.is_known_device(account.account, account.password_hash, device)
        if not self._attempts.allowed(account.account, address, known):
            return self._again(request, "too_many_attempts", 429, then)
        self._attempts.failed(account.account, address, known)
        period = period_of(secret, form.get("code", ""), clock.now().timestamp())
        if period is None or not await self._accounts.use_code(account.account, period):
            await self._audit(account.account, "code_failed", address)
            return self._second(request, step, then, begun, 401)
        self._attempts.succeeded(account.account, address, known)
        return await self._enter(request, step, then)

    async def _next(self, request: web.Request, step: str, then: str) -> web.Response:
        begun = self._found(step)
        account = begun.account
        if account.password_once:
            return self._form(request, "choose_password.html", step=step, then=then)
        if account.role not in SECOND_FACTOR:
            return await self._enter(request, step, then)
        if not account.totp_confirmed:
            seed = make_seed()
            begun.secret = self._second_factors.secret_of(account.account, seed)
            await self._accounts.offer_second_factor(account.account, seed)
        return self._second(request, step, then, begun, 200)

    async def _enter(self, request: web.Request, step: str, then: str) -> web.Response:
        account = self._begun.pop(step).account
        cookie = secrets.token_urlsafe(32)
        await self._accounts.begin_session(digest_of(cookie), account.account, LONGEST)
        answer = see_other(then)
        _set_cookie(answer, COOKIE, cookie, LONGEST.total_seconds())
        remember_browser(answer, account.account, account.password_hash)
        return answer

    async def _log_out(self, request: web.Request) -> web.Response:
        form = await _fields(request)
        self._guard.refuse_forged(request, form.get("csrf"))
        session = await self._guard.session(request)
        if session:
            digest = digest_of(request.cookies[COOKIE])
            await self._accounts.end_session(digest, session.account)
            self._guard.forget(session.account)
        answer = see_other("/login")
        answer.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        return answer

    async def _language(self, request: web.Request) -> web.Response:
        self._guard.refuse_foreign(request)
        form = await _fields(request)
        answer = see_other(_local(form.get("then")))
        chosen = "en" if form.get("language") == "en" else "id"
        answer.set_cookie(
            LANGUAGE_COOKIE, chosen, max_age=365 * 86400, path="/", secure=True, samesite="Lax"
        )
        return answer

    def _begin(self, account: Account) -> str:
        now = time.monotonic()
        self._begun = {step: begun for step, begun in self._begun.items() if begun.until > now}
        if len(self._begun) >= MOST_BEGUN:
            raise Refused(503, "too_many_logins")
        step = secrets.token_urlsafe(24)
        self._begun[step] = Begun(account, now + STEPS_WITHIN_S)
        return step

    def _found(self, step: str) -> Begun:
        begun = self._begun.get(step)
        if begun is None or begun.until < time.monotonic():
            raise Refused(401, "login_over")
        return begun

    def _second(
        self, request: web.Request, step: str, then: str, begun: Begun, status: int
    ) -> web.Response:
        secret, picture = begun.secret, None
        if secret:
            address = enrolment(secret, begun.account.account, self._office)
            picture = segno.make(address).svg_data_uri(scale=5, border=2)
        problem = "code_failed" if status != 200 else None
        return self._form(
            request, "code.html", status, step=step, then=then, secret=secret, picture=picture,
            problem=problem,
        )  # fmt: skip

    def _again(self, request: web.Request, reason: str, status: int, then: str) -> web.Response:
        return self._form(request, "login.html", status, then=then, problem=reason)

    def _form(
        self, request: web.Request, template: str, status: int = 200, **values: object
    ) -> web.Response:
        return self._templates.render(request, Shown(template, {"problem": None, **values}, status))

    async def _audit(self, account: str, action: str, address: str) -> None:
        """Of unknown accounts too; what was typed there may be a password, so it is not kept."""
        known = await self._accounts.read(account)
        await self._accounts.audit(account if known else "?", action, "", {"from": address})


def remember_browser(answer: web.StreamResponse, account: str, hashed: str) -> None:
    """He has logged in here with this password: strangers' guesses do not shut this browser out."""
    device = passwords.known_device(account, hashed, secrets.token_urlsafe(12))
    _set_cookie(answer, DEVICE_COOKIE, device, 180 * 86400)


def _set_cookie(answer: web.StreamResponse, name: str, value: str, seconds: float) -> None:
    answer.set_cookie(
        name, value, max_age=int(seconds), path="/", secure=True, httponly=True, samesite="Strict"
    )


async def _fields(request: web.Request) -> dict[str, str]:
    posted = await request.post()
    return {
        key: value for key, value in posted.items() if isinstance(value, str)
        and len(value) <= LONGEST_FIELD
    }  # fmt: skip


def _local(then: str | None) -> str:
    """Where to go on afterwards: on this site, or to its beginning."""
    if then and then.startswith("/") and not then.startswith(("//", "/\\")) and "\n" not in then:
        return then
    return "/"
