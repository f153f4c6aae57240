"""The list of tickets: found by state, level, due time, who works on them, numbers and words."""

from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from agent.database.access import Access, log_access
from agent.database.call_filter import FilterInvalid
from agent.database.ticket_search import TicketFilter, TicketPage, find_tickets
from agent.domain.numbers import parse_form_number, parse_ticket_number
from agent.domain.priority import Level
from agent.runtime import clock
from agent.web.operations import Asking, Operation, refusal_of
from agent.web.pages import Page, Shown, page_link
from agent.web.parts import Parts
from agent.web.problems import Refused
from agent.web.ticket_rights import SEE, names_of, sees_all, sees_persons

Text = Annotated[str, msgspec.Meta(max_length=200)]
State = Literal[
    "open", "all", "new", "taken", "waiting_for_user", "solved", "confirmed", "reopened"
]
STATES: tuple[State, ...] = State.__args__  # type: ignore[attr-defined]  # of a Literal
"""Those that the user has not confirmed, all, or those in one stage."""


class TicketsAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tickets; one must meet all that is given.

    `holder` works on it, `operator` took its call; `number` is the ticket's, its form's or the one
    from LPSE Support; `text` are words of the problem or the answer on the form.
    """

    state: State = "open"
    overdue: bool | None = None
    level: Level | None = None
    holder: Text | None = None
    operator: Text | None = None
    number: Text | None = None
    text: Text | None = None
    after: Text | None = None


async def find(parts: Parts, asking: Asking, asked: TicketsAsked) -> TicketPage:
    """The page that was asked for; that it was seen is on record before.

    Raises Refused, NumberInvalid, DatabaseUnreachable.
    """
    url, who = parts.pool.url, asking.who
    if asked.number and not sees_persons(who):
        # The number that the user got from LPSE Support leads to him.
        parse_form_number(asked.number) if "/" in asked.number else parse_ticket_number(
            asked.number
        )
    wanted = TicketFilter(
        unconfirmed=asked.state == "open",
        overdue=bool(asked.overdue),
        stage=None if asked.state in ("open", "all") else asked.state,
        level=asked.level,
        holder=asked.holder,
        operator=asked.operator,
        number=asked.number,
        text=asked.text,
        own=None if sees_all(who) else names_of(who),
        own_operator=who.operator,
    )
    try:
        page = await find_tickets(url, wanted, clock.now(), asked.after)
    except FilterInvalid as error:
        raise Refused(400, f"filter_{error.reason}") from error
    forms = tuple(ticket.form_number for ticket in page.tickets)
    await log_access(
        url, Access(by=who.account, action="search", purpose="page: tickets", forms=forms)
    )
    if sees_persons(who):
        return page
    hidden = (replace(ticket, company=None, external_number=None) for ticket in page.tickets)
    return replace(page, tickets=tuple(hidden))


def ticket_operations(parts: Parts) -> list[Operation]:
    """Searching tickets."""

    async def read(asking: Asking, asked: TicketsAsked) -> TicketPage:
        return await find(parts, asking, asked)

    return [
        Operation(
            name="searchTickets", method="GET", path="/tickets", right=SEE,
            summary="Tickets, the next due first, 50 a page; one's own with `desk` alone.",
            perform=read, asked=TicketsAsked, answered=TicketPage,
        ),
    ]  # fmt: skip


def ticket_pages(parts: Parts) -> list[Page]:
    """The list with its filter; what was typed stays, also where it is refused."""

    async def show(asking: Asking) -> Shown:
        typed = {key: value for key, value in asking.request.query.items() if value}
        page, refused = TicketPage((), None), None
        try:
            page = await find(parts, asking, msgspec.convert(typed, TicketsAsked, strict=False))
        except Exception as error:
            refused = refusal_of(error)
            if refused is None:
                raise
        values = {
            "typed": {"state": "open"} | typed,
            "page": page,
            "problem": refused.reason if refused else None,
            "following": page_link(typed, page.following) if page.following else None,
            "first": page_link(typed, None) if "after" in typed else None,
            "states": STATES,
            "levels": list(Level),
            "persons": sees_persons(asking.who),
        }
        return Shown("tickets.html", values, refused.status if refused else 200)

    return [Page(path="/tickets", right=SEE, show=show, menu="menu.tickets")]
