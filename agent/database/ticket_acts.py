"""Whatever people do with a ticket, by page, program or command line: the one way to do it.

The ticket is loaded and locked, the domain decides, and the event, the ticket's columns and the
messages that tell of it are written in one transaction, with who did it and when.
"""

from datetime import datetime

from agent.database.accounts import keep_act
from agent.database.connect import connected
from agent.database.outbox import resend_messages
from agent.database.tickets import (
    May,
    Tell,
    TicketRules,
    change_ticket,
    locked,
    refuse_others,
)
from agent.domain.ticket import Ticket
from agent.domain.ticket_acts import (
    AnyAct,
    AskUser,
    AssignTicket,
    ReopenTicket,
    SolveTicket,
    checked,
    event_of,
)
from agent.runtime.case_messages import Ways, sent_up, told_to_user


class NothingToResend(ValueError):
    """No message about this ticket was given up, or what it told was erased since."""


async def act_on_ticket(
    url: str,
    number: str,
    act: AnyAct,
    rules: TicketRules,
    *,
    by: str,
    at: datetime,
    may: May | None = None,
) -> Ticket:
    """Do this with the ticket; answers what it is then.

    Raises ActRefused, TicketRefused (nothing is changed), TicketUnknown, CalendarEnds,
    DatabaseUnreachable.
    """
    kept = checked(act)
    return await change_ticket(
        url,
        number,
        rules,
        lambda ticket: event_of(kept, ticket, by, at, rules.table),
        _tell(kept, rules.ways),
        may,
    )


async def resend(url: str, number: str, *, by: str, may: May | None = None) -> list[str]:
    """Try again for a week what was given up about the ticket; answers the messages' keys.

    Who wished it is on the log of acts. Raises TicketUnknown, NothingToResend, DatabaseUnreachable.
    """
    async with connected(url) as connection, connection.transaction():
        consultation, ticket = await locked(connection, number)
        refuse_others(number, consultation, ticket, may)
        keys = await resend_messages(connection, number)
        if not keys:
            raise NothingToResend(f"No message about the ticket {number} was given up.")
        await keep_act(connection, by, "messages_resent", number, {"messages": keys})
    return keys


def _tell(act: AnyAct, ways: Ways) -> Tell | None:
    """Who hears of it by message."""
    match act:
        case AssignTicket():
            return lambda case: sent_up(case, ways, by_hand=True)
        case AskUser(text=text):
            return lambda case: told_to_user(case, ways, "question_asked", question=text)
        case SolveTicket(text=text):
            return lambda case: told_to_user(case, ways, "ticket_solved", solution=text)
        case ReopenTicket(text=text):
            return lambda case: told_to_user(case, ways, "ticket_reopened", reason=text)
        case _:
            return None
