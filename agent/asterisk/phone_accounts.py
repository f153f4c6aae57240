"""An operator's phone as the objects that Asterisk's SIP driver keeps for it."""

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# No letter or digit that a person mistakes for another when reading it from paper.
EASY_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
PASSWORD_GROUPS = 4
LETTERS_PER_GROUP = 4

# The dialplan's fallback rings only names of this form.
ACCOUNT_FORM = re.compile(r"op-[0-9]+")


@dataclass(frozen=True)
class PasswordDigest:
    """What is kept of a password: the hashes that SIP digest authentication compares.

    Both are hexadecimal hashes of "account:realm:password" (RFC 7616, section 3.4.2). They are
    of use only for this account and realm, but there as good as the password.
    """

    sha256: str
    md5: str


@dataclass(frozen=True)
class ConfigObject:
    """One object for PUT /asterisk/config/dynamic/res_pjsip/{object_type}/{object_id}."""

    object_type: str
    object_id: str
    fields: Mapping[str, str]


def make_password() -> str:
    """A new random password of 80 bits in four groups, easy to read out and to type."""
    return "-".join(
        "".join(secrets.choice(EASY_LETTERS) for _ in range(LETTERS_PER_GROUP))
        for _ in range(PASSWORD_GROUPS)
    )


def digest_of(account: str, realm: str, password: str) -> PasswordDigest:
    """The hashes to keep; realm must equal the one in the rendered pjsip.conf."""
    secret = f"{account}:{realm}:{password}".encode()
    return PasswordDigest(
        sha256=hashlib.sha256(secret).hexdigest(),
        md5=hashlib.md5(secret, usedforsecurity=False).hexdigest(),  # many phones know only MD5
    )


def dialled_together(accounts: Iterable[str]) -> str:
    """What the dialplan's fallback rings: these accounts' telephones, all at once."""
    return "&".join(f"PJSIP/{account}" for account in sorted(accounts))


def phone_account_objects(account: str, digest: PasswordDigest) -> list[ConfigObject]:
    """The objects of one phone in the order of creation; delete them in the reverse order.

    Raises ValueError for an account that is not op- and digits.
    """
    if not ACCOUNT_FORM.fullmatch(account):
        raise ValueError(f"A phone account is op- and digits, not {account!r}.")
    # Written as Asterisk gives them back, so that what it keeps can be compared.
    authentication = {
        "auth_type": "digest",
        "username": account,
        "password_digest": f"MD5:{digest.md5},SHA-256:{digest.sha256}",
        "supported_algorithms_uas": "SHA-256,MD5",
    }
    address = {
        # A phone that moved or restarted replaces its old address instead of ringing nowhere.
        "max_contacts": "1",
        "remove_existing": "true",
        "qualify_frequency": "15",
        "qualify_timeout": "3.000000",
        "minimum_expiration": "30",
        "default_expiration": "120",
        "maximum_expiration": "600",
    }
    endpoint = {
        "transport": "transport-udp",
        "context": "from-operators",
        "auth": account,
        "aors": account,
        "disallow": "all",
        "allow": "alaw,ulaw",
        "dtmf_mode": "auto_info",
        # The voice stays with Asterisk, which must hear talk and digits, and behind NAT.
        "direct_media": "no",
        "rtp_symmetric": "yes",
        "force_rport": "yes",
        "rewrite_contact": "yes",
        "ice_support": "no",
        "trust_id_inbound": "no",
        "callerid": f"{account} <{account.removeprefix('op-')}>",
        "allow_transfer": "no",
        "allow_subscribe": "no",
        # One call at a time, whoever offers it.
        "device_state_busy_at": "1",
        "rtp_timeout": "30",
        "rtp_timeout_hold": "300",
        "language": "id",
    }
    return [
        ConfigObject("auth", account, authentication),
        ConfigObject("aor", account, address),
        ConfigObject("endpoint", account, endpoint),
    ]
