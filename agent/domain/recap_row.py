"""One row of the recap: what stands in each of its columns, for papers and sheets alike."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import TypeAlias

from agent.domain.consultation import Outcome
from agent.domain.form import FormDefinition
from agent.domain.office_time import local
from agent.domain.plain_text import one_paragraph
from agent.domain.priority import Level
from agent.domain.recap import COLUMNS, OF_PERSONS, TIMED_STEPS, RecapCall, RecapDeviation
from agent.domain.recap_words import RecapWords
from agent.domain.telephone import parse_telephone, render_national
from agent.domain.ticket import TicketStage

Cell: TypeAlias = str | int | float | date | time | None
RecapRow: TypeAlias = dict[str, Cell]
Forms: TypeAlias = Mapping[str, FormDefinition]

_ANSWERED = {Outcome.SOLVED: "Y", Outcome.REFERRED: "T", Outcome.ESCALATED: "T"}
_NEED_NO_NOTE = (Outcome.SOLVED, Outcome.ESCALATED)


class RowMaker:
    """Makes rows by the words of the papers, the office's forms and the office's clock.

    Without `persons` a cell that tells who called, or what anybody wrote, only says that it would.
    """

    def __init__(self, words: RecapWords, forms: Forms, zone: str, *, persons: bool = True) -> None:
        self._words = words
        self._forms = forms
        self._zone = zone
        self._persons = persons

    def row(self, number: int, call: RecapCall) -> RecapRow:
        """The row of a consultation; `number` is its place in the recap. Times are the office's."""
        fields, words = call.fields, self._words
        arrived = local(call.arrived_at, self._zone)
        handling = call.handling
        status = words.handling[handling] if handling else None
        if call.ticket_stage:
            status = words.ticket_stages[call.ticket_stage]
        cells: RecapRow = {
            "number": number,
            "date": arrived.date(),
            "began": _clock(arrived),
            "ended": self._clock(call.ended_at),
            "form_number": call.form_number,
            "ticket_number": call.ticket_number,
            "name": fields.get("caller_name"),
            "user_type": self._choice(call, "user_type"),
            "company": fields.get("business_name") or fields.get("institution"),
            "contact": _contact(call),
            "application": self._choice(call, "application"),
            "category": self._choice(call, "category"),
            "problem": fields.get("problem"),
            "solution": fields.get("solution"),
            "answered": _ANSWERED.get(call.outcome),
            "priority": self._priority(call),
            "escalated_to": self._escalated_to(call),
            "directed_to": self._choice(call, "directed_to"),
            "external_number": call.external_number,
            "status": status,
            "finished": local(call.finished_at, self._zone).date() if call.finished_at else None,
            "confirmation": self._confirmation(call),
            "operator": call.operator_name or call.operator,
            "deviations": "; ".join(map(self._deviation, call.deviations)) or None,
            "note": None if call.outcome in _NEED_NO_NOTE else words.outcomes[call.outcome],
        }
        cells |= {f"step_{step}": call.seconds_of(step) for step in TIMED_STEPS}
        if not self._persons:
            hidden = words.text("hidden")
            cells |= {column: hidden for column in OF_PERSONS if cells[column] is not None}
        return {column: cells[column] for column in COLUMNS}

    def category(self, code: str) -> str:
        """How a category is called on the latest form that knows it."""
        for form in reversed(tuple(self._forms.values())):
            field = form.field("category")
            label = form.lists.get(field.choices or "", {}).get(code) if field else None
            if label:
                return label.id
        return code or self._words.text("no_category")

    def _clock(self, at: datetime | None) -> time | None:
        return _clock(local(at, self._zone)) if at else None

    def _choice(self, call: RecapCall, name: str) -> str | None:
        """The words of what was chosen; the choice as it stands where no such form is known."""
        code = call.fields.get(name)
        form = self._forms.get(call.form or "")
        field = form.field(name) if form else None
        if code is None or form is None or field is None:
            return code
        label = form.lists.get(field.choices or "", {}).get(code)
        return label.id if label else code

    def _priority(self, call: RecapCall) -> str | None:
        if call.ticket_priority:
            return self._words.priorities[call.ticket_priority]
        return self._choice(call, "priority")

    def _escalated_to(self, call: RecapCall) -> str | None:
        chosen = self._choice(call, "escalated_to")
        if chosen or call.ticket_level in (None, Level.HELPDESK):
            return chosen
        return self._words.levels[call.ticket_level]

    def _confirmation(self, call: RecapCall) -> str | None:
        if call.ticket_stage == TicketStage.CONFIRMED:
            return self._words.text("confirmed")
        return self._choice(call, "confirmation")

    def _deviation(self, deviation: RecapDeviation) -> str:
        words = self._words
        kind = words.deviation_kinds[deviation.kind]
        told = words.text("deviation", step=deviation.step, kind=kind.lower())
        if deviation.excess_s is not None:
            told += f" {words.text('excess', seconds=_seconds(deviation.excess_s))}"
        else:
            told += f": {words.reasons.get(deviation.reason, deviation.reason)}"
        said = [words.text(deviation.verdict)] if deviation.verdict else []
        if deviation.explanation:
            text = deviation.explanation if self._persons else words.text("hidden")
            said.append(words.text("explained", text=text))
        return f"{told} ({', '.join(said)})" if said else told


def shortened(text: str, most: int) -> str:
    """One line of at most so many signs, for a paper whose rows must stay low."""
    line = one_paragraph(text)
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _clock(at: datetime) -> time:
    return at.timetz().replace(microsecond=0, tzinfo=None)


def _seconds(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


def _contact(call: RecapCall) -> str | None:
    """Telephone and e-mail; the number that called where the form has none."""
    typed = call.fields.get("contact_phone") or call.caller_number or ""
    number = parse_telephone(typed)
    telephone = render_national(number) if number else typed or call.caller_shown
    return ", ".join(filter(None, (telephone, call.fields.get("email")))) or None
