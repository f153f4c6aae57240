"""Changing the hours, the priority table, the rules and the categories: by API and pages."""

from collections.abc import Awaitable
from typing import Annotated, Any, NamedTuple, get_args

import msgspec
from msgspec import Meta

from agent.catalogue import Words
from agent.database.errors import OfficeDecisionStale
from agent.domain.office_change import (
    CATEGORY,
    LONGEST,
    CategoryChange,
    HoursChange,
    OfficeChangeInvalid,
    TableChange,
)
from agent.domain.office_rules import RULES, HeardBy, RulesChange
from agent.domain.priority import IMPACTS, PRIORITIES, URGENCIES, Level
from agent.domain.rights import Right
from agent.domain.working_time import WEEKDAYS, Weekday, WeekHours
from agent.web.office_decisions import OfficeDecisions, Wanted, read_decisions
from agent.web.office_desk import DecisionTaken, OfficeDesk, Signed
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.problems import Refused

Reason = Annotated[str, Meta(min_length=1, max_length=LONGEST)]
Version = Annotated[str, Meta(min_length=1, max_length=200)]

LEAST = 0.1
"""What the page lets somebody type where zero is not allowed."""


class Limit(NamedTuple):
    """What a number of the rules may be: more than zero, or zero too, and at most so much."""

    zero: bool
    most: float

    @property
    def typed_from(self) -> float:
        """For a field, whose least value is itself allowed."""
        return 0 if self.zero else LEAST


class HoursDecided(HoursChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New hours, why, and the version that was changed."""

    based_on: Version
    reason: Reason


class TableDecided(TableChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new table, why, and the version that was changed."""

    based_on: Version
    reason: Reason


class RulesDecided(RulesChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New rules of calls, why, and the version that was changed."""

    based_on: Version
    reason: Reason


class CategoriesDecided(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All categories in their new order, why, and the version of the form that was changed."""

    based_on: Version
    reason: Reason
    categories: Annotated[tuple[CategoryChange, ...], Meta(min_length=1, max_length=500)]


def office_change_operations(parts: Parts) -> list[Operation]:
    """Each makes a new version that counts at once; what is under way keeps its own."""
    desk = OfficeDesk(parts)

    async def hours(asking: Asking, asked: HoursDecided) -> DecisionTaken:
        return await _told(asking, desk.hours(asked, _signed(asking, asked)))

    async def table(asking: Asking, asked: TableDecided) -> DecisionTaken:
        return await _told(asking, desk.table(asked, _signed(asking, asked)))

    async def rules(asking: Asking, asked: RulesDecided) -> DecisionTaken:
        return await _told(asking, desk.rules(asked, _signed(asking, asked)))

    async def categories(asking: Asking, asked: CategoriesDecided) -> DecisionTaken:
        return await _told(asking, desk.categories(asked.categories, _signed(asking, asked)))

    right = Right.ADMINISTER
    return [
        Operation(
            name="decideHours", method="PUT", path="/office/hours", right=right, perform=hours,
            summary="New hours, closures and days of their own; open tickets' due times follow.",
            asked=HoursDecided, answered=DecisionTaken, refuses=(409,),
        ),
        Operation(
            name="decidePriorityTable", method="PUT", path="/office/priority-table", right=right,
            summary="A new priority table, for tickets that are opened from now on.",
            perform=table, asked=TableDecided, answered=DecisionTaken, refuses=(409,),
        ),
        Operation(
            name="decideRules", method="PUT", path="/office/rules", right=right, perform=rules,
            summary="The rules of calls that arrive from now on, and how long sound is kept.",
            asked=RulesDecided, answered=DecisionTaken, refuses=(409,),
        ),
        Operation(
            name="decideCategories", method="PUT", path="/office/categories", right=right,
            summary="The form's categories, for calls that arrive from now on; no code is reused.",
            perform=categories, asked=CategoriesDecided, answered=DecisionTaken, refuses=(409,),
        ),
    ]  # fmt: skip


def office_change_pages(parts: Parts) -> list[Page]:
    """One page for each kind; what is in force stands in its fields."""

    def page(path: str, template: str) -> Page:
        async def show(asking: Asking) -> Shown:
            decided = await read_decisions(parts, Wanted())
            return Shown(template, _values(decided, asking.words))

        return Page(path=path, right=Right.ADMINISTER, show=show)

    return [
        page("/office/hours", "office_hours.html"),
        page("/office/priority-table", "office_table.html"),
        page("/office/rules", "office_rules.html"),
        page("/office/categories", "office_categories.html"),
    ]


def _values(decided: OfficeDecisions, words: Words) -> dict[str, Any]:
    form = decided.form
    offered = form.offered.get(CATEGORY, tuple(form.lists.get(CATEGORY, ())))
    return {
        "decided": decided,
        "categories": form.lists.get(CATEGORY, {}),
        "offered": offered,
        "days": WEEKDAYS,
        "weeks": {
            "regular": _by_day(decided.office_hours.regular),
            "ramadan": _by_day(decided.office_hours.ramadan),
        },
        "urgencies": URGENCIES,
        "impacts": IMPACTS,
        "priorities": PRIORITIES,
        "levels": tuple(Level)[1:],
        "longest": LONGEST,
        "rules": RULES,
        "limits": LIMITS,
        "heard_by": get_args(HeardBy),
    }


def _by_day(week: tuple[WeekHours, ...]) -> dict[Weekday, WeekHours]:
    return {day: hours for hours in week for day in hours.days}


def _limits() -> dict[str, Limit]:
    schema = msgspec.json.schema(RulesChange)["$defs"]["RulesChange"]["properties"]
    return {
        name: Limit(zero="minimum" in one, most=one["maximum"])
        for name, one in schema.items()
        if "maximum" in one
    }


LIMITS = _limits()
"""Of every number of the rules."""


def _signed(
    asking: Asking, asked: HoursDecided | TableDecided | RulesDecided | CategoriesDecided
) -> Signed:
    return Signed(by=asking.who.account, reason=asked.reason, based_on=asked.based_on)


async def _told(asking: Asking, decision: Awaitable[DecisionTaken]) -> DecisionTaken:
    """The decision, or why there is none in one sentence of the reader's language."""
    try:
        return await decision
    except OfficeDecisionStale as error:
        raise Refused(409, "office_decision_changed") from error
    except OfficeChangeInvalid as error:
        reason = f"office_{error.mistake}"
        raise Refused(422, reason, _sentence(asking.words, reason, error)) from error


def _sentence(words: Words, reason: str, error: OfficeChangeInvalid) -> str:
    known = words.below("office.places")
    place = ", ".join(known.get(part, part) for part in error.place.split(", ") if part)
    return f"{place}: {words(f'problems.{reason}')}" if place else words(f"problems.{reason}")
