"""One person's data: found, taken out whole, corrected. Each is logged before it is answered."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from agent.database.access import Access, keep_access
from agent.database.connect import Connection, connected
from agent.database.errors import DatabaseProblem
from agent.database.queries import sql
from agent.domain.events import FieldFilled
from agent.domain.form import FormDefinition, parse_form
from agent.domain.form_filling import (
    Change,
    ChangeRefused,
    ConsultationForm,
    fill,
)
from agent.domain.identifiers import CallId
from agent.domain.personal_data import Person
from agent.runtime import clock

_ANY = msgspec.json.Decoder(dict[str, Any])
STATEMENT_S = 30.0


class CorrectionRefused(DatabaseProblem):
    """The correction cannot be taken; the message says why."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a person."""

    call_id: CallId
    form_number: str
    ticket_number: str | None
    outcome: str
    arrived_at: datetime
    caller: str
    caller_name: str | None
    company: str | None


class PersonalRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of one call's person beside the call's own record, as it is stored."""

    form_number: str
    archive_path: str | None
    archive_sha256: str | None
    form: dict[str, Any] | None
    corrections: list[dict[str, Any]] | None
    ticket: dict[str, Any] | None
    ticket_events: list[dict[str, Any]] | None
    audio: list[dict[str, Any]] | None
    erasures: list[dict[str, Any]] | None
    exchange: list[dict[str, Any]] | None


_RECORD = msgspec.json.Decoder(PersonalRecord)


async def find_person(url: str, person: Person, by: str, why: str, person_key: str) -> list[Found]:
    """All calls of a person, oldest first; the search and what it found are logged.

    Raises DatabaseUnreachable, and then nothing was shown.
    """
    async with connected(url, STATEMENT_S, STATEMENT_S) as connection, connection.transaction():
        rows = await connection.fetch(sql("find_person"), person.kind, person.value)
        found = [msgspec.convert(dict(row), Found) for row in rows]
        await keep_access(
            connection, Access(
                by=by, action="search", purpose=why, person_key=person_key,
                forms=tuple(one.form_number for one in found),
            )
        )  # fmt: skip
    return found


async def take_out(
    url: str, calls: Sequence[Found], by: str, why: str, person_key: str
) -> list[PersonalRecord]:
    """What is stored of these calls' person, for him to have. Raises DatabaseUnreachable."""
    async with connected(url, STATEMENT_S, STATEMENT_S) as connection, connection.transaction():
        forms = tuple(call.form_number for call in calls)
        access = Access(by=by, action="export", purpose=why, person_key=person_key, forms=forms)
        await keep_access(connection, access)
        return [await _personal_record(connection, call.call_id) for call in calls]


async def _personal_record(connection: Connection, call_id: CallId) -> PersonalRecord:
    document = await connection.fetchval(sql("personal_record"), call_id)
    return _RECORD.decode(document)


async def correct_field(
    url: str,
    call_id: CallId,
    change: Change,
    why: str,
    digest: Callable[[str], str],
    definition: FormDefinition,
) -> FieldFilled:
    """Keep a correction beside an archived form, by the checks of the form itself.

    `definition` is for a call whose form was never filled in; `digest` proves the old and the new
    value without telling them. Raises CorrectionRefused, DatabaseUnreachable.
    """
    async with connected(url) as connection, connection.transaction():
        form = await connection.fetchrow(sql("form_of_call"), call_id)
        assert form is not None, "a call that was found has a consultation"
        if form["erased"]:
            raise CorrectionRefused("This form was erased when its time was over.")
        if not form["archived"]:
            raise CorrectionRefused(
                "This form is not archived yet: correct it on the form itself, as a change."
            )
        if form["definition"]:
            definition = parse_form(msgspec.json.decode(form["definition"]))
        filled = fill(definition, ConsultationForm(form["zone"] or "WIB"), change)
        if isinstance(filled, ChangeRefused):
            raise CorrectionRefused(filled.reason + ": " + filled.sentence.en)
        before = await connection.fetchrow(sql("latest_correction"), call_id, filled.field)
        fields = _ANY.decode(form["fields"]) if form["fields"] else {}
        old = before["value"] if before else fields.get(filled.field)
        await connection.execute(
            sql("keep_correction"), call_id, change.by, filled.field, filled.raw, filled.value,
            digest(old or ""), digest(filled.value or ""), why,
        )  # fmt: skip
        await keep_access(
            connection,
            Access(by=change.by, action="correct", purpose=why, forms=(form["form_number"],)),
        )
    return filled


def change_of(field: str, text: str, by: str) -> Change:
    """A correction as a change of the form, made now."""
    return Change(field=field, text=text, by=by, at=clock.now())
