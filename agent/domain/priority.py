"""The priority table as data: how urgent and how grave a problem is, and by when it is solved."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from agent.domain.working_time import WorkingTime

Urgency = Literal["urgent", "not_urgent"]
Impact = Literal["large", "medium", "small"]
Priority = Literal["high", "medium", "low"]
Axis = Literal["urgency", "impact"]

URGENCIES: tuple[Urgency, ...] = ("urgent", "not_urgent")
IMPACTS: tuple[Impact, ...] = ("large", "medium", "small")
PRIORITIES: tuple[Priority, ...] = ("high", "medium", "low")
"""Each from the gravest to the least."""

HOUR_S = 3600.0

Text = Annotated[str, Meta(min_length=1)]


class PriorityTableInvalid(ValueError):
    """This does not describe a priority table; the message names the place and the mistake.

    `mistake` is a word for those who tell it in another language, `place` a priority or an axis.
    """

    def __init__(self, message: str, mistake: str = "unreadable", place: str = "") -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.mistake = mistake
        self.place = place


class Level(StrEnum):
    """Who works on a ticket, from the telephone upward."""

    HELPDESK = "helpdesk"
    ADMIN_PPE = "admin_ppe"
    LKPP = "lkpp"


def higher(one: Level, other: Level) -> Level:
    """The higher of two levels."""
    return max(one, other, key=tuple(Level).index)


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hours of working time, or the close of the n-th working day after; exactly one of them."""

    hours: Annotated[float, Meta(ge=0, le=1000)] | None = None
    days: Annotated[int, Meta(ge=0, le=1000)] | None = None

    def ends(self, begins: datetime, working_time: WorkingTime) -> datetime:
        """When the term is over. Raises CalendarEnds."""
        if self.days is not None:
            return working_time.end_of_working_day(begins, self.days)
        return working_time.add_working_time(begins, (self.hours or 0.0) * HOUR_S)


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How people see one urgency or impact, and what it means."""

    label: Text
    meaning: Text


class Urgencies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words for each urgency."""

    urgent: Wording
    not_urgent: Wording


class Impacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words for each impact."""

    large: Wording
    medium: Wording
    small: Wording


class MatrixRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The priority of each impact at one urgency."""

    large: Priority
    medium: Priority
    small: Priority


