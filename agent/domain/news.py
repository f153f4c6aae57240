"""What others may know of a call or a ticket: public facts, each told once, nobody's data in them.

No number, name, word or address of a caller; of the office's people only their account. Whoever
may know more asks for it by the form or ticket number.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from agent.domain.call_state import Call, Moment
from agent.domain.consultation import Deviation, Judgement
from agent.domain.identifiers import CallId
from agent.domain.ticket import Ticket
from agent.domain.ticket_events import (
    AnyTicketEvent,
    LevelAssigned,
    PriorityChanged,
    SolutionConfirmed,
    TicketOpened,
    TicketReopened,
    TicketSolved,
    TicketTaken,
    UserAnswered,
    UserAsked,
)

_OF_TICKETS: Mapping[type[AnyTicketEvent], str] = {
    TicketOpened: "ticket.opened",
    PriorityChanged: "ticket.priority_changed",
    TicketTaken: "ticket.taken",
    LevelAssigned: "ticket.assigned",
    UserAsked: "ticket.question_asked",
    UserAnswered: "ticket.answered",
    TicketSolved: "ticket.solved",
    SolutionConfirmed: "ticket.confirmed",
    TicketReopened: "ticket.reopened",
}
"""Due times follow from others; the user's number at LPSE Support leads to him."""

KINDS = (
    "call.arrived",
    "call.answered",
    "call.decided",
    "call.ended",
    "call.archived",
    "deviation.found",
    *_OF_TICKETS.values(),
)
"""Everything that is told, by its name."""

_ACCOUNT = re.compile(r"op-[0-9]{1,9}|agent")


class News(msgspec.Struct, frozen=True):
    """One public fact; `key` names it for ever, so that nobody is told of it twice."""

    call_id: CallId
    key: str
    kind: str
    at: datetime
    body: Mapping[str, Any]


def news_of_call(call: Call, judgement: Judgement) -> Iterator[News]:
    """All that can be told of a call as it is; a later state of it tells the same and more."""
    talk = call.conversation
    operator = talk.operator if talk else None
    arrived = call.arrived.at
    facts: dict[str, Any]
    yield _of_call(call, "arrived", call.arrived)
    if talk and talk.answered:
        queued_at = call.queued.at if call.queued else None
        facts = {"operator": operator, "arrived_at": arrived, "queued_at": queued_at}
        yield _of_call(call, "answered", talk.answered, facts)
    if call.decided:
        facts = {"operator": operator, "decision": call.decision}
        # What was held for solved may be escalated after all.
        yield _of_call(call, "decided", call.decided, facts, str(call.decided.event))
    if call.ended:
        facts = {"operator": operator, "outcome": judgement.outcome, "arrived_at": arrived}
        yield _of_call(call, "ended", call.ended, facts)
    met = {step.step: step.met_at for step in judgement.steps}
    for deviation in judgement.deviations:
        yield _found(call, deviation, met.get(deviation.step))
    if call.archived:
        facts = {"outcome": judgement.outcome, "ticket_number": call.ticket_number}
        yield _of_call(call, "archived", call.archived, facts)


def news_of_ticket(ticket: Ticket, event: AnyTicketEvent) -> News | None:
    """What is told of a ticket that has just become this by its last event."""
    kind = _OF_TICKETS.get(type(event))
    if kind is None:
        return None
    body = {
        "ticket_number": ticket.ticket_number,
        "form_number": ticket.form_number,
        "call_id": ticket.call_id,
        "by": _account(event.by),
        "stage": ticket.stage,
        "level": ticket.level,
        "priority": ticket.choice.priority,
        "holder": _account(ticket.holder),
    }
    key = f"{ticket.ticket_number}/{ticket.events}"
    return News(ticket.call_id, key, kind, event.at, body)


def _of_call(
    call: Call,
    what: str,
    moment: Moment,
    facts: Mapping[str, Any] | None = None,
    number: str = "",
) -> News:
    key = f"{call.call_id}/{what}{number}"
    return News(call.call_id, key, f"call.{what}", moment.at, {**_which(call), **(facts or {})})


def _found(call: Call, deviation: Deviation, met_at: datetime | None) -> News:
    """Found when its step was met, or could be no more; a correction of a time is not told."""
    at = met_at or (call.ended.at if call.ended else call.last_known)
    facts = {
        "kind": deviation.kind,
        "step": deviation.step,
        "limit_s": deviation.limit_s,
        "measured_s": deviation.measured_s,
        "excess_s": deviation.excess_s,
        "operator": deviation.operator,
        "reason": deviation.reason,
    }
    key = f"{call.call_id}/deviation/{deviation.kind}/{deviation.step}"
    return News(call.call_id, key, "deviation.found", at, {**_which(call), **facts})


def _which(call: Call) -> dict[str, Any]:
    return {"call_id": call.call_id, "form_number": call.form_number}


def _account(name: str | None) -> str | None:
    """People may have typed their name where their account could stand."""
    return name if name and _ACCOUNT.fullmatch(name) else None
