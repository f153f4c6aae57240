"""Who is told what of a ticket: the messages of one matter, by the ways that the office has."""

from collections.abc import Collection, Mapping

from agent.domain.identifiers import CallId
from agent.runtime.outbox import Matter, OutboxMessage, Way

WAYS_OF: dict[Matter, tuple[Way, ...]] = {
    "ticket_opened": ("caller_email", "level_email", "webhook", "request_tracker"),
    "question_asked": ("caller_email", "webhook"),
    "ticket_solved": ("caller_email", "webhook"),
    "ticket_reopened": ("caller_email", "level_email", "webhook"),
}
"""Of what goes on after its opening, Request Tracker keeps its own account."""


def messages_of(
    matter: Matter,
    call_id: CallId,
    ticket_number: str,
    facts: Mapping[str, str | None],
    *,
    ways: Collection[Way],
    caller_address: str | None,
    level_address: str | None,
    occasion: str = "",
) -> tuple[OutboxMessage, ...]:
    """What is to be put into the outbox; an e-mail without an address is left out.

    `ways` are those that have a sender. `occasion` tells apart what happens to a ticket more than
    once, e.g. the sequence of the ticket's event; the same occasion gives the same keys. Facts that
    are not known may be None; their names are those of agent/handover/email_messages.py.
    """
    addresses = {"caller_email": caller_address, "level_email": level_address}
    known = {name: value for name, value in facts.items() if value}
    messages = []
    for way in WAYS_OF[matter]:
        address = addresses.get(way)
        if way not in ways or (way in addresses and not address):
            continue
        parts = (ticket_number, matter, occasion, way)
        messages.append(
            OutboxMessage(
                key="/".join(part for part in parts if part),
                way=way,
                matter=matter,
                call_id=call_id,
                ticket_number=ticket_number,
                facts={**known, "to": address} if address else known,
            )
        )
    return tuple(messages)
