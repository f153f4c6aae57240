"""Which messages leave the office about a ticket, and what they tell."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from agent.domain.priority import Level
from agent.domain.ticket import Ticket
from agent.domain.ticket_opening import address_in
from agent.runtime.outbox import Matter, OutboxMessage, Way

TO_THE_NEXT_LEVEL: tuple[Way, ...] = ("request_tracker", "level_email", "webhook")
"""By the first of these that is on a case counts as handed over (SOP step 8)."""
NEXT_LEVELS = (Level.ADMIN_PPE, Level.LKPP)


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """By which ways this office sends, in whose name, and where each level gets its e-mail."""

    on: frozenset[Way] = frozenset()
    office_name: str = ""
    addresses: Mapping[str, str] = {}

    @property
    def hands_over(self) -> Way | None:
        """The way whose acceptance is the hand-over; None when an office has none."""
        return next((way for way in TO_THE_NEXT_LEVEL if way in self.on), None)


def opening_key(ticket_number: str, way: Way) -> str:
    """The key of the message that tells of a ticket by a way for the first time."""
    return f"{ticket_number}/ticket_opened/{way}"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket with what its messages tell of the consultation."""

    ticket: Ticket
    target_at: datetime | None
    zone: str
    facts: dict[str, str]

    @property
    def address(self) -> str | None:
        """The caller's e-mail; without one that can be right he is told by telephone."""
        return address_in(self.facts.get("contact_email"))


def opening(case: Case, ways: Ways) -> list[OutboxMessage]:
    """To the caller, to the next level, and to the systems that follow tickets."""
    level = next((level for level in NEXT_LEVELS if level in ways.addresses), None)
    return _messages(case, ways, "ticket_opened", level, repeats=False)


def sent_up(case: Case, ways: Ways, *, by_hand: bool = False) -> list[OutboxMessage]:
    """To the level that has the ticket now.

    Not by age to the first, which was told when the ticket was opened; by hand each time anew, for
    it may have had the ticket and given it back.
    """
    level = case.ticket.level
    first = next((known for known in NEXT_LEVELS if known in ways.addresses), None)
    if level not in ways.addresses or "level_email" not in ways.on:
        return []
    if level == first and not by_hand:
        return []
    occasion = f"{level}/{case.ticket.events}" if by_hand else level
    key = f"{case.ticket.ticket_number}/ticket_opened/{occasion}/level_email"
    return [_message(case, ways, "ticket_opened", "level_email", key, ways.addresses[level], level)]


def told_to_user(case: Case, ways: Ways, matter: Matter, **told: str) -> list[OutboxMessage]:
    """A question, a solution or a reopening; the level that works on it hears of a reopening."""
    with_words = msgspec.structs.replace(case, facts={**case.facts, **told})
    level = case.ticket.level if matter == "ticket_reopened" else None
    return _messages(with_words, ways, matter, level, repeats=True)


def _messages(
    case: Case, ways: Ways, matter: Matter, level: Level | None, *, repeats: bool
) -> list[OutboxMessage]:
    receivers: dict[Way, str | None] = {
        "caller_email": case.address,
        "level_email": ways.addresses.get(level) if level else None,
        "webhook": "",
        "request_tracker": "" if matter == "ticket_opened" else None,
    }
    return [
        _message(case, ways, matter, way, _key(case, matter, way, repeats=repeats), to, level)
        for way, to in receivers.items()
        if way in ways.on and to is not None
    ]


def _key(case: Case, matter: Matter, way: Way, *, repeats: bool) -> str:
    number = case.ticket.ticket_number
    return f"{number}/{matter}/{case.ticket.events}/{way}" if repeats else opening_key(number, way)


def _message(
    case: Case, ways: Ways, matter: Matter, way: Way, key: str, to: str, level: Level | None
) -> OutboxMessage:
    facts = {
        **case.facts,
        "office_name": ways.office_name,
        "form_number": case.ticket.form_number,
        "priority": case.ticket.choice.priority,
        "zone": case.zone,
        **({"target_at": case.target_at.isoformat()} if case.target_at else {}),
        **({"level": str(level)} if level else {}),
        **({"to": to} if to else {}),
    }
    return OutboxMessage(
        key=key,
        way=way,
        matter=matter,
        call_id=case.ticket.call_id,
        ticket_number=case.ticket.ticket_number,
        facts=facts,
    )
