"""One caller of whom every table holds something, and the eyes that look for it everywhere."""

import tomllib
from datetime import timedelta
from pathlib import Path

import msgspec

from agent.database.connect import Connection
from agent.database.erasure import ErasureStore
from agent.documents.archive_store import FolderStore
from agent.domain.events import (
    CallArrived,
    Caller,
    CallerAnswered,
    FieldFilled,
    HandedToExchange,
    NobodyTookCall,
    VoicemailLeft,
)
from agent.domain.rules import CallRules
from agent.domain.ticket_events import (
    AnyTicketEvent,
    ExternalNumberLinked,
    TicketReopened,
    TicketSolved,
    UserAnswered,
    UserAsked,
)
from agent.runtime.person_keys import PersonKeys
from agent.runtime.purge import removers
from agent.settings import DATA
from tests.database.agents import running_writer
from tests.database.stories import MORNING, SOP_NAME, Story, escalated, in_turn

RATNA = Caller(raw="081298765432", number="+6281298765432", shown="+62 812-9876-5432")
FORM_FILE = DATA / "form" / "formulir-konsultasi-1.toml"
FIELDS = {
    "caller_name": "Ratna Wulandari",
    "user_type": "penyedia",
    "business_name": "CV Melati Jaya Abadi",
    "position": "Direktur Utama Melati",
    "npwp": "3374056708900001",
    "nik": "3374056708900001",
    "spse_user_id": "RATNAMELATI77",
    "email": "Ratna.W@melati-jaya.example",
    "contact_phone": "+6285711122233",
    "application": "spse",
    "category": "01",
    "problem": "Ibu Ratna tidak dapat masuk sejak Senin",
    "tender_code": "10011129000",
    "stage_deadline": "besok kata Bu Ratna",
    "error_code": "E-4711 akun ratnamelati77",
    "screenshot_promised": "ya",
    "recording_consent": "ya",
    "solution": "Bu Ratna diminta mengirim KTP",
}
KEPT = {"penyedia", "spse", "01", "ya"}
SAID = {
    "UserAsked.question": "Mohon KTP Ratna W.",
    "UserAnswered.answer": "ini KTP Ratna W. 3374",
    "TicketSolved.solution": "akun Ratna W. dibuka",
    "TicketReopened.reason": "Ratna W. belum bisa",
    "ExternalNumberLinked.external_number": "LKPP-RATNA-88991",
}
PERSONAL = [
    *(value for value in FIELDS.values() if value not in KEPT),
    "ratna", "melati", "98765432", "11122233",
    *(value for value in (RATNA.raw, RATNA.number, RATNA.shown) if value),
    *SAID.values(),
]  # fmt: skip


def of_ratna(number: int = 1) -> Story:
    """Her call, escalated, in the morning."""
    told = escalated(number)
    story = Story(number, caller=RATNA)
    for record in told.records:
        event = record.event
        if isinstance(event, CallArrived):
            event = msgspec.structs.replace(event, caller=RATNA)
        story.tell(0, event)
    story.now = told.now
    return story


def left_a_message(number: int, caller: Caller = RATNA) -> Story:
    """Nobody was there; she spoke a message."""
    story = Story(number, MORNING + timedelta(minutes=30), caller=caller)
    arrived = CallArrived(
        at=story.now, source="CEL CHAN_START", call_id=story.call_id, channel=story.channel,
        caller=caller, line="helpdesk", form_number=story.form_number,
        rules=CallRules(sop=SOP_NAME), by_exchange=True,
    )  # fmt: skip
    story.tell(1, arrived)
    story.tell(1, CallerAnswered(at=story.now, channel=story.channel))
    story.tell(1, HandedToExchange(at=story.now, channel=story.channel))
    story.tell(20, NobodyTookCall(at=story.now, channel=story.channel))
    message = f"message-{number}.wav"
    story.tell(1, VoicemailLeft(at=story.now, channel=story.channel, recording=message))
    story.hang_up(story.channel)
    story.archive()
    return story


async def record(url: str, *stories: Story) -> None:
    """As an agent does."""
    async with running_writer(url) as writer:
        await writer.reserve("form", 2026, 20)
        await writer.reserve("ticket", 2026, 20)
        for one in in_turn(list(stories)):
            await writer.record(one)


