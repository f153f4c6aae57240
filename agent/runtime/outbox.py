"""What leaves the office by message: kept until its receiver has accepted it, never put twice."""

from typing import Literal

import msgspec

from agent.domain.identifiers import CallId

Way = Literal["caller_email", "level_email", "webhook", "request_tracker"]
Matter = Literal["ticket_opened", "question_asked", "ticket_solved", "ticket_reopened"]


class OutboxMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one receiver.

    `key` is unique for ever (`26-00412-7/ticket_opened/caller_email`): putting a known key again
    does nothing. `facts` are what its text needs; an address of a receiver stands under `to`.
    """

    key: str
    way: Way
    matter: Matter
    call_id: CallId
    ticket_number: str
    facts: dict[str, str]
