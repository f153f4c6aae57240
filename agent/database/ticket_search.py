"""The list of tickets: found by what people know of them, the next due first, a page at a time."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime

import msgspec

from agent.database.call_filter import FilterInvalid
from agent.database.connect import Connection, connected
from agent.database.queries import sql
from agent.domain.numbers import NumberInvalid, parse_form_number, parse_ticket_number
from agent.domain.suggestion import parse_typed

PAGE = 50


class TicketFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which tickets to list; None and False do not ask, and a ticket must meet all that is asked.

    `number` is the ticket's, its form's, or the one that the user got from LPSE Support; `text`
    words of the problem or the answer on the form.
    """

    unconfirmed: bool = False
    overdue: bool = False
    stage: str | None = None
    level: str | None = None
    holder: str | None = None
    operator: str | None = None
    number: str | None = None
    text: str | None = None
    own: tuple[str, ...] | None = None
    """Names of somebody who sees only what he holds, or what comes from his own calls."""
    own_operator: str | None = None
    """The telephone at which he took those calls."""


class TicketSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket in a list; overdue: its first response or its solution is."""

    ticket_number: str
    form_number: str
    stage: str
    level: str
    priority: str | None
    holder: str | None
    issued_at: datetime
    first_response_at: datetime | None
    target_at: datetime | None
    solved_at: datetime | None
    confirmed_at: datetime | None
    external_number: str | None
    overdue: bool
    company: str | None


class TicketPage(msgspec.Struct, frozen=True):
    """Some tickets, and the cursor with which the page after them is asked for."""

    tickets: tuple[TicketSummary, ...]
    following: str | None


Place = tuple[datetime | None, str]
"""After which ticket a page begins: its target and number."""


async def find_tickets(
    url: str, wanted: TicketFilter, at: datetime, after: str | None = None, limit: int = PAGE
) -> TicketPage:
    """At most `limit` tickets from the one after the cursor on, overdue as seen at this moment.

    Whoever shows them keeps in the access log that they were seen. Raises FilterInvalid,
    DatabaseUnreachable.
    """
    asked, place = _asked(wanted, at), _parsed(after) if after else None
    async with connected(url) as connection:
        rows: list[TicketSummary] = []
        if place is None or place[0] is not None:
            rows = await _fetch(connection, asked, place or (None, None), False, limit + 1)
        if len(rows) <= limit:  # those without a target come last
            number = place[1] if place and place[0] is None else None
            rows += await _fetch(connection, asked, (None, number), True, limit + 1 - len(rows))
    shown = rows[:limit]
    return TicketPage(tuple(shown), _cursor(shown[-1]) if len(rows) > limit else None)


async def _fetch(
    connection: Connection,
    asked: Sequence[object],
    place: tuple[datetime | None, str | None],
    without_target: bool,
    limit: int,
) -> list[TicketSummary]:
    rows = await connection.fetch(sql("list_tickets"), *asked, *place, without_target, limit)
    return [msgspec.convert(dict(row), TicketSummary) for row in rows]


def _asked(wanted: TicketFilter, at: datetime) -> tuple[object, ...]:
    number, year, sequence = _number(wanted.number) if wanted.number else (None, None, None)
    for typed in (wanted.holder, wanted.operator, wanted.number, wanted.text):
        if typed is not None and not typed.isprintable():
            raise FilterInvalid("signs", "What was typed holds signs that cannot be searched for.")
    return (
        wanted.unconfirmed,
        wanted.overdue,
        at,
        wanted.level,
        wanted.holder,
        wanted.stage,
        wanted.operator,
        number,
        year,
        sequence,
        _telling(wanted.text) if wanted.text is not None else None,
        list(wanted.own) if wanted.own is not None else None,
        wanted.own_operator,
    )


def _telling(typed: str) -> str:
    telling = " ".join(parse_typed(typed).words)
    if not telling:
        raise FilterInvalid("text", f"{typed}: type a word that tells more.")
    return telling


def _number(typed: str) -> tuple[str | None, int | None, int | None]:
    """A ticket's own number, or the user's, or a form's year and sequence."""
    try:
        form = parse_form_number(typed)
        return None, form.year, form.sequence
    except NumberInvalid:
        pass
    try:
        return parse_ticket_number(typed), None, None
    except NumberInvalid:
        return " ".join(typed.split()), None, None


def _cursor(ticket: TicketSummary) -> str:
    target = ticket.target_at.isoformat() if ticket.target_at else ""
    return base64.urlsafe_b64encode(f"{target} {ticket.ticket_number}".encode()).decode()


def _parsed(cursor: str) -> Place:
    try:
        target, sign, number = (
            base64.b64decode(cursor, b"-_", validate=True).decode().partition(" ")
        )
        at = datetime.fromisoformat(target) if target else None
    except (ValueError, binascii.Error) as error:
        raise _no_page() from error
    if not sign or (at and at.tzinfo is None) or not number.isascii() or not number.isprintable():
        raise _no_page()
    return at, number


def _no_page() -> FilterInvalid:
    return FilterInvalid("page", "This page is not known: begin again with the first.")
