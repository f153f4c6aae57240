"""An open form for the tests: a call at a pretend exchange, and the desk that writes on it."""

import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from msgspec.structs import replace

from agent.domain.form import parse_form
from agent.runtime.call_loop import CallLoop
from agent.runtime.form_desk import FormDesk
from agent.runtime.recorder import Recorder
from agent.runtime.supervision import SupervisionDesk
from agent.settings import DATA
from tests.runtime.exchange import PretendExchange, arrival_of_call
from tests.runtime.office import RULES, Office, office

FORM = parse_form(tomllib.loads((DATA / "form" / "formulir-konsultasi-1.toml").read_text("utf-8")))
WITH_FORM = replace(RULES, form=FORM.name, archive_after_seconds=480.0)
IDENTITY = {
    "caller_name": "Budi Santoso",
    "user_type": "penyedia",
    "business_name": "CV Melati",
    "application": "spse",
    "category": "06",
    "problem": "Unggah penawaran gagal",
}
"""All that step 3 needs beside the contact telephone, which the call itself tells."""


@dataclass
class OpenForm:
    """A call that talks, the number of its form, and the desk."""

    people: Office
    loop: CallLoop
    desk: FormDesk
    supervision: SupervisionDesk
    exchange: PretendExchange

    @property
    def number(self) -> str:
        """The form's number."""
        assert self.loop.call is not None
        return self.loop.call.form_number

    def hang_up(self) -> None:
        """Both leave."""
        assert self.loop.call is not None
        self.exchange.leave(self.loop.call.channel)


@asynccontextmanager
async def open_form(recorder: Recorder, exchange: PretendExchange) -> AsyncIterator[OpenForm]:
    """A caller is connected with an operator; nobody has written yet."""
    async with office(recorder, exchange, WITH_FORM) as people:
        loop = await people.arrives(arrival_of_call())
        await people.talks(loop)
        desk = FormDesk(people.dispatcher, {FORM.name: FORM})
        supervision = SupervisionDesk(
            people.dispatcher, lambda: people.floor.supervisors, allowed=True
        )
        yield OpenForm(people, loop, desk, supervision, exchange)
