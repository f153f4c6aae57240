"""Messages for the tests of this room, with facts that a real office would tell."""

from datetime import UTC, datetime
from typing import Any

from agent.domain.identifiers import CallId
from agent.handover.email_messages import MessageTexts, load_texts
from agent.runtime.outbox import Matter, OutboxMessage, Way
from agent.settings import DATA

PUT_AT = datetime(2026, 11, 25, 3, 15, tzinfo=UTC)
TICKET = "26-00412-7"
FACTS = {
    "to": "budi@caller.test",
    "office_name": "LPSE Kabupaten Batang",
    "form_number": "0123/FK-TLP/LPSE.BTG/2026",
    "problem": "Gagal mengunggah penawaran.\nPesan: “koneksi terputus” – é",
    "application": "SPSE",
    "category": "Unggah dokumen",
    "caller_name": "Budi Santoso",
    "contact_phone": "+628123456789",
    "contact_email": "budi@caller.test",
    "priority": "high",
    "level": "admin_ppe",
    "target_at": "2026-11-26T03:00:00+00:00",
    "zone": "WIB",
    "question": "Berapa kode tendernya?",
    "solution": "Gunakan Apendo versi terbaru.",
    "reason": "Masih gagal.",
}


def texts() -> MessageTexts:
    """The texts that the project ships."""
    return load_texts(DATA / "messages" / "id.toml")


def message(
    way: Way = "caller_email",
    matter: Matter = "ticket_opened",
    ticket: str = TICKET,
    **facts: Any,
) -> OutboxMessage:
    """One message; a fact that is None is not known."""
    told = {name: value for name, value in {**FACTS, **facts}.items() if value is not None}
    return OutboxMessage(
        key=f"{ticket}/{matter}/{way}",
        way=way,
        matter=matter,
        call_id=CallId("call-412"),
        ticket_number=ticket,
        facts=told,
    )
