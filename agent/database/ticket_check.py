"""Each stored ticket beside its own log."""

from datetime import datetime

import msgspec

from agent.database.connect import Connection
from agent.database.findings import Tally
from agent.database.queries import sql
from agent.domain.priority import Level
from agent.domain.ticket import Ticket, TicketRefused, TicketStage, replay
from agent.domain.ticket_events import AnyTicketEvent

TICKETS_AT_A_TIME = 1000


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """What the log alone gives; the target also depends on the office's calendar."""

    events: int = 0
    stage: TicketStage = TicketStage.NEW
    level: Level = Level.HELPDESK
    priority: str | None = None
    holder: str | None = None
    first_response_at: datetime | None = None
    stage_closes_at: datetime | None = None
    first_taken_at: datetime | None = None
    user_acts_since: datetime | None = None
    solved_at: datetime | None = None
    confirmed_at: datetime | None = None
    external_number: str | None = None


class Logged(msgspec.Struct, frozen=True):
    """One event at its place in a ticket's log."""

    place: int
    event: AnyTicketEvent


class WholeTicket(msgspec.Struct, frozen=True):
    """A ticket as it is stored; one that nobody has opened yet has no log."""

    ticket: Columns
    log: tuple[Logged, ...] | None


_WHOLE = msgspec.json.Decoder(WholeTicket)


async def check_tickets(
    connection: Connection, since: datetime | None, until: datetime | None
) -> Tally:
    """Look at the tickets of calls of a period, within a transaction; answers what was found."""
    tally = Tally("tickets_as_logged")
    async for row in connection.cursor(
        sql("tickets_with_logs"), since, until, prefetch=TICKETS_AT_A_TIME
    ):
        if fault := _fault(row["document"]):
            tally.add(fault, row["ticket_number"])
    return tally


def _fault(document: str) -> str | None:
    try:
        whole = _WHOLE.decode(document)
        log = whole.log or ()
        given = _columns(replay(logged.event for logged in log)) if log else Columns()
    except (msgspec.DecodeError, TicketRefused):
        return "ticket_log_broken"
    if [logged.place for logged in log] != list(range(1, len(log) + 1)):
        return "ticket_log_broken"
    return None if given == whole.ticket else "ticket_otherwise"


def _columns(ticket: Ticket) -> Columns:
    return Columns(
        events=ticket.events,
        stage=ticket.stage,
        level=ticket.level,
        priority=ticket.choice.priority,
        holder=ticket.holder,
        first_response_at=ticket.due.first_response_at if ticket.due else None,
        stage_closes_at=ticket.due.stage_closes_at if ticket.due else None,
        first_taken_at=ticket.first_taken_at,
        user_acts_since=ticket.user_acts_since,
        solved_at=ticket.solved_at,
        confirmed_at=ticket.confirmed_at,
        external_number=ticket.external_number,
    )
