"""The archive of consultation forms: each written once, durable before its hash is told.

The form is a JSON document (keys sorted, so the same facts give the same bytes) with everything
that the SOP wants of it: the numbers, the steps with their evidence, the deviations and the whole
call. What is written is never written over.
"""

import asyncio
import hashlib
import os
import re
from pathlib import Path

import msgspec

from agent.domain.call_state import Call
from agent.domain.consultation import judge
from agent.domain.events import FormArchived
from agent.domain.office_time import local
from agent.domain.sop import Sop
from agent.runtime import clock
from agent.runtime.doors import Performed
from agent.runtime.errors import EffectFailed

_CALL_ID = re.compile(r"[0-9a-z-]{1,64}")


class ArchiveFailed(EffectFailed):
    """The form could not be written to the archive; look at the folder's rights and space."""


class Archive:
    """A folder of archived forms, one sub-folder for each year of the office's clock."""

    def __init__(self, folder: Path, sops: dict[str, Sop]) -> None:
        self._folder = folder
        self._sops = sops

    async def write(self, call: Call) -> Performed:
        """Write the call's form. Raises ArchiveFailed."""
        if not _CALL_ID.fullmatch(call.call_id):
            raise ArchiveFailed("the call's id is no file's name")
        content = render_form(call, self._sops[call.rules.sop])
        file = (
            self._folder
            / str(local(call.arrived.at, call.rules.zone).year)
            / f"{call.call_id}.json"
        )
        try:
            content = await asyncio.to_thread(_write_once, file, content)
        except OSError as error:
            raise ArchiveFailed(str(error)) from error
        archived = FormArchived(
            at=clock.now(),
            path=str(file.relative_to(self._folder)),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        return Performed(event=archived)


def archived_sha256(folder: Path, path: str) -> str | None:
    """The hash of an archived form, by its path on record; None where no such file can be read."""
    file = folder / path
    try:
        if not file.resolve().is_relative_to(folder.resolve()):
            return None  # a record that was tampered with must not lead out of the archive
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except (OSError, ValueError):  # a path with a zero character is a ValueError
        return None


def render_form(call: Call, sop: Sop) -> bytes:
    """The form as it is archived; the same call gives the same bytes."""
    document = {
        "document": "Formulir Konsultasi",
        "sop": {"document": sop.document, "revision": sop.revision, "office": sop.office_name},
        "form_number": call.form_number,
        "ticket_number": call.ticket_number,
        "call": call,
        "judgement": judge(call, sop),
    }
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=1) + b"\n"


def _write_once(file: Path, content: bytes) -> bytes:
    """What is in the archive: this content, or what an earlier try has written there."""
    if file.exists():
        return file.read_bytes()
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)  # a crash may have left it, and left it read-only
    with draft.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.chmod(0o440)
    draft.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return content
