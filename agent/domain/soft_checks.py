"""What is typed into a field of a certain kind, in its normal form and with what seems wrong.

A check never refuses: the operator has the caller on the line, and a strange number that was heard
is better than none. What cannot be understood stays as it was typed, with a warning beside it.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Literal, get_args

import msgspec
from stdnum.exceptions import ValidationError
from stdnum.id import nik, npwp

from agent.domain.office_time import ZONES
from agent.domain.plain_text import one_paragraph
from agent.domain.telephone import parse_telephone, render_e164

WarningKey = Literal[
    "npwp_not_digits",
    "npwp_length",
    "npwp_old_form",
    "npwp_check_digit",
    "npwp_birth_date",
    "nik_not_digits",
    "nik_length",
    "nik_birth_date",
    "phone_not_valid",
    "email_not_valid",
    "tender_code_shape",
    "rup_code_shape",
    "moment_not_understood",
    "moment_without_hour",
]
WARNINGS: tuple[WarningKey, ...] = get_args(WarningKey)
"""Every warning that a check can give; the form's data file has a sentence for each."""


class Checked(msgspec.Struct, frozen=True):
    """The value in its normal form, and what the operator may want to ask again."""

    value: str
    warnings: tuple[WarningKey, ...] = ()


def check_npwp(text: str) -> Checked:
    """A tax number in its 16 digits: a person's is his NIK, a company's the old one behind a 0.

    PMK 112/2022. An old number of 15 digits gets its 0, so that both forms find each other; a
    person's old one is not his number of today, which is why that is said.
    """
    digits = _digits(text)
    if digits is None:
        return Checked(one_paragraph(text), ("npwp_not_digits",))
    if len(digits) == 15:
        wrong: tuple[WarningKey, ...] = () if npwp.is_valid(digits) else ("npwp_check_digit",)
        return Checked("0" + digits, ("npwp_old_form", *wrong))
    if len(digits) != 16:
        return Checked(digits, ("npwp_length",))
    if digits.startswith("0"):
        return Checked(digits, () if npwp.is_valid(digits) else ("npwp_check_digit",))
    return Checked(digits, () if _birth_date_is_plausible(digits) else ("npwp_birth_date",))


def check_nik(text: str) -> Checked:
    """A person's number: 16 digits with a date of birth in the middle."""
    digits = _digits(text)
    if digits is None:
        return Checked(one_paragraph(text), ("nik_not_digits",))
    if len(digits) != 16:
        return Checked(digits, ("nik_length",))
    return Checked(digits, () if _birth_date_is_plausible(digits) else ("nik_birth_date",))


def check_phone(text: str) -> Checked:
    """A telephone's number in E.164."""
    number = parse_telephone(one_paragraph(text))
    if number is None:
        return Checked(one_paragraph(text), ("phone_not_valid",))
    return Checked(render_e164(number))


_EMAIL = re.compile(
    r"(?=.{6,254}$)(?=[^@]{1,64}@)"
    r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    r"@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63})"
)


def check_email(text: str) -> Checked:
    """An address as it is usually written; whether a mailbox stands behind it nobody asks here."""
    plain = one_paragraph(text)
    matched = _EMAIL.fullmatch(plain)
    if not matched:
        return Checked(plain, ("email_not_valid",))
    return Checked(f"{matched[1]}@{matched[2].lower()}")


def check_tender_code(text: str) -> Checked:
    """Code of a tender or package: 8 digits in the old SPSE, 11 in the new one."""
    return _code(text, (8, 11), "tender_code_shape")


def check_rup_code(text: str) -> Checked:
    """Code in the general procurement plan: 8 digits."""
    return _code(text, (8,), "rup_code_shape")


def check_error_code(text: str) -> Checked:
    """What the screen shows; every program has its own shape, so nothing is wrong."""
    return Checked(one_paragraph(text))


_DAY = r"(?:(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})"
_DAY += r"|(?P<d2>[0-9]{1,2})[-/.](?P<m2>[0-9]{1,2})[-/.](?P<y2>[0-9]{4}))"
_HOUR = r"(?:[T, ]+(?:pukul |jam )?(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})(?:[:.][0-9]{2})?)?"
_MOMENT = re.compile(_DAY + _HOUR + r"(?: ?(?P<zone>WIB|WITA|WIT))?", re.IGNORECASE)


def check_moment(text: str, zone: str) -> Checked:
    """A day and hour in ISO 8601; in the office's zone (WIB, WITA or WIT) unless it names one."""
    plain = one_paragraph(text)
    found = _MOMENT.fullmatch(plain)
    if not found:
        return Checked(plain, ("moment_not_understood",))
    try:
        day = date(*(int(found[k] or found[k + "2"]) for k in "ymd"))
        if found["hour"] is None:
            return Checked(day.isoformat(), ("moment_without_hour",))
        clock = ZONES[(found["zone"] or zone).upper()]
        moment = datetime(
            day.year, day.month, day.day, int(found["hour"]), int(found["minute"]), tzinfo=clock
        )
    except ValueError:
        return Checked(plain, ("moment_not_understood",))
    return Checked(moment.isoformat())


CHECKS: dict[str, Callable[[str], Checked]] = {
    "npwp": check_npwp,
    "nik": check_nik,
    "phone": check_phone,
    "email": check_email,
    "tender_code": check_tender_code,
    "rup_code": check_rup_code,
    "error_code": check_error_code,
}
"""The check of each kind of field that needs nothing but the text."""


def _digits(text: str) -> str | None:
    """The digits without the signs that people write between them; None if there is more."""
    digits = re.sub(r"[\s./\u2010-\u2015-]+", "", one_paragraph(text))
    return digits if re.fullmatch(r"[0-9]+", digits) else None


def _code(text: str, lengths: tuple[int, ...], warning: WarningKey) -> Checked:
    digits = _digits(text)
    if digits is None:
        return Checked(one_paragraph(text), (warning,))
    return Checked(digits, () if len(digits) in lengths else (warning,))


def _birth_date_is_plausible(digits: str) -> bool:
    """Day 01-31, or 41-71 for a woman, in a month that has it.

    The place before it is not asked: the library's list of regencies is older than the newest.
    """
    if not (1 <= int(digits[6:8]) <= 31 or 41 <= int(digits[6:8]) <= 71):
        return False
    try:
        nik.get_birth_date(digits)
    except ValidationError:
        return False
    return True
