"""A caller id as the network sent it, made fit to store and to show; it is never trusted."""

import re
import unicodedata

import phonenumbers

from agent.domain.events import Caller

REGION = "ID"
SHOWN_LENGTH = 64
RAW_LENGTH = 4096
NOT_GIVEN = "tanpa nomor"
_ANONYMOUS = {"", "anonymous", "unknown", "unavailable", "restricted", "private", "s", "asterisk"}


def parse_caller(number: str | None, name: str | None = None) -> Caller:
    """Raw value kept (without what PostgreSQL cannot hold), number in E.164 where it is one."""
    raw = number or ""
    kept = raw.replace("\x00", "").encode("utf-8", "replace").decode()[:RAW_LENGTH] or None
    plain = _plain(raw)
    if plain.lower() in _ANONYMOUS:
        return Caller(raw=kept, shown=_shown(name) or NOT_GIVEN)
    parsed = _parse(plain)
    if parsed is None:
        return Caller(raw=kept, shown=plain[:SHOWN_LENGTH])
    international = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return Caller(raw=kept, number=e164, shown=international)


def _shown(name: str | None) -> str | None:
    plain = _plain(name or "")
    return None if plain.lower() in _ANONYMOUS else plain[:SHOWN_LENGTH]


def _plain(text: str) -> str:
    """One line of printable text: no control, direction or surrogate characters."""
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    kept = (c for c in text if unicodedata.category(c)[0] != "C")
    return re.sub(r"\s+", " ", "".join(kept)).strip()


def _parse(text: str) -> phonenumbers.PhoneNumber | None:
    digits = re.sub(r"[\s().-]", "", text)
    if not re.fullmatch(r"\+?\d{3,20}", digits):
        return None
    if digits.startswith("62") and len(digits) >= 10:
        # Trunks send 62811... without the plus, which would be read as a local number.
        digits = "+" + digits
    try:
        parsed = phonenumbers.parse(digits, REGION)
    except phonenumbers.NumberParseException:
        return None
    return parsed if phonenumbers.is_valid_number(parsed) else None
