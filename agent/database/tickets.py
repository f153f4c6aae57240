"""The record of tickets: what happens to one is decided on its own log and added to it, or refused.

Two people who act at once act one after the other: the second decides on what the first has left.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from agent.database.connect import Connection, connected
from agent.database.errors import TicketUnknown
from agent.database.outbox import KeptMessage, put_messages, read_messages
from agent.database.queries import sql
from agent.database.rows import as_jsonb
from agent.domain.form import FormDefinition
from agent.domain.identifiers import CallId
from agent.domain.news import news_of_ticket
from agent.domain.priority import PriorityTable, due
from agent.domain.ticket import Ticket, decide, replay
from agent.domain.ticket_due import target_at
from agent.domain.ticket_events import AnyTicketEvent, DueSet, PriorityChanged
from agent.domain.ticket_opening import case_facts, stage_deadline
from agent.domain.working_time import WorkingTime
from agent.runtime.case_messages import Case, Ways
from agent.runtime.outbox import OutboxMessage

_EVENT = msgspec.json.Decoder(AnyTicketEvent)

Make = Callable[[Ticket], AnyTicketEvent]
Tell = Callable[[Case], Sequence[OutboxMessage]]


class TicketRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the office has decided: form, priority table, hours, and who is told by which way."""

    form: str
    """Name of the form that new calls are written on."""
    table: PriorityTable
    tables: Mapping[str, PriorityTable]
    forms: Mapping[str, FormDefinition]
    working_time: Callable[[datetime], WorkingTime]
    ways: Ways = Ways()


class Consultation(msgspec.Struct, frozen=True, kw_only=True):
    """What a ticket was made from."""

    ticket_number: str
    call_id: CallId
    form_number: str
    form: str | None
    values: dict[str, str]
    zone: str
    caller: str
    """His number as people write it."""
    operator: str | None
    """Who talked with him."""


class TicketReport(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket with its history; `ticket` is None while nobody has opened it.

    `target_at` is that of its due times, later by the time in which the user had to act.
    """

    consultation: Consultation
    ticket: Ticket | None
    target_at: datetime | None
    events: tuple[AnyTicketEvent, ...]
    messages: tuple[KeptMessage, ...] = ()
    """What was told of it by message, oldest first."""


May = Callable[[Consultation, Ticket | None], bool]
"""Whether somebody may see a ticket and act on it."""


async def read_ticket(url: str, number: str) -> TicketReport:
    """One ticket with its history. Raises TicketUnknown, DatabaseUnreachable."""
    async with (
        connected(url) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        consultation = await _consultation(connection, "read_ticket", number)
        events = await events_of(connection, number)
        target = await connection.fetchval(sql("target_of_ticket"), number)
        messages = await read_messages(connection, number)
    return TicketReport(
        consultation=consultation,
        ticket=replay(events) if events else None,
        target_at=target,
        events=tuple(events),
        messages=tuple(messages),
    )


async def change_ticket(
    url: str,
    number: str,
    rules: TicketRules,
    make: Make,
    tell: Tell | None = None,
    may: May | None = None,
) -> Ticket:
    """Let something happen to a ticket, and put what is to be told of it, in one transaction.

    Raises TicketUnknown, also for a ticket that is not one's own to act on, TicketRefused (nothing
    is changed), DatabaseUnreachable.
    """
    async with connected(url) as connection, connection.transaction():
        consultation, ticket = await locked(connection, number)
        refuse_others(number, consultation, ticket, may)
        if ticket is None:
            raise TicketUnknown(f"The ticket {number} is not open yet: try again in a minute.")
        event = make(ticket)
        events = [event]
        if isinstance(event, PriorityChanged):
            events.append(due_set(ticket, event, consultation, rules))
        after = await append(connection, ticket, events, rules)
        if tell:
            await put_messages(connection, tell(case_of(after, consultation, rules, event.at)))
    return after


def refuse_others(
    number: str, consultation: Consultation, ticket: Ticket | None, may: May | None
) -> None:
    """Whose ticket it is is not told: to others it is as if there were none. TicketUnknown."""
    if may and not may(consultation, ticket):
        raise TicketUnknown(f"There is no ticket {number}.")


async def locked(connection: Connection, number: str) -> tuple[Consultation, Ticket | None]:
    """A ticket that nobody else changes until the transaction ends; None before it is opened.

    Raises TicketUnknown.
    """
    consultation = await _consultation(connection, "lock_ticket", number)
    events = await events_of(connection, number)
    return consultation, replay(events) if events else None


async def events_of(connection: Connection, number: str) -> list[AnyTicketEvent]:
    """A ticket's log."""
    rows = await connection.fetch(sql("ticket_events_of"), number)
    return [_EVENT.decode(row["body"]) for row in rows]


async def append(
    connection: Connection,
    ticket: Ticket | None,
    events: Sequence[AnyTicketEvent],
    rules: TicketRules,
) -> Ticket:
    """Decide events on a locked ticket and record them. Raises TicketRefused."""
    for event in events:
        ticket = decide(ticket, event)
        await connection.execute(
            sql("append_ticket_event"),
            ticket.ticket_number,
            ticket.events,
            event.at,
            event.by,
            type(event).__name__,
            as_jsonb(event),
        )
        if news := news_of_ticket(ticket, event):
            await connection.execute(
                sql("put_news"), news.key, news.kind, news.at, as_jsonb(news.body)
            )
    assert ticket is not None, "at least one event is appended"
    at = events[-1].at
    await connection.execute(
        sql("update_ticket"),
        ticket.ticket_number,
        ticket.events,
        ticket.stage,
        ticket.level,
        ticket.choice.priority,
        ticket.holder,
        ticket.due.first_response_at if ticket.due else None,
        target_at(ticket, at, rules.working_time(at)),
        ticket.due.stage_closes_at if ticket.due else None,
        ticket.solved_at,
        ticket.confirmed_at,
        ticket.external_number,
        ticket.first_taken_at,
        ticket.user_acts_since,
    )
    return ticket


def due_set(
    ticket: Ticket, event: PriorityChanged, consultation: Consultation, rules: TicketRules
) -> DueSet:
    """The due times that follow a change of the priority, counted from the ticket's opening."""
    table = rules.tables.get(event.choice.table, rules.table)
    return DueSet(
        at=event.at,
        by=event.by,
        due=due(
            table,
            event.choice.priority,
            ticket.opened_at,
            rules.working_time(ticket.opened_at),
            stage_deadline(consultation.values),
        ),
    )


def case_of(ticket: Ticket, consultation: Consultation, rules: TicketRules, at: datetime) -> Case:
    """A ticket with what is told of it."""
    definition = rules.forms.get(consultation.form or "")
    return Case(
        ticket=ticket,
        target_at=target_at(ticket, at, rules.working_time(at)),
        zone=consultation.zone,
        facts=case_facts(consultation.values, definition) if definition else {},
    )


async def _consultation(connection: Connection, query: str, number: str) -> Consultation:
    row = await connection.fetchrow(sql(query), number)
    if row is None:
        raise TicketUnknown(f"There is no ticket {number}.")
    known: dict[str, Any] = dict(row)
    fields = known.pop("fields")
    values = msgspec.json.decode(fields, type=dict[str, str]) if fields else {}
    return Consultation(**{**known, "zone": known["zone"] or "WIB"}, values=values)
