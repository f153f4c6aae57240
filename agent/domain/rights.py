"""Who may do what: roles of people, scopes of programs, and what each may see of a number."""

from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What somebody is at this office."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """One thing that may be done; a token's scopes are the same words."""

    DESK = "desk"
    """One's own calls: their forms, buttons, tickets' hand-over; one's own pause."""
    LIVE = "live"
    """The floor and all living calls, without what was said."""
    CALLS = "calls"
    """All calls with their records."""
    PERSONS = "persons"
    """Numbers and names in full."""
    TICKETS = "tickets"
    DECIDE = "decide"
    """About other people's deviations."""
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
        {_R.DESK, _R.LIVE, _R.CALLS, _R.PERSONS, _R.TICKETS, _R.DECIDE, _R.LISTEN, _R.RECAP}
    ),
    Role.AUDITOR: frozenset({_R.LIVE, _R.CALLS, _R.RECAP, _R.AUDIT}),
    Role.ADMINISTRATOR: frozenset({_R.ADMINISTER, _R.AUDIT}),
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

    def may(self, right: Right) -> bool:
        """Whether he may; nothing is allowed that is not named."""
        return right in self.rights


def mask_number(shown: str) -> str:
    """A caller's number as those see it who need not know whose it is: 0812••••678."""
    digits = [place for place, sign in enumerate(shown) if sign.isdigit()]
    if len(digits) < 7:
        return shown  # an extension, or "tanpa nomor"
    hidden = set(digits[4:-3])
    return "".join("•" if place in hidden else sign for place, sign in enumerate(shown))
