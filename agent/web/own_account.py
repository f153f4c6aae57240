"""One's own account: another password, another authenticator, by what one knows and has already.

Who asks has a session, but a session may be another's who found the screen open: the password is
asked again, and guessed at no oftener than at the login (ASVS 5.0 6.2.3, 7.5.1).
"""

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from agent.database.accounts import Account
from agent.domain.rights import SECOND_FACTOR
from agent.runtime import clock
from agent.web import passwords
from agent.web.attempts import Attempts
from agent.web.guard import COOKIE, address_of, digest_of
from agent.web.login import remember_browser
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.passwords import PasswordWeak, TooBusy
from agent.web.problems import Refused
from agent.web.second_factor import period_of

Typed = Annotated[str, Meta(max_length=200)]


class PasswordChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The password that counts now, and the one that shall; `repeated` guards against a slip."""

    old_password: Typed
    new_password: Typed
    repeated: Typed | None = None


class SecondFactorRenewal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The password, and a code of the authenticator that is to be replaced."""

    password: Typed
    code: Typed


def own_account_operations(parts: Parts) -> list[Operation]:
    """Changing them; each is on record."""
    kept, attempts, codes = parts.accounts, Attempts(), Attempts()

    async def change_password(asking: Asking, asked: PasswordChange) -> web.StreamResponse:
        account = await _proved(parts, attempts, asking, asked.old_password)
        new = asked.new_password
        try:
            if asked.repeated not in (None, new):
                raise PasswordWeak("password_differs")
            passwords.refuse_weak(new, account.account, account.name)
            if new == asked.old_password:
                raise PasswordWeak("password_common")
            hashed = await parts.passwords.hash(new)
        except PasswordWeak as weak:
            raise Refused(422, str(weak)) from weak
        except TooBusy as error:
            raise Refused(503, "too_many_logins") from error
        session = digest_of(asking.request.cookies[COOKIE])
        await kept.choose_password(account.account, hashed, session)
        parts.guard.forget(account.account)
        answer = web.Response(status=204)
        remember_browser(answer, account.account, hashed)
        return answer

    async def renew_second_factor(asking: Asking, asked: SecondFactorRenewal) -> None:
        account = await _proved(parts, attempts, asking, asked.password)
        if not account.totp_confirmed or account.totp_seed is None:
            raise Refused(409, "no_second_factor")
        address = address_of(asking.request)
        # Counted by themselves: a right password does not forgive guessed codes.
        if not codes.allowed(account.account, address, False):
            raise Refused(429, "too_many_attempts")
        codes.failed(account.account, address, False)
        secret = parts.second_factors.secret_of(account.account, account.totp_seed)
        period = period_of(secret, asked.code, clock.now().timestamp())
        if period is None or not await kept.use_code(account.account, period):
            await kept.audit(account.account, "code_failed", account.account, {"from": address})
            raise Refused(403, "code_failed")
        codes.succeeded(account.account, address, False)
        await kept.forget_second_factor(account.account, account.account)
        parts.guard.forget(account.account)

    return [
        Operation(
            name="changeOwnPassword", method="POST", path="/account/password", right=None,
            summary="Another password for oneself; one's other browsers are logged out.",
            perform=change_password, asked=PasswordChange, refuses=(429,),
        ),
        Operation(
            name="renewOwnSecondFactor", method="POST", path="/account/second-factor", right=None,
            summary="One's authenticator counts no more; the next login shows a new secret.",
            perform=renew_second_factor, asked=SecondFactorRenewal, refuses=(409, 429),
        ),
    ]  # fmt: skip


def own_account_pages(_parts: Parts) -> list[Page]:
    """Where everybody finds himself, behind his name."""

    async def show(asking: Asking) -> Shown:
        return Shown("account.html", {"has_second_factor": asking.who.role in SECOND_FACTOR})

    return [Page(path="/account", right=None, show=show)]


async def _proved(parts: Parts, attempts: Attempts, asking: Asking, password: str) -> Account:
    """Whose password this is. Raises Refused: a program has none, and a guesser few tries."""
    if asking.who.role is None:
        raise Refused(403, "not_allowed")
    name, address = asking.who.account, address_of(asking.request)
    account = await parts.accounts.read(name)
    if account is None:
        raise Refused(401, "not_logged_in")
    if not attempts.allowed(name, address, False):
        await parts.accounts.audit(name, "login_limited", name, {"from": address})
        raise Refused(429, "too_many_attempts")
    attempts.failed(name, address, False)  # before it is checked: what comes at once counts too
    try:
        right = await parts.passwords.right(account.password_hash, password)
    except TooBusy as error:
        attempts.take_back(name, address, False)
        raise Refused(503, "too_many_logins") from error
    if not right:
        await parts.accounts.audit(name, "password_failed", name, {"from": address})
        raise Refused(403, "password_wrong")
    attempts.succeeded(name, address, False)
    return account
