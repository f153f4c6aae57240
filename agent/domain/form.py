"""The Formulir Konsultasi as data: its sections and fields, and what each step needs of them.

The official layout was not found, so an office may have its own: a file, versioned, that this room
only understands. How a form is filled in stands in form_filling.
"""

from typing import Literal, get_args

import msgspec
from msgspec.structs import replace

from agent.domain.secret_words import asks_for_secret
from agent.domain.soft_checks import WARNINGS

FieldType = Literal[
    "text",
    "long_text",
    "choice",
    "yes_no",
    "npwp",
    "nik",
    "phone",
    "email",
    "tender_code",
    "rup_code",
    "error_code",
    "moment",
    "fact",
]
"""What is written into a field; a fact comes from the call's record and is never typed."""

CallFact = Literal[
    "form_number",
    "ticket_number",
    "office",
    "channel",
    "arrived_at",
    "answered_at",
    "ended_at",
    "operator",
    "caller_number",
    "notice_heard",
    "notice_version",
    "recording",
    "recording_kept_until",
    "priority_rule",
    "step_times",
    "deviations",
]
RefusalKey = Literal[
    "secret", "too_long", "unknown_field", "unknown_choice", "not_yes_or_no", "fact_typed"
]
LONGEST: dict[FieldType, int] = {"text": 200, "long_text": 4000, "error_code": 500, "email": 254}
"""Characters of a field that sets no limit of its own; 100 for every other type."""
STEPS_THAT_NEED_FIELDS = ("3", "6")


class FormInvalid(ValueError):
    """The form's file does not describe a form; the message has one sentence for each mistake."""


class Sentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same words in Indonesian and in English."""

    id: str
    en: str


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field is needed only while another one holds one of these choices."""

    field: str
    one_of: tuple[str, ...]