def said_on_her_ticket() -> list[AnyTicketEvent]:
    """What was asked, answered and solved."""
    by, at = "op-101", MORNING
    return [
        UserAsked(at=at, by=by, question=SAID["UserAsked.question"]),
        UserAnswered(at=at, by=by, answer=SAID["UserAnswered.answer"]),
        TicketSolved(at=at, by=by, solution=SAID["TicketSolved.solution"]),
        TicketReopened(at=at, by=by, reason=SAID["TicketReopened.reason"]),
        ExternalNumberLinked(
            at=at, by=by, external_number=SAID["ExternalNumberLinked.external_number"]
        ),
    ]


async def write_form(connection: Connection, story: Story, *, in_log: bool = True) -> None:
    """Her form, its changes as events, her ticket's log and the exchange's lines about her.

    `in_log=False` where the log is read: FieldFilled is no event of a call yet.
    """
    definition = msgspec.json.encode(tomllib.loads(FORM_FILE.read_text())).decode()
    await connection.execute(
        "INSERT INTO office_files (kind, name, content, sha256)"
        " VALUES ('form', 'formulir-konsultasi-1', $1, 'x') ON CONFLICT DO NOTHING",
        definition,
    )
    fields = msgspec.json.encode(FIELDS).decode()
    await connection.execute(
        "INSERT INTO consultation_forms (call_id, form, fields, changed_at)"
        " VALUES ($1, 'formulir-konsultasi-1', $2, now())",
        story.call_id, fields,
    )  # fmt: skip
    changes = [
        FieldFilled(field=name, raw=f" {value} ", value=value, by="op-101", at=MORNING)
        for name, value in FIELDS.items()
    ]
    for place, change in enumerate(changes if in_log else [], start=900):
        body = {"event": "FieldFilled", **msgspec.to_builtins(change)}
        await connection.execute(
            "INSERT INTO call_events (call_id, sequence, at, source, event, body)"
            " VALUES ($1, $2, now(), 'agent', 'FieldFilled', $3)",
            story.call_id, place, msgspec.json.encode(body).decode(),
        )  # fmt: skip
    form = msgspec.json.encode({"form": {"zone": "WIB", "changes": changes}}).decode()
    await connection.execute(
        "UPDATE calls SET state = state || $2::jsonb WHERE call_id = $1", story.call_id, form
    )
    for place, event in enumerate(said_on_her_ticket(), start=1):
        await connection.execute(
            "INSERT INTO ticket_events (ticket_number, sequence, at, by, event, body)"
            " VALUES ($1, $2, now(), 'op-101', $3, $4)",
            story.ticket_number, place, type(event).__name__,
            msgspec.json.encode(event).decode(),
        )  # fmt: skip
    await connection.execute(
        "UPDATE tickets SET external_number = $2 WHERE ticket_number = $1",
        story.ticket_number, SAID["ExternalNumberLinked.external_number"],
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO exchange_ledger (channel, at, kind, mark, note, linked, entry)"
        " VALUES ($1, now(), 'began', '', '', $1, $2)",
        story.channel, msgspec.json.encode({"number": RATNA.raw, "shown": "Ratna W."}).decode(),
    )  # fmt: skip


async def everything(connection: Connection) -> str:
    """Every row of every table as text, in lower case."""
    tables = await connection.fetch(
        "SELECT relname FROM pg_class"
        " WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
    )
    rows = [
        str(row[0])
        for table in tables
        for row in await connection.fetch(f'SELECT t::text FROM "{table[0]}" AS t')  # noqa: S608 its own names
    ]
    return "\n".join(rows).lower()


def left_of(dump: str) -> list[str]:
    """Which of her words and numbers can still be read in a dump."""
    return [value for value in PERSONAL if value.lower() in dump]


class Office:
    """Folders of an office and its eraser."""

    def __init__(self, url: str, folder: Path) -> None:
        self.archive, self.audio = folder / "archive", folder / "audio"
        self.recaps = folder / "recaps"
        (self.archive / "forms").mkdir(parents=True)
        self.audio.mkdir()
        self.keys = PersonKeys(folder / "person.key")
        self.eraser = ErasureStore(
            url, self.keys, removers(FolderStore(self.archive).remove, self.audio, self.recaps)
        )

    def document_of(self, story: Story) -> Path:
        """Her archived form, written now."""
        file = self.archive / "forms" / f"{story.number}.json"
        file.write_text("Ratna")
        return file

    def message_of(self, story: Story) -> Path:
        """Her message, written now."""
        assert story.call.voicemail_recording
        file = self.audio / story.call.voicemail_recording
        file.write_bytes(b"RIFF")
        return file
