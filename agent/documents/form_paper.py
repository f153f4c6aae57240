"""The Formulir Konsultasi on paper: a PDF/A-3b of A4 pages with the machine's record inside.

The text of a caller never becomes markup: the template reads it as data out of a file that exists
only while the paper is typeset. The same call gives the same bytes.
"""

import hashlib
import io
from datetime import date, datetime
from typing import Any

import msgspec
import segno

from agent.documents.letterhead_file import Stationery
from agent.documents.paper_text import all_on_paper
from agent.documents.typesetting import MAIN, Paper, typeset
from agent.domain.call_state import Call
from agent.domain.consultation import Deviation, Judgement, StepRecord
from agent.domain.form import FormDefinition, FormField
from agent.domain.form_facts import facts_of, said_of, shown_moment, shown_seconds
from agent.domain.form_filling import ConsultationForm
from agent.domain.office_time import ZONES, local
from agent.domain.priority import PriorityTable
from agent.domain.sop import Sop
from agent.domain.words import FACTS, OUTCOMES, STEP_STATES
from agent.settings import DATA

TEMPLATES = DATA / "papers"
RECORD_NAME = "rekaman-konsultasi.json"
"""The machine's record inside the paper."""
MONTHS = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
]
_YES_NO = {"ya": "Ya", "tidak": "Tidak"}


def render_form_paper(
    call: Call,
    judgement: Judgement,
    sop: Sop,
    definition: FormDefinition,
    form: ConsultationForm,
    stationery: Stationery,
    record: bytes,
    table: PriorityTable,
) -> bytes:
    """The paper of an ended call; `record` is attached to it, and its SHA-256 printed.

    Raises NotTypeset.
    """
    paper = compose_form_paper(call, judgement, sop, definition, form, stationery, record, table)
    return typeset(paper)


def compose_form_paper(
    call: Call,
    judgement: Judgement,
    sop: Sop,
    definition: FormDefinition,
    form: ConsultationForm,
    stationery: Stationery,
    record: bytes,
    table: PriorityTable,
) -> Paper:
    """What the same paper is typeset from: some milliseconds of the interpreter's time."""
    at = facts_known_at(call)
    archiving = {step.step for step in sop.steps if step.met_by == "form_archived"}
    content = all_on_paper(
        {
            "letterhead": msgspec.to_builtins(stationery.letterhead),
            "title": definition.title.id,
            "form_number": call.form_number,
            "ticket_number": call.ticket_number,
            "outcome": OUTCOMES[judgement.outcome],
            "caller": call.caller.shown,
            "sections": _sections(definition, form, facts_of(call, judgement, sop, table)),
            "steps": [_step(step, archiving, call.rules.zone) for step in judgement.steps],
            "deviations": [_deviation(deviation) for deviation in judgement.deviations],
            "sop": msgspec.to_builtins(sop) | {"effective": _written(sop.effective)},
            "form_name": f"{definition.form} versi {definition.version}",
            "operator": call.conversation.name if call.conversation else None,
            "date": date_on_paper(local(at, call.rules.zone)),
            "written_at": shown_moment(at, call.rules.zone),
        }
    )
    # Names of files, digits and hashes are ours: they need no care, and must not be changed.
    content |= {
        "record_name": RECORD_NAME,
        "record_sha256": hashlib.sha256(record).hexdigest(),
        "logo": stationery.logo_name,
    }
    files = {
        MAIN: (TEMPLATES / "form.typ").read_bytes(),
        "letterhead.typ": (TEMPLATES / "letterhead.typ").read_bytes(),
        "parts.typ": (TEMPLATES / "parts.typ").read_bytes(),
        "paper.json": msgspec.json.encode(content),
        "qr.svg": qr_code(call.form_number),
        RECORD_NAME: record,
    }
    if stationery.logo is not None:
        files[stationery.logo_name] = stationery.logo
    return Paper(files, at)


def facts_known_at(call: Call) -> datetime:
    """The moment of the last fact on the form; the paper's own time, whenever it is written."""
    moments = [moment.at for moment in (call.ended, call.form_finished, call.handed_over) if moment]
    moments += [change.at for change in call.form.shown.values()]
    return max([call.last_known, *moments])


def _sections(
    definition: FormDefinition, form: ConsultationForm, facts: dict[Any, str]
) -> list[dict[str, Any]]:
    values = form.values
    return [
        {
            "label": section.label.id,
            "lines": [
                {
                    "label": field.label.id,
                    "value": facts.get(field.from_call)
                    if field.type == "fact"
                    else _shown(definition, field, values.get(field.id), form.zone),
                }
                for field in section.fields
            ],
        }
        for section in definition.sections
    ]


def _shown(
    definition: FormDefinition, field: FormField, value: str | None, zone: str
) -> str | None:
    """What stands in a field, as people write it."""
    if value is None:
        return None
    if field.type == "choice":
        choice = definition.lists[field.choices or ""].get(value)
        return choice.id if choice else value
    if field.type == "yes_no":
        return _YES_NO.get(value, value)
    if field.type == "moment":
        return _shown_moment(value, zone)
    return value


def _shown_moment(value: str, zone: str) -> str:
    """A moment in ISO 8601 as people write it; what was not understood stays as it was typed."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    if at.tzinfo is None:
        return f"{at:%d-%m-%Y}"
    named = next(
        (name for name, clock in ZONES.items() if clock.utcoffset(None) == at.utcoffset()), zone
    )
    return f"{local(at, named):%d-%m-%Y %H.%M} {named}"


def _step(step: StepRecord, archiving: set[str], zone: str) -> dict[str, Any]:
    by_this = step.state == "running" and step.step in archiving
    return {
        "step": step.step,
        "activity": step.activity,
        "limit": f"{step.limit_s:g} detik" if step.limit_s is not None else None,
        "measured": shown_seconds(step.seconds) if step.seconds is not None else None,
        "state": "dipenuhi dengan dokumen ini" if by_this else STEP_STATES[step.state],
        "evidence": [
            f"{FACTS.get(e.fact, e.fact)} {shown_moment(e.at, zone)} ({e.source}, #{e.event})"
            for e in step.evidence
        ],
    }


def _deviation(deviation: Deviation) -> dict[str, Any]:
    return {
        "said": said_of(deviation),
        "limit": f"{deviation.limit_s:g} detik" if deviation.limit_s is not None else None,
        "measured": _seconds(deviation.measured_s),
        "excess": _seconds(deviation.excess_s),
        "operator": deviation.operator,
        "events": " ".join(f"#{event}" for event in deviation.events),
    }


def _seconds(value: float | None) -> str | None:
    return None if value is None else shown_seconds(value)


def _written(day: str) -> str:
    """A day in ISO 8601 as papers write it; whatever else stands there stays."""
    try:
        return date_on_paper(date.fromisoformat(day))
    except ValueError:
        return day


def date_on_paper(day: date) -> str:
    """A day as papers write it, e.g. 23 November 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def qr_code(text: str) -> bytes:
    """The text as a picture of a QR code; level M still reads with a stain on it."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=2)
    return out.getvalue()
