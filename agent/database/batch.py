"""What changes of each table when events are recorded; a batch is one document, one statement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from agent.database.errors import RecordRefused
from agent.database.rows import (
    CallRow,
    ConsultationRow,
    DeviationRow,
    EventRow,
    FormRow,
    StepRow,
    TicketRow,
)
from agent.domain.call_state import Call, Moment
from agent.domain.consultation import Deviation, Judgement, StepRecord, judge
from agent.domain.identifiers import CallId
from agent.domain.news import News, news_of_call
from agent.domain.sop import Sop
from agent.runtime.recorder import Record


class Written(msgspec.Struct, frozen=True):
    """What the database is known to hold of a call after this many events."""

    events: int
    consultation: ConsultationRow
    form: FormRow | None
    steps: tuple[StepRecord, ...]
    deviations: tuple[Deviation, ...]
    told: frozenset[str]
    """Keys of the news of it."""


class Batch(msgspec.Struct):
    """The rows of one transaction; `judged` names the calls whose deviations are given anew."""

    events: list[EventRow] = []
    calls: list[CallRow] = []
    consultations: list[ConsultationRow] = []
    forms: list[FormRow] = []
    steps: list[StepRow] = []
    judged: list[CallId] = []
    deviations: list[DeviationRow] = []
    tickets: list[TicketRow] = []
    news: list[News] = []


def batch_of(
    records: list[Record], sops: Mapping[str, Sop], written: Mapping[CallId, Written]
) -> tuple[Batch, dict[CallId, Written]]:
    """The rows that these records change, and what the database then holds of their calls.

    Raises RecordRefused when a call runs under a procedure that is not in sops.
    """
    batch = Batch()
    latest: dict[CallId, Record] = {}
    for record in records:
        batch.events.append(_event_row(record))
        known = latest.get(record.call_id)
        if known is None or known.sequence < record.sequence:
            latest[record.call_id] = record
    holds = {}
    for call_id, record in latest.items():
        before = written.get(call_id)
        if before and before.events >= record.sequence:
            continue  # old news: at most its event is missing
        batch.calls.append(_call_row(record))
        holds[call_id] = _consult(batch, record, sops, before)
    return batch, holds


def _consult(
    batch: Batch, record: Record, sops: Mapping[str, Sop], before: Written | None
) -> Written:
    call = record.call
    sop = sops.get(call.rules.sop)
    if sop is None:
        raise RecordRefused(f"The procedure {call.rules.sop} is not loaded.")
    judgement = judge(call, sop)
    news = tuple(news_of_call(call, judgement))
    now = Written(
        record.sequence,
        _consultation_row(call, judgement),
        _form_row(call),
        judgement.steps,
        judgement.deviations,
        frozenset(one.key for one in news),
    )
    batch.news += [one for one in news if before is None or one.key not in before.told]
    if before is None or now.consultation != before.consultation:
        batch.consultations.append(now.consultation)
    if now.form and (before is None or now.form != before.form):
        batch.forms.append(now.form)
    issued = before is not None and before.consultation.ticket_number is not None
    if call.ticket_number and call.ticket_reserved and not issued:
        batch.tickets.append(TicketRow(call.ticket_number, call.call_id, call.ticket_reserved.at))
    known_steps = before.steps if before else ()
    if now.steps != known_steps:
        known = {step.step: step for step in known_steps}
        changed = [step for step in now.steps if known.get(step.step) != step]
        batch.steps += [StepRow(call.call_id, *_values(step)) for step in changed]
    if before is None or now.deviations != before.deviations:
        batch.judged.append(call.call_id)
        batch.deviations += [DeviationRow(call.call_id, *_values(d)) for d in now.deviations]
    return now


def _values(row: StepRecord | Deviation) -> tuple[Any, ...]:
    return msgspec.structs.astuple(row)


def _event_row(record: Record) -> EventRow:
    event = record.event
    name = type(event).__name__
    return EventRow(
        record.call_id, record.sequence, event.at, event.source, name, event, record.epoch
    )


def _call_row(record: Record) -> CallRow:
    call = record.call
    talk = call.conversation
    return CallRow(
        call_id=call.call_id,
        channel=call.channel,
        line=call.line,
        caller_raw=call.caller.raw,
        caller_number=call.caller.number,
        caller_shown=call.caller.shown,
        stage=call.stage,
        arrived_at=call.arrived.at,
        queued_at=_at(call.queued),
        answered_at=_at(talk.answered) if talk else None,
        ended_at=_at(call.ended),
        operator=talk.operator if talk else None,
        events=record.sequence,
        state=call,
        pending=record.pending,
        by_exchange_at=_at(call.by_exchange),
        epoch=record.epoch,
    )


def _consultation_row(call: Call, judgement: Judgement) -> ConsultationRow:
    return ConsultationRow(
        call_id=call.call_id,
        form_number=call.form_number,
        sop=call.rules.sop,
        outcome=judgement.outcome,
        decision=call.decision,
        decided_at=_at(call.decided),
        ticket_number=call.ticket_number,
        archived_at=_at(call.archived),
        archive_path=call.archive_path,
        archive_sha256=call.archive_sha256,
        handed_over_at=_at(call.handed_over),
    )


def _form_row(call: Call) -> FormRow | None:
    """Nothing while nobody has written on it."""
    changes = call.form.shown.values()
    if not changes:
        return None
    return FormRow(
        call_id=call.call_id,
        form=call.rules.form,
        fields={change.field: change.value for change in changes if change.value is not None},
        changed_at=max(change.at for change in changes),
        arrived_at=call.arrived.at,
    )


def _at(moment: Moment | None) -> datetime | None:
    return moment.at if moment else None
