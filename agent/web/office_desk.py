"""Where an administrator's decision is taken: made a version, kept with who and why, then in force.

Nothing counts that is not on record, and nothing that would leave a ticket without its due times.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from agent.database.errors import OfficeDecisionStale
from agent.database.office_decisions import Decided, NewDecision, decide, read_decided
from agent.database.office_files import Kind
from agent.domain.form import FormDefinition, parse_form
from agent.domain.office_change import (
    CATEGORY,
    CategoryChange,
    HoursChange,
    OfficeChangeInvalid,
    TableChange,
    changed_categories,
    changed_hours,
    changed_rules,
    changed_table,
    check_usable,
    is_same,
    next_version,
    plain_reason,
)
from agent.domain.office_rules import RulesChange, parse_office_rules
from agent.domain.priority import parse_priority_table
from agent.domain.working_time import parse_office_hours
from agent.runtime import clock
from agent.runtime.errors import EffectFailed
from agent.runtime.public_holidays import working_time_at
from agent.web.parts import Parts

log = structlog.get_logger()


class DecisionTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What counts from now on."""

    kind: Kind
    version: str


@dataclass(frozen=True)
class Signed:
    """Who decides, why, and which version he saw."""

    by: str
    reason: str
    based_on: str


class OfficeDesk:
    """Each decision raises OfficeChangeInvalid, OfficeDecisionStale, DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def hours(self, change: HoursChange, signed: Signed) -> DecisionTaken:
        """When the office works."""

        def make(decided: Decided) -> _Made:
            before = parse_office_hours(_seen(decided, "office_hours", signed))
            version = _next(decided, "office_hours", lambda v: f"{before.office} {v}")
            content = changed_hours(before, version, change)
            after = parse_office_hours(content)
            table = parse_priority_table(_counts(decided, "priority_table"))
            check_usable(table, working_time_at(after, self._parts.settings.zone), clock.now())
            return _Made("office_hours", after.name, content, is_same(before, after))

        return await self._decide(make, signed)

    async def table(self, change: TableChange, signed: Signed) -> DecisionTaken:
        """How urgent is what, and by when it is due."""

        def make(decided: Decided) -> _Made:
            before = parse_priority_table(_seen(decided, "priority_table", signed))
            version = _next(decided, "priority_table", str)
            content = changed_table(before, version, change)
            after = parse_priority_table(content)
            hours = parse_office_hours(_counts(decided, "office_hours"))
            check_usable(after, working_time_at(hours, self._parts.settings.zone), clock.now())
            return _Made("priority_table", version, content, is_same(before, after))

        return await self._decide(make, signed)

    async def rules(self, change: RulesChange, signed: Signed) -> DecisionTaken:
        """How calls are treated, and how long their sound is kept."""

        def make(decided: Decided) -> _Made:
            before = parse_office_rules(_seen(decided, "office_rules", signed))
            version = _next(decided, "office_rules", str)
            content = changed_rules(version, change)
            same = is_same(before, parse_office_rules(content))
            return _Made("office_rules", version, content, same)

        return await self._decide(make, signed)

    async def categories(
        self, categories: tuple[CategoryChange, ...], signed: Signed
    ) -> DecisionTaken:
        """What a problem can be about."""

        def make(decided: Decided) -> _Made:
            before = parse_form(_seen(decided, "form", signed))
            forms = [parse_form(content) for content in decided.files["form"].values()]
            ever = {code for form in forms for code in form.lists.get(CATEGORY, ())}
            version = _next(decided, "form", lambda v: f"{before.form}-{v}")
            content = changed_categories(before, version, categories, ever)
            after = parse_form(content)
            return _Made("form", after.name, content, is_same(before, after))

        return await self._decide(make, signed)

    async def form(self) -> FormDefinition:
        """The form whose categories count."""
        return parse_form(_counts(await read_decided(self._parts.pool.url), "form"))

    async def _decide(self, make: "Callable[[Decided], _Made]", signed: Signed) -> DecisionTaken:
        reason = plain_reason(signed.reason)
        decided = await read_decided(self._parts.pool.url)
        # Calendars of years are read for it: no call waits for that.
        made = await asyncio.to_thread(make, decided)
        if made.same:
            raise OfficeChangeInvalid("nothing_changed")
        await decide(
            self._parts.pool,
            NewDecision(
                kind=made.kind,
                name=made.name,
                content=made.content,
                based_on=signed.based_on,
                by=signed.by,
                reason=reason,
            ),
        )
        try:
            await self._parts.decided.take_up()
        except EffectFailed as error:  # it is on record, and is looked for every minute
            log.warning("office_decisions_wait", reason=str(error)[:200])
        return DecisionTaken(kind=made.kind, version=made.name)


@dataclass(frozen=True)
class _Made:
    """A version that could count."""

    kind: Kind
    name: str
    content: dict[str, Any]
    same: bool


def _counts(decided: Decided, kind: Kind) -> object:
    return decided.files[kind][decided.in_force[kind].name]


def _seen(decided: Decided, kind: Kind, signed: Signed) -> object:
    """What he has changed. Raises OfficeDecisionStale when that does not count any more."""
    now = decided.in_force[kind]
    if now.name != signed.based_on:
        raise OfficeDecisionStale(f"{kind}: {now.name} counts now.")
    return decided.files[kind][now.name]


def _next(decided: Decided, kind: Kind, name_of: Callable[[str], str]) -> str:
    return next_version(decided.files[kind], name_of)
