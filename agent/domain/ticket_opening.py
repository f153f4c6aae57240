"""What a consultation's form says of the ticket that is made from it.

The form's codes are those of the offices' own registers: urgensi M/TM, dampak B/S/K, prioritas
T/M/R. What nobody filled in counts as not urgent, of medium impact.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from agent.domain.form import FormDefinition
from agent.domain.priority import Axis, Choice, Impact, Override, Priority, PriorityTable, Urgency
from agent.domain.soft_checks import check_email

Values = Mapping[str, str | None]

URGENCIES: dict[str | None, Urgency] = {"M": "urgent", "TM": "not_urgent"}
IMPACTS: dict[str | None, Impact] = {"B": "large", "S": "medium", "K": "small"}
PRIORITIES: dict[str | None, Priority] = {"T": "high", "M": "medium", "R": "low"}
ON_THE_FORM = "ditetapkan pada formulir"
FACTS = {
    "caller_name": "caller_name",
    "problem": "problem",
    "contact_phone": "contact_phone",
    "email": "contact_email",
    "tender_code": "tender_code",
    "application": "application",
    "category": "category",
}
"""Fields of the form that a message tells, by the names that the messages' texts use."""


def choose(values: Values, table: PriorityTable, by: str) -> Choice:
    """The ticket's priority by the table; a priority that stands on the form overrides it.

    Where urgency or impact is missing, the choice says that it was only assumed.
    """
    urgency = URGENCIES.get(values.get("urgency"))
    impact = IMPACTS.get(values.get("impact"))
    told: dict[Axis, str | None] = {"urgency": urgency, "impact": impact}
    assumed = tuple(axis for axis, code in told.items() if code is None)
    written = PRIORITIES.get(values.get("priority"))
    override = Override(priority=written, by=by, reason=ON_THE_FORM) if written else None
    return table.choose(urgency or "not_urgent", impact or "medium", override, assumed)


def stage_deadline(values: Values) -> datetime | None:
    """When the tender stage closes, where the form tells a moment that could be understood."""
    try:
        at = msgspec.convert(values.get("stage_deadline"), datetime)
    except msgspec.ValidationError:
        return None
    return at if at.tzinfo else None


def address_in(written: str | None) -> str | None:
    """The caller's e-mail address as the form has it; None when no mail can be sent there."""
    checked = check_email(written or "")
    return checked.value if checked.value and not checked.warnings else None


def case_facts(values: Values, definition: FormDefinition) -> dict[str, str]:
    """What messages tell of the case, choices by their Indonesian words; nothing that is empty."""
    told = {}
    for name, fact in FACTS.items():
        if value := values.get(name):
            field = definition.field(name)
            words = definition.lists.get(field.choices or "", {}) if field else {}
            told[fact] = words[value].id if value in words else value
    if company := values.get("business_name") or values.get("institution"):
        told["company"] = company
    return told
