"""Who may see which ticket and act on it: all, or what he holds and what came from his calls."""

from agent.database.tickets import Consultation, May
from agent.domain.rights import Identity, Right
from agent.domain.ticket import Ticket

SEE = (Right.TICKETS, Right.CALLS, Right.DESK)
ACT = (Right.TICKETS, Right.DESK)
ALL = (Right.TICKETS, Right.CALLS)
"""Either shows everybody's tickets."""


def names_of(who: Identity) -> tuple[str, ...]:
    """Under which names he may hold a ticket: his account's, and his telephone's."""
    return (who.account, who.operator) if who.operator else (who.account,)


def sees_all(who: Identity) -> bool:
    """Whether he sees everybody's tickets."""
    return who.may(ALL)


def sees_persons(who: Identity) -> bool:
    """Whether he sees who called and what was written; of his own tickets everybody does."""
    return who.sees_persons(ALL)


def may_see(who: Identity) -> May | None:
    """What stands between him and a ticket to look at; None for nothing."""
    return None if sees_all(who) else _own(who)


def may_act(who: Identity) -> May | None:
    """What stands between him and a ticket to act on; None for nothing."""
    return None if who.may(Right.TICKETS) else _own(who)


def _own(who: Identity) -> May:
    def own(consultation: Consultation, ticket: Ticket | None) -> bool:
        if ticket and ticket.holder in names_of(who):
            return True
        return who.operator is not None and consultation.operator == who.operator

    return own
