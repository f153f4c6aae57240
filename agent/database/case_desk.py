"""SOP step 8: opens the ticket of an escalated case and puts the messages that move it on."""

from datetime import datetime

import structlog

from agent.database.connect import Connection, borrowed, connected, open_connection
from agent.database.errors import TicketUnknown
from agent.database.outbox import put_messages
from agent.database.queries import sql
from agent.database.tickets import Consultation, TicketRules, append, case_of, locked
from agent.domain.call_state import Call
from agent.domain.events import CaseHandedOver, CaseNotHandedOver
from agent.domain.priority import due
from agent.domain.ticket import Ticket, TicketRefused
from agent.domain.ticket_events import DueSet, LevelAssigned, TicketOpened
from agent.domain.ticket_opening import choose, stage_deadline
from agent.domain.working_time import CalendarEnds
from agent.runtime.case_messages import opening, opening_key, sent_up
from agent.runtime.doors import DONE, Performed
from agent.runtime.errors import EffectFailed
from agent.runtime.ticket_clock import what_time_does

log = structlog.get_logger()


class CaseDesk:
    """Performs HandOverCase; only the owner of the calls may."""

    def __init__(self, url: str, rules: TicketRules, *, epoch: int = 0) -> None:
        self._url = url
        self._rules = rules
        self._epoch = epoch

    async def hand_over(self, call: Call) -> Performed:
        """Open the ticket and put its messages, both or neither; a repeat changes nothing.

        Tells the call when the message was accepted, or given up, before. Raises EffectFailed
        while the database is away or does not know the ticket yet, StandDown.
        """
        assert call.ticket_number is not None, "a case is handed over with its ticket"
        try:
            async with connected(self._url) as connection, connection.transaction():
                await connection.execute(sql("fence_former_owner"), self._epoch)
                consultation, ticket = await locked(connection, call.ticket_number)
                if ticket is None:
                    ticket = await self._open(connection, consultation, call)
                case = case_of(ticket, consultation, self._rules, ticket.opened_at)
                await put_messages(connection, opening(case, self._rules.ways))
                return await self._what_became_of_it(connection, call.ticket_number)
        except TicketUnknown as error:  # its record still waits in the journal
            raise EffectFailed(str(error)) from error

    async def _open(self, connection: Connection, consultation: Consultation, call: Call) -> Ticket:
        talk, reserved = call.conversation, call.ticket_reserved
        assert reserved is not None
        by = str(talk.operator) if talk else "agent"
        choice = choose(consultation.values, self._rules.table, by)
        opened = TicketOpened(
            at=reserved.at,
            by=by,
            ticket_number=consultation.ticket_number,
            form_number=call.form_number,
            call_id=call.call_id,
            choice=choice,
        )
        times = due(
            self._rules.table,
            choice.priority,
            reserved.at,
            self._rules.working_time(reserved.at),
            stage_deadline(consultation.values),
        )
        due_times = DueSet(at=reserved.at, by="agent", due=times)
        return await append(connection, None, [opened, due_times], self._rules)

    async def _what_became_of_it(self, connection: Connection, number: str) -> Performed:
        way = self._rules.ways.hands_over
        if way is None:
            return DONE
        row = await connection.fetchrow(sql("opening_message"), opening_key(number, way))
        if row and row["accepted_at"]:
            return Performed(event=CaseHandedOver(at=row["accepted_at"], way=way))
        if row and row["gave_up_at"]:
            return Performed(event=CaseNotHandedOver(at=row["gave_up_at"]))
        return DONE


async def let_time_pass(url: str, rules: TicketRules, at: datetime, *, epoch: int = 0) -> int:
    """Do to every open ticket what time does; answers how many were changed.

    Each ticket in a transaction of its own, so that one of which nothing can be said holds up no
    other. Raises DatabaseUnreachable, StandDown.
    """
    connection = await open_connection(url)
    changed = 0
    try:
        async with borrowed(connection):
            rows = await connection.fetch(sql("tickets_of_the_clock"))
        for number in (row["ticket_number"] for row in rows):
            try:
                async with borrowed(connection), connection.transaction():
                    await connection.execute(sql("fence_former_owner"), epoch)
                    changed += await _let_time_pass(connection, number, rules, at)
            except (CalendarEnds, TicketRefused) as error:
                log.error("ticket_without_clock", ticket=number, reason=str(error))
    finally:
        connection.terminate()
    return changed


async def _let_time_pass(
    connection: Connection, number: str, rules: TicketRules, at: datetime
) -> bool:
    consultation, ticket = await locked(connection, number)
    changed = False
    while ticket:
        table = rules.tables.get(ticket.choice.table, rules.table)
        event = what_time_does(ticket, at, rules.working_time(at), table)
        if event is None:
            break
        changed = True
        ticket = await append(connection, ticket, [event], rules)
        if isinstance(event, LevelAssigned):
            case = case_of(ticket, consultation, rules, at)
            await put_messages(connection, sent_up(case, rules.ways))
    return changed
