"""One call on record: what was told, done, heard and proved, as a page and for programs.

Every look is in the log of who saw whose data before anything is shown. Who may not see persons
gets the masked number, of the form only what was chosen from lists, and what the office's own
people said of a deviation without the numbers in it.
"""

from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from agent.catalogue import Words
from agent.database.access import Access, log_access
from agent.database.errors import NumberUnknown
from agent.database.reports import CallReport, read_call
from agent.domain.call_state import Call
from agent.domain.consultation import Deviation, Outcome, StepRecord
from agent.domain.deviation_words import DeviationWord
from agent.domain.event_words import event_told
from agent.domain.form import FormDefinition
from agent.domain.office_time import local
from agent.domain.rights import Right, mask_number
from agent.web.call_picture import call_picture
from agent.web.charts.drawing import Words as ChartWords
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.shown_numbers import Numbers
from agent.web.spoken_deviation import spoken_of_call, words_shown

PURPOSE = "halaman panggilan"
"""What the log of accesses has for a look at this page; programs look for the same."""
SEE = (Right.CALLS, Right.DESK)
IMPERSONAL = ("choice", "yes_no")


class RecordedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event at its place in the call's log, told in the reader's language."""

    event: int
    at: datetime
    source: str
    text: str


class RecordedField(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in one field of the form."""

    field: str
    label: str
    value: str


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of one call; durations in seconds."""

    form_number: str
    ticket_number: str | None
    outcome: Outcome
    caller: str
    operator: str | None
    operator_name: str | None
    arrived_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    sop: str
    archive_sha256: str | None
    fields: list[RecordedField]
    steps: tuple[StepRecord, ...]
    deviations: tuple[Deviation, ...]
    words: tuple[DeviationWord, ...]
    events: list[RecordedEvent]
    voicemail: bool
    """Whether the caller left a voice message that is still kept."""


def call_record_operations(parts: Parts) -> list[Operation]:
    """Reading one call."""

    async def read(asking: Asking, _asked: None) -> CallRecord:
        return _record(parts, await _report(parts, asking), asking)

    return [
        Operation(
            name="readCall", method="GET", path="/calls/{year}/{sequence}",
            right=SEE,
            summary="One call by its form's year and sequence: steps, proofs, deviations, log; "
            "with `desk` alone one's own.",
            perform=read, answered=CallRecord,
        )
    ]  # fmt: skip


def call_record_pages(parts: Parts) -> list[Page]:
    """One call as a page, with its picture."""

    async def show(asking: Asking) -> Shown:
        report = await _report(parts, asking)
        words, numbers, zone = asking.words, Numbers(asking.words), parts.settings.zone

        def clock(at: datetime | None) -> str:
            return f"{local(at, zone):%H:%M:%S.%f}"[:-3] if at else words("call.none")

        return Shown(
            "call.html",
            {
                "record": _record(parts, report, asking),
                "picture": call_picture(report, _picture_words(words), words, numbers.seconds),
                "clock": clock,
                "day": f"{local(report.call.arrived.at, zone):%d-%m-%Y}",
                "deviations": await spoken_of_call(parts, report, asking.who),
                "persons": asking.who.sees_persons(Right.CALLS),
                "hears": asking.who.may(Right.PERSONS),
                "audio": f"/api/v1{asking.request.path}/voicemail",
                "n": numbers,
            },
        )

    return [Page(path="/calls/{year}/{sequence}", right=SEE, show=show)]


async def _report(parts: Parts, asking: Asking) -> CallReport:
    """The call of the address, its steps in the reader's language, its reading on record.

    Raises NumberUnknown, also for one that is not his to see, DatabaseUnreachable.
    """
    number = f"{asking.path('sequence')}/{asking.path('year')}"
    report = await read_call(parts.pool.url, number)
    if not (asking.who.may(Right.CALLS) or report.call.is_of(asking.who.operator)):
        raise NumberUnknown(f"There is no call {number} of yours.")
    seen = Access(
        by=asking.who.account, action="read", purpose=PURPOSE, forms=(report.call.form_number,)
    )
    await log_access(parts.pool.url, seen)
    steps = (replace(step, activity=asking.words.activity(step.activity)) for step in report.steps)
    return replace(report, steps=tuple(steps))


def _record(parts: Parts, report: CallReport, asking: Asking) -> CallRecord:
    call, talk = report.call, report.call.conversation
    persons = asking.who.sees_persons(Right.CALLS)
    answered = talk.answered if talk else None
    return CallRecord(
        form_number=call.form_number,
        ticket_number=call.ticket_number,
        outcome=report.outcome,
        caller=call.caller.shown if persons else mask_number(call.caller.shown),
        operator=talk.operator if talk else None,
        operator_name=talk.name if talk else None,
        arrived_at=call.arrived.at,
        answered_at=answered.at if answered else None,
        ended_at=call.ended.at if call.ended else None,
        sop=call.rules.sop,
        archive_sha256=call.archive_sha256,
        fields=_fields(parts, call, persons, asking.words),
        steps=report.steps,
        deviations=report.deviations,
        words=words_shown(report.words, asking.who),
        events=_events(report, persons, asking.words),
        voicemail=call.voicemail_recording is not None,
    )


def _events(report: CallReport, persons: bool, words: Words) -> list[RecordedEvent]:
    shown = report.call.caller.shown
    hidden = shown if persons else mask_number(shown)
    return [
        RecordedEvent(
            event=logged.sequence,
            at=logged.event.at,
            source=logged.event.source,
            text=event_told(report.call, logged.event, words).replace(shown, hidden),
        )
        for logged in report.events
    ]


def _fields(parts: Parts, call: Call, persons: bool, words: Words) -> list[RecordedField]:
    form = parts.forms.get(call.rules.form or "")
    if form is None:
        return []
    found = []
    for field in form.fields:
        change = call.form.shown.get(field.id)
        if change is None or not change.value or not (persons or field.type in IMPERSONAL):
            continue
        label = getattr(field.label, words.language)
        value = _value(form, field.choices, change.value, words)
        found.append(RecordedField(field=field.id, label=label, value=value))
    return found


def _value(form: FormDefinition, choices: str | None, value: str, words: Words) -> str:
    label: Any = form.lists.get(choices or "", {}).get(value)
    return str(getattr(label, words.language)) if label else value


def _picture_words(words: Words) -> ChartWords:
    return ChartWords(
        name="call",
        title=words("picture.title"),
        description=words("picture.description"),
        table="",
        nothing="",
    )
