"""The words of the recap as data: headings, states, figures and their formulas, in Indonesian."""

import re
from typing import get_args

import msgspec

from agent.domain import equipment
from agent.domain.consultation import Outcome, Reason
from agent.domain.deviation_words import Verdict
from agent.domain.priority import Level, Priority
from agent.domain.recap import COLUMNS, TIMED_STEPS, Handling
from agent.domain.recap_figures import service_figures
from agent.domain.recap_tally import DEVIATION_KINDS, RecapTally
from agent.domain.ticket import TicketStage


class RecapWordsInvalid(ValueError):
    """The file lacks words of the recap; the message has one sentence for each."""


class FigureWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one figure is called, its formula, and the formula with counts filled in."""

    name: str
    formula: str
    counts: str


class RecapWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that a recap says beside what calls and forms say themselves."""

    texts: dict[str, str]
    columns: dict[str, str]
    outcomes: dict[str, str]
    handling: dict[str, str]
    ticket_stages: dict[str, str]
    levels: dict[str, str]
    priorities: dict[str, str]
    deviation_kinds: dict[str, str]
    equipment_kinds: dict[str, str]
    reasons: dict[str, str]
    steps: dict[str, str]
    figures: dict[str, FigureWords]
    plots: dict[str, str]
    weekdays: tuple[str, str, str, str, str, str, str]
    months: tuple[str, ...]

    def text(self, key: str, **values: object) -> str:
        """A sentence or label, with what stands in its braces."""
        return self.texts[key].format(**values)


def parse_recap_words(content: object) -> RecapWords:
    """The words out of their data file. Raises RecapWordsInvalid, a sentence for each mistake."""
    try:
        words = msgspec.convert(content, RecapWords)
    except msgspec.ValidationError as error:
        raise RecapWordsInvalid(str(error)) from error
    figures = {figure.key: figure for figure in service_figures(RecapTally("WIB"))}
    wanted = {
        "columns": COLUMNS,
        "outcomes": tuple(Outcome),
        "handling": tuple(Handling),
        "ticket_stages": tuple(TicketStage),
        "levels": tuple(Level),
        "priorities": get_args(Priority),
        "deviation_kinds": DEVIATION_KINDS,
        "equipment_kinds": get_args(equipment.Kind),
        "reasons": get_args(Reason),
        "texts": get_args(Verdict),
        "steps": TIMED_STEPS,
        "figures": tuple(figures),
    }
    mistakes = [
        f"{table}: {key} has no words"
        for table, keys in wanted.items()
        for key in keys
        if key not in getattr(words, table)
    ]
    if len(words.months) != 12:
        mistakes.append("months: must be 12")
    mistakes += [
        f"figures {key}: {{{name}}} is none of its counts"
        for key, figure in words.figures.items()
        for name in re.findall(r"\{(\w*)\}", figure.counts)
        if key in figures and name not in figures[key].counts
    ]
    if mistakes:
        raise RecapWordsInvalid("\n".join(mistakes))
    return words
