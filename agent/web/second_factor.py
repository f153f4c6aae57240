"""Second factors (TOTP, RFC 6238), whose secrets are not kept.

The database has a seed, from which only the office's key makes what an authenticator knows.
"""

import base64
import hmac
import secrets

import pyotp
import structlog

from agent.runtime.person_keys import PersonKeys, PersonKeyUnreadable
from agent.web.problems import Refused

PERIOD_S = 30
SECRET_BYTES = 20
"""As RFC 4226 recommends; 32 letters of base 32."""
AS_IT_IS = "secret:"
"""Before a secret that was enrolled when the database kept it (migration 0029)."""

log = structlog.get_logger()


class SecondFactors:
    """Secrets of authenticators, made anew whenever one is needed."""

    def __init__(self, keys: PersonKeys) -> None:
        self._keys = keys

    def secret_of(self, account: str, seed: str) -> str:
        """What the authenticator knows, in base 32. Raises Refused when the key cannot be read."""
        if seed.startswith(AS_IT_IS):
            return seed.removeprefix(AS_IT_IS)
        try:
            made = self._keys.secret_of(f"second factor of {account}: {seed}")
        except PersonKeyUnreadable as error:
            log.error("second_factors_unreadable", reason=str(error))
            raise Refused(503, "key_unreadable") from error
        return base64.b32encode(made[:SECRET_BYTES]).decode()


def make_seed() -> str:
    """What is kept of a new secret."""
    return secrets.token_urlsafe(16)


def enrolment(secret: str, account: str, office: str) -> str:
    """The address that an authenticator reads as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=office)


def period_of(secret: str, code: str, unix_s: float) -> int | None:
    """The period of 30 seconds whose code this is: now, or one before or after; else None."""
    typed = code.replace(" ", "")
    now = int(unix_s // PERIOD_S)
    for period in (now, now - 1, now + 1):
        if hmac.compare_digest(pyotp.TOTP(secret).generate_otp(period), typed):
            return period
    return None
