"""Filling in a form: one change at a time, each an event that stays; nothing is overwritten.

A change is either taken, whatever may be wrong with its value, or refused with a sentence for the
operator; a refused one touches nothing else.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from agent.domain.events import FieldFilled
from agent.domain.form import (
    CallFact,
    FormDefinition,
    FormField,
    RefusalKey,
    Sentence,
)
from agent.domain.plain_text import many_lines, one_paragraph, storable
from agent.domain.secret_words import tells_secret
from agent.domain.soft_checks import CHECKS, Checked, check_moment

_YES_NO = {"ya": "ya", "y": "ya", "yes": "ya", "tidak": "tidak", "t": "tidak", "no": "tidak"}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to stand in a field; an empty text clears it."""

    field: str
    text: str
    by: str
    at: datetime


class ChangeRefused(msgspec.Struct, frozen=True):
    """Why a change was not taken; what was typed is not repeated here, it may be a secret."""

    field: str
    reason: RefusalKey
    sentence: Sentence


class ConsultationForm(msgspec.Struct, frozen=True, omit_defaults=True):
    """One consultation's form as it stands, by the clock of the office; its changes are events."""

    zone: str = "WIB"
    shown: dict[str, FieldFilled] = {}
    """The latest change of every field that somebody filled in or cleared."""

    def after(self, change: FieldFilled) -> "ConsultationForm":
        """The form with one more change."""
        return ConsultationForm(self.zone, {**self.shown, change.field: change})

    @property
    def values(self) -> dict[str, str | None]:
        """What stands in the fields, in its normal form; None or nothing where one is empty."""
        return {field: change.value for field, change in self.shown.items()}


def fill(
    definition: FormDefinition, form: ConsultationForm, change: Change
) -> FieldFilled | ChangeRefused:
    """Judge one change; what is taken is to be recorded and then applied by `form.after`."""
    field = definition.field(change.field)
    if field is None:
        return _refused(definition, change, "unknown_field", None)
    raw = storable(change.text)
    reason = _reason_to_refuse(definition, field, raw)
    if reason:
        return _refused(definition, change, reason, field)
    checked = _checked(field, raw, form.zone)
    value = checked.value or None
    return FieldFilled(
        field=field.id,
        raw=raw,
        value=value,
        warnings=checked.warnings,
        complete=_complete(definition, {**form.values, field.id: value}),
        tells_outcome=field.id == definition.outcome.field,
        by=change.by,
        at=change.at,
    )


def prefilled(
    definition: FormDefinition, facts: Mapping[CallFact, str], by: str, at: datetime
) -> tuple[Change, ...]:
    """The changes that a form begins with: what the call itself tells of fields that are typed."""
    return tuple(
        Change(field=field.id, text=facts[field.from_call], by=by, at=at)
        for field in definition.fields
        if field.from_call and field.from_call in facts and field.type != "fact"
    )


def missing_for(
    definition: FormDefinition, form: ConsultationForm, step: str
) -> tuple[FormField, ...]:
    """The fields that a step (e.g. "3") still lacks, in the form's order; never blocks a call."""
    return _missing(definition, form.values, step)


def _complete(definition: FormDefinition, values: Mapping[str, str | None]) -> tuple[str, ...]:
    """The steps that lack no field; one that needs none is never done by the form alone."""
    steps = sorted({step for field in definition.fields for step in field.required_for})
    return tuple(step for step in steps if not _missing(definition, values, step))


def _missing(
    definition: FormDefinition, values: Mapping[str, str | None], step: str
) -> tuple[FormField, ...]:
    return tuple(
        field
        for field in definition.fields
        if step in field.required_for
        and values.get(field.id) is None
        and (
            field.required_when is None
            or values.get(field.required_when.field) in field.required_when.one_of
        )
    )


def _reason_to_refuse(definition: FormDefinition, field: FormField, raw: str) -> RefusalKey | None:
    if field.type == "fact":
        return "fact_typed"
    if len(raw) > field.limit:
        return "too_long"
    plain = one_paragraph(raw)
    if field.type == "choice":
        known = definition.choices(field.choices or "")
        return None if plain in ("", *known) else "unknown_choice"
    if field.type == "yes_no":
        return None if plain.lower() in ("", *_YES_NO) else "not_yes_or_no"
    return "secret" if tells_secret(raw) else None


def _checked(field: FormField, raw: str, zone: str) -> Checked:
    plain = one_paragraph(raw)
    if not plain:
        return Checked("")
    if field.type == "yes_no":
        return Checked(_YES_NO[plain.lower()])
    if field.type == "moment":
        return check_moment(raw, zone)
    if field.type in CHECKS:
        return CHECKS[field.type](raw)
    return Checked(many_lines(raw) if field.type == "long_text" else plain)


def _refused(
    definition: FormDefinition, change: Change, reason: RefusalKey, field: FormField | None
) -> ChangeRefused:
    said = definition.refusals[reason]
    if field is not None:
        limit = str(field.limit)
        said = Sentence(
            said.id.replace("{label}", field.label.id).replace("{limit}", limit),
            said.en.replace("{label}", field.label.en).replace("{limit}", limit),
        )
    return ChangeRefused(field.id if field else "", reason, said)
