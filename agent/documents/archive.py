"""The archive of consultation forms: each written once, durable before its hash is told.

A form is one PDF/A-3b file: the paper for people, and inside it the machine's record, a JSON
document (keys sorted, so the same facts give the same bytes) with everything that the SOP wants of
it: the numbers, the steps with their evidence, the deviations and the whole call. What is written
is never written over.
"""

import asyncio
import contextlib
import hashlib
import os
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import msgspec

from agent.documents.archive_store import ArchiveFailed, ArchiveStore
from agent.documents.form_paper import compose_form_paper
from agent.documents.letterhead_file import Stationery
from agent.documents.supplement_paper import compose_supplement_paper
from agent.documents.typesetting import NotTypeset, Paper, typeset
from agent.domain.call_state import Call
from agent.domain.consultation import Judgement, judge
from agent.domain.events import FormArchived
from agent.domain.form import FormDefinition
from agent.domain.office_time import local
from agent.domain.priority import PriorityTable
from agent.domain.sop import Sop
from agent.domain.supplement import Supplement
from agent.domain.words import Say
from agent.runtime import clock
from agent.runtime.doors import Performed

_CALL_ID = re.compile(r"[0-9a-z-]{1,64}")
TYPESETTING_NICENESS = 10


class Archive:
    """Typesets forms and keeps them in a store, in one folder for each year of the office's clock.

    `forms` are the definitions by their names; a call that had no form is shown on `newest_form`.
    `table` is the priority table by which tickets are opened now, `say` the catalogue of events.
    """

    def __init__(
        self,
        store: ArchiveStore,
        sops: Mapping[str, Sop],
        forms: Mapping[str, FormDefinition],
        newest_form: Callable[[], FormDefinition],
        stationery: Stationery,
        table: Callable[[], PriorityTable],
        say: Say,
    ) -> None:
        self._store = store
        self._sops = sops
        self._forms = forms
        self._newest_form = newest_form
        self._stationery = stationery
        self._table = table
        self._say = say
        # One paper at a time, behind everything else: people who talk need the processor more. No
        # work of the interpreter is done there, which the loop would wait for.
        self._typesetter = ThreadPoolExecutor(1, "typesetter", initializer=_step_back)

    async def write(self, call: Call) -> Performed:
        """Write the call's form, whose path and hash come back. Raises ArchiveFailed."""
        if not _CALL_ID.fullmatch(call.call_id):
            raise ArchiveFailed("the call's id is no file's name")
        content = await self._typeset(await asyncio.to_thread(self._compose, call))
        path = f"{local(call.arrived.at, call.rules.zone).year}/{call.call_id}.pdf"
        sha256 = await self.keep(path, content)
        return Performed(event=FormArchived(at=clock.now(), path=path, sha256=sha256))

    async def typeset_supplement(self, supplement: Supplement) -> bytes:
        """The sheet about a deviation of a form that is archived. Raises ArchiveFailed."""
        sop = self._sops[supplement.call.rules.sop]
        paper = compose_supplement_paper(supplement, sop, self._stationery, self._say)
        return await self._typeset(paper)

    async def keep(self, path: str, content: bytes) -> str:
        """Write it unless it is there; answers the hash of what is there then.

        Raises ArchiveFailed.
        """
        content = await asyncio.to_thread(self._store.keep, path, content)
        return hashlib.sha256(content).hexdigest()

    async def _typeset(self, paper: Paper) -> bytes:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._typesetter, typeset, paper)
        except NotTypeset as error:
            raise ArchiveFailed(str(error)) from error

    def _compose(self, call: Call) -> Paper:
        sop = self._sops[call.rules.sop]
        judgement = judge(call, sop, archiving=True)
        return compose_form_paper(
            call,
            judgement,
            sop,
            self._forms.get(call.rules.form, self._newest_form()),
            call.form,
            self._stationery,
            render_record(call, judgement, sop),
            self._table(),
        )


def archived_sha256(store: ArchiveStore, path: str) -> str | None:
    """The hash of an archived form, by its path on record; None where the store has no such file.

    Raises ArchiveFailed when the store cannot be asked.
    """
    content = store.read(path)
    return None if content is None else hashlib.sha256(content).hexdigest()


def render_record(call: Call, judgement: Judgement, sop: Sop) -> bytes:
    """The machine's record of a call; the same call gives the same bytes."""
    document = {
        "document": "Formulir Konsultasi",
        "sop": {"document": sop.document, "revision": sop.revision, "office": sop.office_name},
        "form_number": call.form_number,
        "ticket_number": call.ticket_number,
        "call": call,
        "judgement": judgement,
    }
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=1) + b"\n"


def _step_back() -> None:
    """On Linux each thread has a niceness of its own."""
    thread = threading.get_native_id()
    with contextlib.suppress(OSError):  # where that is forbidden papers are made all the same
        mine = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, max(mine, TYPESETTING_NICENESS))
