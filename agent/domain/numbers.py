"""Form and ticket numbers: how they are written and how what a person typed is understood.

Three numbers exist and are never confused (SOP step 8): the form number, made here; the ticket
number, made here; and the number of the external trouble-ticketing system, which the user gets
there himself.
"""

import re

import msgspec
from stdnum import damm

FORM_NUMBER_PATTERN = "{sequence:04d}/FK-TLP/{office}/{year}"
# 0123/FK-TLP/LPSE.BTG/2026 in any case and with any spaces, or in short 123/2026.
_FORM = re.compile(r"(\d{1,9})/(?:\S*/)?(\d{4})")
_TICKET = re.compile(r"([0-9]{2})([0-9]{5}|[1-9][0-9]{5,})([0-9])")
_SIGNS = re.compile(r"[\s./\u2010-\u2015-]+")


LONGEST_GROUP = 4


class NumberInvalid(ValueError):
    """This is neither a form number nor a ticket number: read it again, digit by digit."""


class YearNumber(msgspec.Struct, frozen=True, order=True):
    """A place in a year's sequence; unique for ever within its kind (form or ticket)."""

    year: int
    sequence: int


def render_form_number(number: YearNumber, office: str) -> str:
    """Government style with a yearly sequence, e.g. 0123/FK-TLP/LPSE.BTG/2026."""
    return FORM_NUMBER_PATTERN.format(sequence=number.sequence, office=office, year=number.year)


def render_ticket_number(number: YearNumber) -> str:
    """Digits with a check digit, e.g. 26-00412-0.

    The Damm check digit catches every single wrong digit and every swap of two neighbours,
    which is how numbers go wrong over a telephone.
    """
    year, sequence = f"{number.year % 100:02d}", f"{number.sequence:05d}"
    return f"{year}-{sequence}-{damm.calc_check_digit(year + sequence)}"


def parse_form_number(text: str) -> YearNumber:
    """The place in its year of a form number, also when it was typed in short (123/2026).

    Raises NumberInvalid when it is not a form number.
    """
    matched = _FORM.fullmatch(re.sub(r"\s+", "", text))
    if not matched:
        raise NumberInvalid(text)
    return YearNumber(int(matched[2]), int(matched[1]))


def parse_ticket_number(text: str) -> str:
    """The ticket number in its written form, from digits with or without signs between them.

    Raises NumberInvalid when it is not a ticket number or its check digit is wrong.
    """
    matched = _TICKET.fullmatch(_SIGNS.sub("", text))
    if not matched or not damm.is_valid("".join(matched.groups())):
        raise NumberInvalid(text)
    return "-".join(matched.groups())


def spoken_parts(run: str) -> list[str]:
    """A run of letters or digits as it is spoken: a long one in groups of three, the first ones of
    two where it does not come out even.
    """
    if len(run) <= LONGEST_GROUP:
        return [run]
    pairs = -len(run) % 3
    pairs_end = pairs * 2
    starts = [*range(0, pairs_end, 2), *range(pairs_end, len(run), 3)]
    return [run[a:b] for a, b in zip(starts, [*starts[1:], len(run)], strict=True)]


def render_spoken(number: str) -> str:
    """A form or ticket number in its spoken groups, e.g. 26 - 00 412 - 7."""
    runs = re.split(r"([/.-])", number)
    return " ".join(part for run in runs for part in spoken_parts(run) if part)
