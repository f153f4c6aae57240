"""Who may do what: roles of people, scopes of programs, and what each may see of a number."""

import re
from enum import StrEnum

import msgspec

_SIGNS = r"[ \t\u00a0.:()\u2010-\u2015-]"
_DATE = r"(?:19|20)\d\d-[01]\d-[0-3]\d|[0-3]?\d[-.][01]?\d[-.](?:19|20)\d\d"
_HOUR = r"[0-2]?\d[.:][0-5]\d(?:[.:][0-5]\d)?"
_TICKET = r"\d\d-\d{5,6}-\d"
_MOMENT_OR_TICKET = rf"(?:{_DATE}|{_HOUR}|{_TICKET})"
_RUN = re.compile(rf"\+?\(?\d(?:{_SIGNS}{{0,3}}\d){{6,}}")
"""Digits enough for a telephone, NIK or NPWP, with the signs that people write between them."""
_TELLS_NOBODY = re.compile(rf"{_MOMENT_OR_TICKET}(?:{_SIGNS}{{1,3}}{_MOMENT_OR_TICKET})*")


class Role(StrEnum):
    """What somebody is at this office."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """One thing that may be done; a token's scopes are the same words."""

    DESK = "desk"
    """One's own calls: their forms, buttons, tickets, and those one works on; one's own pause."""
    LIVE = "live"
    """The floor and all living calls, without what was said."""
    CALLS = "calls"
    """All calls with their records."""
    PERSONS = "persons"
    """Numbers and names in full."""
    TICKETS = "tickets"
    """All tickets, and everything that can be done with one."""
    DECIDE = "decide"
    """About other people's deviations."""
    ANSWERS = "answers"
    """Writing the office's own answers to what callers ask."""
    LISTEN = "listen"
    RECAP = "recap"
    ADMINISTER = "administer"
    """Accounts, operators, tokens and the office's own data."""
    AUDIT = "audit"
    """Who did and saw what."""


_R = Right
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OPERATOR: frozenset({_R.DESK}),
    Role.SUPERVISOR: frozenset(
        {
            *(_R.DESK, _R.LIVE, _R.CALLS, _R.PERSONS, _R.TICKETS),
            *(_R.DECIDE, _R.ANSWERS, _R.LISTEN, _R.RECAP),
        }
    ),
    Role.AUDITOR: frozenset({_R.LIVE, _R.CALLS, _R.RECAP, _R.AUDIT}),
    Role.ADMINISTRATOR: frozenset({_R.ADMINISTER, _R.ANSWERS, _R.AUDIT}),
}
"""Nobody has them all: who administers accounts does not see what callers said."""

SECOND_FACTOR = frozenset({Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR})
"""Who sees or changes more than his own calls proves it with a second device (ASVS 6.3)."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: a person in a browser, or a program with a token."""

    account: str
    name: str
    rights: frozenset[Right]
    role: Role | None = None
    """None for a program."""
    operator: str | None = None
    """The telephone at which he answers or listens."""

    def may(self, right: Right | tuple[Right, ...]) -> bool:
        """Whether he may, by any of several rights; nothing is allowed that is not named."""
        wanted = (right,) if isinstance(right, Right) else right
        return any(one in self.rights for one in wanted)

    def sees_persons(self, everybodys: Right | tuple[Right, ...]) -> bool:
        """Whether he sees who called and what was told; `everybodys` is what shows all people's.

        Of what is his own an operator sees what he has heard and written himself.
        """
        return self.may(Right.PERSONS) or not self.may(everybodys)


def mask_number(shown: str) -> str:
    """A caller's number as those see it who need not know whose it is: 0812••••678."""
    digits = [place for place, sign in enumerate(shown) if sign.isdigit()]
    if len(digits) < 7:
        return shown  # an extension, or "tanpa nomor"
    hidden = set(digits[4:-3])
    return "".join("•" if place in hidden else sign for place, sign in enumerate(shown))


def mask_numbers(text: str) -> str:
    """What somebody wrote in words of his own, each number in it masked as `mask_number` does.

    Dates, hours and numbers of tickets, in which nobody is named, stay readable.
    """

    def masked(run: re.Match[str]) -> str:
        plain = _TELLS_NOBODY.fullmatch(run[0].removeprefix("("))
        return run[0] if plain else mask_number(run[0])

    return _RUN.sub(masked, text)
