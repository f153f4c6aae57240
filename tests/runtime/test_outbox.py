"""What is put into the outbox comes out of it as it was."""

import msgspec

from agent.domain.identifiers import CallId
from agent.runtime.outbox import OutboxMessage


def test_a_message_is_the_same_after_it_was_kept() -> None:
    message = OutboxMessage(
        key="26-00412-7/ticket_opened/caller_email",
        way="caller_email",
        matter="ticket_opened",
        call_id=CallId("00a1"),
        ticket_number="26-00412-7",
        facts={"to": "budi@contoh.co.id"},
    )
    assert msgspec.json.decode(msgspec.json.encode(message), type=OutboxMessage) == message
