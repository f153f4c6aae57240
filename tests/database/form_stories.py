"""Consultations with a form for the database's tests: told calls, their marks filled."""

import re
from datetime import date, datetime
from typing import Any

import msgspec

from agent.domain.numbers import YearNumber, render_form_number, render_ticket_number
from agent.domain.synthetic import Kind, tell
from agent.runtime.recorder import Record
from tests.database.agents import running_writer
from tests.database.stories import MORNING, OFFICE, SOP_NAME
from tests.domain.made_up import FORM, plot

_RECORDS = msgspec.json.Decoder(list[Record])


def told_records(
    number: int, kind: Kind = "solved", start: datetime = MORNING, **values: str
) -> list[Record]:
    """One call's records, under this number of the year."""
    filled = {
        "call": f"call-{number}",
        "form": render_form_number(YearNumber(start.year, number), OFFICE),
        "ticket": render_ticket_number(YearNumber(start.year, number)),
        "operator": "op-101",
        "operator_name": "Siti Aminah",
        "phone": "+628123456789",
        "phone_shown": "+62 812-345-6789",
        "caller_name": "Rudi Hartono",
        "business_name": "CV Melati",
        "institution": "Dinas Kesehatan",
        "npwp": "0012345678901000",
        "application": "spse",
        "category": "06",
        "problem": "Gagal mengunggah penawaran",
        "solution": "Versi Apendo disesuaikan",
    } | values
    told = tell(plot(kind), start, "WIB", SOP_NAME, FORM)
    records = [Record(t.call.call_id, t.call.events, t.event, t.call, t.effects) for t in told]
    content = msgspec.json.encode(records).decode()

    def own(found: re.Match[str]) -> str:
        return msgspec.json.encode(filled[found[1]]).decode()[1:-1]

    return _RECORDS.decode(re.sub(r"@@(\w+)@@", own, content))


async def record_all(url: str, *calls: list[Record]) -> None:
    """Record calls one after the other, as an agent does."""
    async with running_writer(url) as writer:
        for records in calls:
            for record in records:
                await writer.record(record)


def answer_parts(**changes: Any) -> dict[str, Any]:
    """The parts of an answer that can be kept."""
    return {
        "id": "jam-layanan",
        "title": "Jam layanan",
        "question": "Kapan helpdesk buka?",
        "answer": "Senin sampai Jumat.",
        "valid_from": date(2020, 1, 1),
        "source": "SK Kepala",
    } | changes
