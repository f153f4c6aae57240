"""Who writes on the forms of living calls: one change after another, each durable first.

What is typed goes the way of every event: decided, recorded, and only then confirmed, so that what
somebody saw as saved is saved, also when the database is away.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from agent.domain.call_state import Call
from agent.domain.events import ButtonPressed, ButtonStep, FieldFilled, FormFinished
from agent.domain.form import CallFact, FormDefinition
from agent.domain.form_filling import Change, ChangeRefused, fill, missing_for, prefilled
from agent.domain.identifiers import OperatorId
from agent.domain.numbers import parse_form_number
from agent.runtime import clock
from agent.runtime.call_loop import CallLoop
from agent.runtime.dispatcher import Dispatcher

STEPS = ("3", "6", "8")


class FormNotOpen(Exception):
    """No form of this number can be written on: its call is unknown, or the form is archived."""


class Seen(msgspec.Struct, frozen=True):
    """What a writer saw in a field before he wrote: when it was written; None: it was empty."""

    at: datetime | None


class FieldChanged(Exception):
    """Somebody else wrote into this field meanwhile; `now` is what stands there."""

    def __init__(self, now: FieldFilled) -> None:
        super().__init__(now.field)
        self.now = now


class WrittenForm(msgspec.Struct, frozen=True):
    """A form as it stands: the call with all its changes, its definition, what each step lacks."""

    call: Call
    definition: FormDefinition

    @property
    def missing(self) -> dict[str, list[str]]:
        """The fields that each step still lacks, by their ids."""
        form = self.call.form
        return {
            step: [field.id for field in missing_for(self.definition, form, step)] for step in STEPS
        }


class FormDesk:
    """The forms of the calls that live in this process."""

    def __init__(self, dispatcher: Dispatcher, forms: Mapping[str, FormDefinition]) -> None:
        self._dispatcher = dispatcher
        self._forms = forms

    def read(self, number: str) -> WrittenForm:
        """An open form, by its number as it was typed. Raises NumberInvalid, FormNotOpen."""
        return self._written(self._open(number))

    async def fill(
        self, number: str, field: str, text: str, by: str, seen: Seen | None = None
    ) -> WrittenForm | ChangeRefused:
        """Write into one field; an empty text clears it.

        Answers the form once the change is durable. Raises NumberInvalid, FormNotOpen,
        EffectFailed, and FieldChanged when something else stands there than he has `seen`.
        """
        loop = self._open(number)
        async with loop.writing:
            at = clock.now()
            known = self._written(loop)
            now = known.call.form.shown.get(field)
            if now and seen and now.at != seen.at and now.raw != text:
                raise FieldChanged(now)
            begins = [] if known.call.form.shown else self._beginning(known)
            for change in (*begins, Change(field=field, text=text, by=by, at=at)):
                known = self._written(loop)
                filled = fill(known.definition, known.call.form, change)
                if isinstance(filled, ChangeRefused):
                    return filled
                await loop.record(filled)
            return self._written(loop)

    async def finish(self, number: str, by: str) -> WrittenForm:
        """Nothing more will be written. Raises NumberInvalid, FormNotOpen, EffectFailed."""
        loop = self._open(number)
        async with loop.writing:
            known = self._written(loop)
            call = await loop.record(FormFinished(at=clock.now(), by=by))
            return WrittenForm(call, known.definition)

    async def press(self, number: str, step: ButtonStep, by: OperatorId) -> WrittenForm:
        """As if this operator had pressed a star and this digit on his telephone.

        Raises NumberInvalid, FormNotOpen, EffectFailed.
        """
        loop = self._open(number)
        known = self._written(loop)
        call = await loop.record(ButtonPressed(at=clock.now(), step=step, by=by))
        return WrittenForm(call, known.definition)

    def _open(self, number: str) -> CallLoop:
        loop = self._dispatcher.told_as(parse_form_number(number))
        if loop is None:
            raise FormNotOpen(number)
        return loop

    def _written(self, loop: CallLoop) -> WrittenForm:
        call = loop.call
        definition = self._forms.get(call.rules.form) if call else None
        if call is None or definition is None or call.archived:
            raise FormNotOpen(loop.call_id)
        return WrittenForm(call, definition)

    def _beginning(self, known: WrittenForm) -> tuple[Change, ...]:
        """What the call itself tells of fields that are typed: there before the first word."""
        number = known.call.caller.number
        facts: dict[CallFact, str] = {"caller_number": number} if number else {}
        return prefilled(known.definition, facts, "agent", clock.now())