class FormField(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the form."""

    id: str
    type: FieldType
    label: Sentence
    choices: str | None = None
    """Name of the list that a choice is taken from."""
    required_for: tuple[str, ...] = ()
    """The SOP's steps that are not done without it."""
    required_when: Condition | None = None
    from_call: CallFact | None = None
    """What of the call it shows (a fact) or begins with (every other type)."""
    longest: int | None = None

    @property
    def limit(self) -> int:
        """The most characters that it holds."""
        return self.longest or LONGEST.get(self.type, 100)


class FormSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields under one heading."""

    id: str
    label: Sentence
    fields: tuple[FormField, ...]


class OutcomeField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which field tells the outcome, and which of its choices are of no consultation at all."""

    field: str
    no_consultation: tuple[str, ...]


class FormDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of an office's form; each consultation keeps the one it was written on."""

    form: str
    version: str
    title: Sentence
    outcome: OutcomeField
    lists: dict[str, dict[str, Sentence]]
    sections: tuple[FormSection, ...]
    warnings: dict[str, Sentence]
    refusals: dict[RefusalKey, Sentence]
    offered: dict[str, tuple[str, ...]] = {}
    """By a list's name its codes that can be chosen, in their order; the others are retired.

    Of a list that is not named here every code can be chosen, in no order that a database keeps.
    """

    @property
    def name(self) -> str:
        """Form and version, as a consultation refers to it."""
        return f"{self.form}-{self.version}"

    @property
    def fields(self) -> tuple[FormField, ...]:
        """All fields, from the top of the form to its bottom."""
        return tuple(field for section in self.sections for field in section.fields)

    def choices(self, name: str) -> dict[str, Sentence]:
        """What of a list can be chosen, in its order."""
        codes = self.offered.get(name)
        return self.lists[name] if codes is None else {c: self.lists[name][c] for c in codes}

    def field(self, name: str) -> FormField | None:
        """The field of this id, if there is one."""
        return next((field for field in self.fields if field.id == name), None)


def parse_form(content: object) -> FormDefinition:
    """The form out of its data file. Raises FormInvalid with a sentence for each mistake."""
    try:
        form = msgspec.convert(content, FormDefinition)
    except msgspec.ValidationError as error:
        raise FormInvalid(str(error)) from error
    mistakes = [*_of_names(form), *_of_steps(form), *_of_words(form), *_of_outcome(form)]
    mistakes += _of_offered(form)
    for field in form.fields:
        mistakes += _of_field(form, field)
    if mistakes:
        raise FormInvalid("\n".join(mistakes))
    return replace(form, lists={name: _in_order(form, name) for name in form.lists})


def _in_order(form: FormDefinition, name: str) -> dict[str, Sentence]:
    """A list as people see it: what can be chosen first, what is retired behind it."""
    return {**form.choices(name), **form.lists[name]}


def _of_names(form: FormDefinition) -> list[str]:
    fields = [field.id for field in form.fields]
    sections = [section.id for section in form.sections]
    mistakes = [f"field {name}: stands twice" for name in _repeated(fields)]
    mistakes += [f"section {name}: stands twice" for name in _repeated(sections)]
    mistakes += [f"section {s.id}: has no field" for s in form.sections if not s.fields]
    return mistakes + [f"list {name}: is empty" for name, list_ in form.lists.items() if not list_]


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _of_steps(form: FormDefinition) -> list[str]:
    """A step with no field that is always needed would count as done on an empty form."""
    return [
        f"step {step}: no field is always required for it"
        for step in STEPS_THAT_NEED_FIELDS
        if not any(step in f.required_for and not f.required_when for f in form.fields)
    ]


def _of_words(form: FormDefinition) -> list[str]:
    mistakes = [f"warning {key}: has no sentence" for key in WARNINGS if key not in form.warnings]
    mistakes += [
        f"warning {key}: no check gives it" for key in form.warnings if key not in WARNINGS
    ]
    return mistakes + [
        f"refusal {key}: has no sentence"
        for key in get_args(RefusalKey)
        if key not in form.refusals
    ]


def _of_outcome(form: FormDefinition) -> list[str]:
    return [
        f"outcome: {mistake}"
        for mistake in _of_choices(form, form.outcome.field, form.outcome.no_consultation)
    ]


def _of_offered(form: FormDefinition) -> list[str]:
    mistakes = []
    for name, codes in form.offered.items():
        known = form.lists.get(name, {})
        mistakes += [f"offered {name}: there is no {code}" for code in codes if code not in known]
        mistakes += [f"offered {name}: {code} stands twice" for code in _repeated(list(codes))]
        if not codes:
            mistakes.append(f"offered {name}: nothing can be chosen")
    return mistakes


def _of_field(form: FormDefinition, field: FormField) -> list[str]:
    mistakes = []
    if field.type == "choice" and field.choices not in form.lists:
        mistakes.append(f"a choice needs a list, and there is none named {field.choices}")
    if field.type != "choice" and field.choices is not None:
        mistakes.append(f"only a choice is taken from a list, and this is of type {field.type}")
    if field.type == "fact" and field.from_call is None:
        mistakes.append("a fact must say by from_call what of the call it shows")
    if field.type == "fact" and field.required_for:
        mistakes.append("nobody fills in a fact, so no step can require it")
    if field.required_when and not field.required_for:
        mistakes.append("required_when without required_for says nothing")
    if field.longest is not None and field.longest < 1:
        mistakes.append("longest must be at least 1 character")
    if asks_for_secret(field.label.id) or asks_for_secret(field.label.en):
        mistakes.append("the helpdesk never asks for a password, a PIN or a one-time code")
    if field.required_when:
        condition = field.required_when
        mistakes += [
            f"required_when: {mistake}"
            for mistake in _of_choices(form, condition.field, condition.one_of)
        ]
    return [f"field {field.id}: {mistake}" for mistake in mistakes]


def _of_choices(form: FormDefinition, name: str, codes: tuple[str, ...]) -> list[str]:
    """What is wrong with naming these codes of that field."""
    field = form.field(name)
    if field is None or field.type != "choice":
        return [f"{name} is no field with a choice"]
    known = form.lists.get(field.choices or "", {})
    return [f"{name} has no choice {code}" for code in codes if code not in known]
