"""Rows as the statement `record_batch` takes them; fields equal columns."""

import re
from datetime import datetime

import msgspec

from agent.domain.call_state import Call, Stage
from agent.domain.consultation import Evidence
from agent.domain.effects import AnyEffect
from agent.domain.events import AnyEvent
from agent.domain.identifiers import CallId

# PostgreSQL's text knows every character but this one; an even run of \ before it escapes itself.
_ZERO_CHARACTER = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def as_jsonb(rows: object) -> str:
    """Rows as one document that PostgreSQL takes, whatever a caller has put into them."""
    content = msgspec.json.encode(rows)
    if b"\\u0000" in content:
        content = _ZERO_CHARACTER.sub(rb"\1\\ufffd", content)
    return content.decode()


class EventRow(msgspec.Struct):
    """A row of call_events."""

    call_id: CallId
    sequence: int
    at: datetime
    source: str
    event: str
    body: AnyEvent
    epoch: int


class CallRow(msgspec.Struct):
    """A row of calls; state is the whole call, for a restart."""

    call_id: CallId
    channel: str
    line: str
    caller_raw: str | None
    caller_number: str | None
    caller_shown: str
    stage: Stage
    arrived_at: datetime
    queued_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    operator: str | None
    events: int
    state: Call
    pending: tuple[AnyEffect, ...]
    by_exchange_at: datetime | None
    epoch: int


class ConsultationRow(msgspec.Struct, frozen=True):
    """A row of consultations; year and sequence are read out of the form number there."""

    call_id: CallId
    form_number: str
    sop: str
    outcome: str
    decision: str | None
    decided_at: datetime | None
    ticket_number: str | None
    archived_at: datetime | None
    archive_path: str | None
    archive_sha256: str | None
    handed_over_at: datetime | None


class FormRow(msgspec.Struct, frozen=True):
    """A row of consultation_forms; fields are those that are not empty, in their normal form."""

    call_id: CallId
    form: str
    fields: dict[str, str]
    changed_at: datetime
    arrived_at: datetime | None
    """Of the call, for words are looked for among the forms of some days; an older program, which
    may be the other agent while both are replaced, writes none."""


class StepRow(msgspec.Struct):
    """A row of consultation_steps."""

    call_id: CallId
    step: str
    activity: str
    state: str
    limit_s: float | None
    started_at: datetime | None
    met_at: datetime | None
    seconds: float | None
    evidence: tuple[Evidence, ...]


class DeviationRow(msgspec.Struct):
    """A row of deviations."""

    call_id: CallId
    kind: str
    step: str
    limit_s: float | None
    measured_s: float | None
    excess_s: float | None
    operator: str | None
    reason: str
    events: tuple[int, ...]


class TicketRow(msgspec.Struct):
    """A row of tickets."""

    ticket_number: str
    call_id: CallId
    issued_at: datetime
