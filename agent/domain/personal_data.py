"""What tells of a record who somebody is: how a person is looked for, and which facts name him.

Every text that a fact of a call or of a ticket can hold stands in one of the two lists below; a
test wants each new one here, so that nothing is forgotten when a form's time is over. The same is
done by `without_person` in the database, which is the only one who may erase.
"""

from typing import Literal

import msgspec

from agent.domain.plain_text import one_paragraph
from agent.domain.soft_checks import CHECKS

PersonKind = Literal["number", "identity", "email", "name"]

ERASED = "(dihapus)"
"""What stands where personal data stood; not empty, because it was there."""

TELLING = frozenset(
    {
        "Caller.raw",
        "Caller.number",
        "Caller.shown",
        "RingOperator.caller_shown",
        "EffectRefused.reason",
        "FieldFilled.raw",
        "FieldFilled.value",
        "UserAsked.question",
        "UserAnswered.answer",
        "TicketSolved.solution",
        "TicketReopened.reason",
        "ExternalNumberLinked.external_number",
        "Override.reason",
    }
)
"""Texts that may tell who the caller is. Of a form the choices and yes-or-no answers stay."""

SAYING_NOTHING = frozenset(
    {
        # Names of the exchange, of this program and of the procedure.
        "source", "channel", "call_id", "line", "form_number", "ticket_number", "playback",
        "result", "timer", "step", "effect", "target", "digit", "path", "sha256", "recording",
        "field", "warnings", "operator_channel", "prompt", "bridge", "caller_channel", "leaves",
        "caller", "sop", "zone", "notice", "numbers_heard_by", "tried", "complete", "form", "way",
        # The office's own people answer for what they did for as long as it is on record.
        "operator", "name", "by", "supervisor", "drops", "conversation", "listens",
        # The priority table's words.
        "table", "urgency", "impact", "by_table", "priority", "hours", "calendar", "level",
    }
)  # fmt: skip
"""Fields, of whatever fact, that hold nothing a caller said or is."""


class PersonInvalid(ValueError):
    """What was typed cannot be the number or address of a person."""


class Person(msgspec.Struct, frozen=True):
    """By what somebody is looked for, in its normal form."""

    kind: PersonKind
    value: str


def parse_person(by: Literal["number", "npwp", "nik", "email", "name"], typed: str) -> Person:
    """Whom somebody typed. Raises PersonInvalid with a sentence."""
    text = one_paragraph(typed)
    if not text:
        raise PersonInvalid(f"--{by}: type what to look for.")
    if by == "name":
        if len(text) < 3:
            raise PersonInvalid("--name: type at least three letters of the name.")
        return Person("name", text)
    checked = CHECKS["phone" if by == "number" else by](text)
    wrong = {"npwp_not_digits", "npwp_length", "nik_not_digits", "nik_length", "email_not_valid"}
    if wrong & set(checked.warnings):
        raise PersonInvalid(f"--{by} {text}: this is no such number or address; read it again.")
    match by:
        case "number":
            return Person("number", checked.value)
        case "email":
            return Person("email", checked.value.lower())
        case _:
            return Person("identity", checked.value)
