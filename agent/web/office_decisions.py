"""What the office has decided: its form, priority table, hours and rules, in every version."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from agent.database.office_decisions import OfficeDecision, all_decisions
from agent.database.office_files import KINDS, SETTINGS, Kind, named_files
from agent.domain.form import FormDefinition, parse_form
from agent.domain.office_comparison import Difference, compare_decisions
from agent.domain.office_rules import RULES, OfficeRules, parse_office_rules
from agent.domain.priority import (
    IMPACTS,
    PRIORITIES,
    URGENCIES,
    PriorityTable,
    parse_priority_table,
)
from agent.domain.rights import Right
from agent.domain.working_time import OfficeHours, parse_office_hours
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.problems import Refused

T = TypeVar("T")


PARSERS: Mapping[Kind, Callable[[object], msgspec.Struct]] = {
    "priority_table": parse_priority_table,
    "office_hours": parse_office_hours,
    "office_rules": parse_office_rules,
    "form": parse_form,
}


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """Of one kind: the setting that names its file, and all versions that were ever used."""

    setting: str
    in_force: str
    shown: str
    known: list[str]
    """Oldest first."""
    decision: OfficeDecision | None
    """By which the shown version counted last; None: it was used before decisions were kept."""


class OfficeDecisions(msgspec.Struct, frozen=True, kw_only=True):
    """One version of each."""

    priority_table: PriorityTable
    office_hours: OfficeHours
    office_rules: OfficeRules
    form: FormDefinition
    versions: dict[str, Versions]


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which version of each; the one in force where none is named."""

    priority_table: str | None = None
    office_hours: str | None = None
    office_rules: str | None = None
    form: str | None = None


class Two(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names of two versions of one kind."""

    kind: Kind
    before: str
    after: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between them, in the order of the later one."""

    kind: Kind
    before: str
    after: str
    differences: list[Difference]


async def read_decisions(parts: Parts, wanted: Wanted) -> OfficeDecisions:
    """The versions as they were used. Raises Refused for one that never was."""
    async with parts.pool.transaction() as connection:
        kept = {kind: await named_files(connection, kind) for kind in KINDS}
        decisions = await all_decisions(connection)
    versions = {
        kind: _versions(
            kind, list(kept[kind]), [one for one in decisions if one.kind == kind],
            getattr(wanted, kind),
        )
        for kind in KINDS
    }  # fmt: skip

    def one(kind: Kind, parse: Callable[[object], T]) -> T:
        files: Mapping[str, object] = kept[kind]
        if versions[kind].shown not in files:
            raise Refused(404, "office_file_unknown")
        return parse(files[versions[kind].shown])

    return OfficeDecisions(
        priority_table=one("priority_table", parse_priority_table),
        office_hours=one("office_hours", parse_office_hours),
        office_rules=one("office_rules", parse_office_rules),
        form=one("form", parse_form),
        versions={str(kind): of_kind for kind, of_kind in versions.items()},
    )


def _versions(
    kind: Kind, known: list[str], decisions: list[OfficeDecision], wanted: str | None
) -> Versions:
    in_force = decisions[-1].name
    shown = wanted or in_force
    return Versions(
        setting=SETTINGS[kind],
        in_force=in_force,
        shown=shown,
        known=known,
        decision=next((one for one in reversed(decisions) if one.name == shown), None),
    )


async def compare_versions(parts: Parts, two: Two) -> Comparison:
    """Two versions side by side. Raises Refused for one that never was."""
    async with parts.pool.connection() as connection:
        kept = await named_files(connection, two.kind)
    if two.before not in kept or two.after not in kept:
        raise Refused(404, "office_file_unknown")
    parse: Callable[[object], msgspec.Struct] = PARSERS[two.kind]
    before, after = (msgspec.to_builtins(parse(kept[name])) for name in (two.before, two.after))
    return Comparison(
        kind=two.kind,
        before=two.before,
        after=two.after,
        differences=compare_decisions(before, after),
    )


def office_operations(parts: Parts) -> list[Operation]:
    """Reading and comparing them."""

    async def read(_asking: Asking, asked: Wanted) -> OfficeDecisions:
        return await read_decisions(parts, asked)

    async def compared(_asking: Asking, asked: Two) -> Comparison:
        return await compare_versions(parts, asked)

    return [
        Operation(
            name="readOffice", method="GET", path="/office", right=Right.ADMINISTER,
            summary="Priority table, hours, rules of calls, form: in force, or in another version.",
            perform=read, asked=Wanted, answered=OfficeDecisions,
        ),
        Operation(
            name="compareOffice", method="GET", path="/office/comparison", right=Right.ADMINISTER,
            summary="Two versions of one of them: what differs.",
            perform=compared, asked=Two, answered=Comparison,
        ),
    ]  # fmt: skip


def office_pages(parts: Parts) -> list[Page]:
    """What is in force, and what differs between two versions."""

    async def compare(asking: Asking) -> Shown:
        given = {key: value for key, value in asking.request.query.items() if value}
        comparison = await compare_versions(parts, msgspec.convert(given, Two))
        names = asking.words.below("office.places")
        return Shown("office_comparison.html", {"comparison": comparison, "names": names})

    async def show(asking: Asking) -> Shown:
        given = {key: value for key, value in asking.request.query.items() if value}
        values = {
            "decided": await read_decisions(parts, msgspec.convert(given, Wanted)),
            "urgencies": URGENCIES,
            "impacts": IMPACTS,
            "priorities": PRIORITIES,
            "rules": RULES,
        }
        return Shown("office.html", values)

    return [
        Page(path="/office", right=Right.ADMINISTER, show=show, menu="menu.office"),
        Page(path="/office/comparison", right=Right.ADMINISTER, show=compare),
    ]