class Matrix(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The priority of each urgency and impact."""

    urgent: MatrixRow
    not_urgent: MatrixRow

    def priority(self, urgency: Urgency, impact: Impact) -> Priority:
        """What stands where the two meet."""
        row = self.urgent if urgency == "urgent" else self.not_urgent
        return {"large": row.large, "medium": row.medium, "small": row.small}[impact]


class Escalation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """After which time a ticket that is not solved goes up to which level."""

    level: Level
    after: Term


class PriorityTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one priority promises; without `first_response` the call itself was the response."""

    label: Text
    first_response: Term | None = None
    target: Term
    before_stage_closes: bool = False
    escalations: tuple[Escalation, ...] = ()


class Priorities(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The terms of each priority."""

    high: PriorityTerms
    medium: PriorityTerms
    low: PriorityTerms

    def terms(self, priority: Priority) -> PriorityTerms:
        """Those of this priority."""
        return {"high": self.high, "medium": self.medium, "low": self.low}[priority]


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """A person set another priority than the table's, and says why."""

    priority: Priority
    by: Text
    reason: Text


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a ticket got its priority: the table's version and word, and who overrode it."""

    table: str
    urgency: Urgency
    impact: Impact
    by_table: Priority
    override: Override | None = None
    assumed: tuple[Axis, ...] = ()
    """What nobody has told, so that the service took it for the usual."""

    @property
    def priority(self) -> Priority:
        """The one that counts."""
        return self.override.priority if self.override else self.by_table


class PriorityTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of the table; `usulan` until the office has approved it."""

    version: Text
    status: Literal["usulan", "ditetapkan"]
    source: Text
    urgencies: Urgencies
    impacts: Impacts
    matrix: Matrix
    priorities: Priorities

    def choose(
        self,
        urgency: Urgency,
        impact: Impact,
        override: Override | None = None,
        assumed: tuple[Axis, ...] = (),
    ) -> Choice:
        """The priority of a problem; an override that says what the table says is none."""
        by_table = self.matrix.priority(urgency, impact)
        if override and override.priority == by_table:
            override = None
        return Choice(
            table=self.version,
            urgency=urgency,
            impact=impact,
            by_table=by_table,
            override=override,
            assumed=assumed,
        )

    def choose_anew(
        self,
        before: Choice,
        urgency: Urgency | None = None,
        impact: Impact | None = None,
        override: Override | None = None,
    ) -> Choice:
        """The priority after a change; None leaves as it was.

        What a person has overridden stays so, also while the table happens to say the same: the
        next change may part them again. An override that says what the table says ends it.
        """
        told = {"urgency": urgency, "impact": impact}
        assumed = tuple(axis for axis in before.assumed if not told[axis])
        chosen = self.choose(urgency or before.urgency, impact or before.impact, override, assumed)
        return chosen if override else replace(chosen, override=before.override)


class EscalationDue(msgspec.Struct, frozen=True):
    """From when on a ticket belongs to this level."""

    level: Level
    at: datetime


class Due(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """By when what must have happened, and the versions of all that it was computed from."""

    priority: Priority
    from_at: datetime
    target_at: datetime
    first_response_at: datetime | None = None
    escalations: tuple[EscalationDue, ...] = ()
    stage_closes_at: datetime | None = None
    """The tender stage's end, where it binds this ticket."""
    table: str
    hours: str
    calendar: str


def parse_priority_table(content: object) -> PriorityTable:
    """The table out of its data file. Raises PriorityTableInvalid with the place that is wrong."""
    try:
        table = msgspec.convert(content, PriorityTable)
    except msgspec.ValidationError as error:
        raise PriorityTableInvalid(str(error)) from error
    for priority in PRIORITIES:
        _check_terms(priority, table.priorities.terms(priority))
    _check_matrix(table.matrix)
    return table


def _check_terms(priority: Priority, terms: PriorityTerms) -> None:
    named = {"target": terms.target} | {
        f"escalation to {escalation.level}": escalation.after for escalation in terms.escalations
    }
    if terms.first_response is not None:
        named["first_response"] = terms.first_response
    for name, term in named.items():
        if (term.hours is None) == (term.days is None):
            message = f"{name} must be either hours or days"
            raise PriorityTableInvalid(message, "term_unclear", priority)
    if terms.target.hours == 0:
        raise PriorityTableInvalid("target must leave some time", "target_zero", priority)
    ladder = [Level.HELPDESK, *(escalation.level for escalation in terms.escalations)]
    ranks = [tuple(Level).index(level) for level in ladder]
    if ranks != sorted(set(ranks)):
        message = "escalations must go up, each level once"
        raise PriorityTableInvalid(message, "escalations_down", priority)


def _check_matrix(matrix: Matrix) -> None:
    """Whoever is graver off must not wait longer."""
    rank = PRIORITIES.index
    for impact in IMPACTS:
        if rank(matrix.priority("urgent", impact)) > rank(matrix.priority("not_urgent", impact)):
            message = f"urgent {impact} is lower than not_urgent {impact}"
            raise PriorityTableInvalid(message, "matrix_gentler", "matrix")
    for urgency in URGENCIES:
        ranks = [rank(matrix.priority(urgency, impact)) for impact in IMPACTS]
        if ranks != sorted(ranks):
            message = f"{urgency}: a smaller impact has a higher priority"
            raise PriorityTableInvalid(message, "matrix_gentler", "matrix")


def due(
    table: PriorityTable,
    priority: Priority,
    from_at: datetime,
    working_time: WorkingTime,
    stage_closes_at: datetime | None = None,
) -> Due:
    """By when a ticket whose clock starts at `from_at` must be answered, solved and escalated.

    Where the table says `before_stage_closes`, nothing is due after the tender stage closes; a
    stage that had closed before binds nothing. Raises CalendarEnds.
    """
    terms = table.priorities.terms(priority)
    binds = terms.before_stage_closes and stage_closes_at is not None and stage_closes_at > from_at
    stage = stage_closes_at if binds else None

    def ends(term: Term) -> datetime:
        end = term.ends(from_at, working_time)
        return min(end, stage) if stage else end

    return Due(
        priority=priority,
        from_at=from_at,
        target_at=ends(terms.target),
        first_response_at=ends(terms.first_response) if terms.first_response else None,
        escalations=tuple(
            EscalationDue(escalation.level, ends(escalation.after))
            for escalation in terms.escalations
        ),
        stage_closes_at=stage,
        table=table.version,
        hours=working_time.name,
        calendar=working_time.calendar.version,
    )
