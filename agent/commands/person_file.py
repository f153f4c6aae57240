"""All that is stored of one person, for him to have: one object, one text, and the sounds."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from agent.commands.access import ACTIONS
from agent.commands.call_object import call_object
from agent.commands.plain import clock_of, plain_object, printable
from agent.database.access import AccessSeen, access_of
from agent.database.persons import Found, PersonalRecord, find_person, take_out
from agent.database.reports import CallReport, read_call
from agent.domain.consent import Consent, consent_of
from agent.domain.identifiers import OperatorId
from agent.domain.personal_data import Person
from agent.domain.words import OUTCOMES


class PersonFile(msgspec.Struct, frozen=True, kw_only=True):
    """What was searched for, the calls found with all that is stored, and who saw it."""

    person: Person
    calls: tuple[tuple[CallReport, PersonalRecord], ...]
    access: tuple[AccessSeen, ...]


async def collect(
    url: str, person: Person, by: OperatorId, why: str, person_key: str
) -> PersonFile:
    """Log the search and the export, and only then read. Raises DatabaseUnreachable."""
    found: list[Found] = await find_person(url, person, by, why, person_key)
    records = await take_out(url, found, by, why, person_key)
    reports = [await read_call(url, one.form_number) for one in found]
    access = await access_of(url, [one.form_number for one in found], person_key)
    return PersonFile(
        person=person, calls=tuple(zip(reports, records, strict=True)), access=tuple(access)
    )


def person_object(file: PersonFile, zone: str) -> dict[str, Any]:
    """The file for programs; times of a call in the office's zone."""
    return {
        "searched": {"by": file.person.kind, "value": file.person.value},
        "calls": [
            {
                "call": call_object(report, zone),
                "caller": report.call.caller,
                "consent": consent_of(report.call, report.call.form),
                "stored": record,
                "log": [msgspec.to_builtins(logged) for logged in report.events],
            }
            for report, record in file.calls
        ],
        "access": [plain_object(seen, zone) for seen in file.access],
    }


def person_text(file: PersonFile, zone: str) -> str:
    """The file for people, in Indonesian."""
    return "\n".join(printable(line) for line in _lines(file, zone)) + "\n"


def _lines(file: PersonFile, zone: str) -> Iterator[str]:
    clock = clock_of(zone)
    yield "DATA PRIBADI YANG TERSIMPAN (UU 27/2022 pasal 7 dan 32)"
    yield f"Dicari dengan: {file.person.value}"
    yield f"Jumlah panggilan: {len(file.calls)}"
    for report, record in file.calls:
        call = report.call
        yield ""
        yield f"Formulir {call.form_number}, tiket {call.ticket_number or '–'}"
        yield f"  Masuk: {clock(call.arrived.at)}; hasil: {OUTCOMES[report.outcome]}"
        yield f"  Nomor penelepon: {call.caller.shown}"
        yield from _consent(consent_of(call, call.form), zone)
        fields = record.form["fields"] if record.form else {}
        for name, value in fields.items():
            yield f"  {name}: {value}"
        for one in record.corrections or ():
            yield f"  koreksi {one['field']}: {one['value'] or '(dikosongkan)'} ({one['why']})"
        for event in record.ticket_events or ():
            said = [
                v for k, v in event.items() if k in ("question", "answer", "solution", "reason")
            ]
            yield f"  tiket, {event['event']}: {' '.join(said)}"
        for audio in record.audio or ():
            yield f"  rekaman suara: {audio['file']}"
        for erasure in record.erasures or ():
            yield f"  dihapus: {erasure['what']} ({erasure['why']})"
        yield f"  Arsip: {record.archive_sha256 or '–'}"
    yield ""
    yield "SIAPA YANG MENGAKSES"
    for seen in file.access:
        yield f"  {clock(seen.at)} {seen.by} {ACTIONS[seen.action]}: {seen.purpose}"


def _consent(consent: Consent, zone: str) -> Iterator[str]:
    clock, heard = clock_of(zone), "tidak didengar sampai selesai"
    if consent.heard:
        heard = f"didengar {clock(consent.heard.at)}"
    yield f"  Pemberitahuan rekaman versi {consent.notice_version}: {heard}"
    answer = "tidak ada jawaban tercatat"
    if consent.answered_at:
        said = consent.answer.replace("_", " ")
        answer = f"{said}, dicatat {clock(consent.answered_at)} oleh {consent.noted_by}"
    yield f"  Persetujuan rekaman: {answer}"


def write_files(file: PersonFile, folder: Path, key: str, zone: str, audio: Path) -> list[Path]:
    """Write both files and copy the sounds that are there. Raises OSError."""
    document = msgspec.json.format(msgspec.json.encode(person_object(file, zone)), indent=2)
    written = [folder / f"data-pribadi-{key}.json", folder / f"data-pribadi-{key}.txt"]
    for target, content in zip(written, (document, person_text(file, zone).encode()), strict=True):
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(content)
    for _, record in file.calls:
        for sound in record.audio or ():
            source = audio / Path(str(sound["file"])).name
            if source.is_file():
                target = folder / f"data-pribadi-{key}-{source.name}"
                shutil.copyfile(source, target)
                target.chmod(0o600)
                written.append(target)
    return written
