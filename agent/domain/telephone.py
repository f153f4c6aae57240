"""Telephone numbers as Indonesians and their trunks write them."""

import re

import phonenumbers

REGION = "ID"


def parse_telephone(text: str) -> phonenumbers.PhoneNumber | None:
    """The number of somebody's telephone; None when it is none (also a short code like 144)."""
    digits = re.sub(r"[\s().-]", "", text)
    if not re.fullmatch(r"\+?[0-9]{3,20}", digits):
        return None
    if digits.startswith("62") and len(digits) >= 10:
        # Trunks and people write 62811... without the plus: else a telephone in Kabanjahe.
        digits = "+" + digits
    try:
        parsed = phonenumbers.parse(digits, REGION)
    except phonenumbers.NumberParseException:
        return None
    return parsed if phonenumbers.is_valid_number(parsed) else None


def render_e164(number: phonenumbers.PhoneNumber) -> str:
    """The number as it is stored and compared, e.g. +62811234567."""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def render_shown(number: phonenumbers.PhoneNumber) -> str:
    """The number as people read it, e.g. +62 811-234-567."""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def render_national(number: phonenumbers.PhoneNumber) -> str:
    """The number as it is dialled in the country, e.g. 0811-234-567; a foreign one with its +."""
    if phonenumbers.region_code_for_number(number) != REGION:
        return render_shown(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
