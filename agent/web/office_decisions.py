"""What the office has decided by files: its form, priority table and hours, in every version."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from agent.database.office_files import SETTINGS, Kind, office_files
from agent.domain.form import FormDefinition, parse_form
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

KINDS: tuple[Kind, ...] = ("priority_table", "office_hours", "form")
T = TypeVar("T")


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """Of one kind of file: the setting that names it, and all versions that were used."""

    setting: str
    in_force: str
    shown: str
    known: list[str]
    """Oldest first."""


class OfficeDecisions(msgspec.Struct, frozen=True, kw_only=True):
    """One version of each file."""

    priority_table: PriorityTable
    office_hours: OfficeHours
    form: FormDefinition
    versions: dict[str, Versions]


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which version of each; the one in force where none is named."""

    priority_table: str | None = None
    office_hours: str | None = None
    form: str | None = None


async def read_decisions(parts: Parts, wanted: Wanted) -> OfficeDecisions:
    """The files as they were used. Raises Refused for a version that never was."""
    kept = {kind: await office_files(parts.pool.url, kind) for kind in KINDS}
    versions = {
        kind: Versions(
            setting=SETTINGS[kind],
            in_force=parts.in_force[kind],
            shown=getattr(wanted, kind) or parts.in_force[kind],
            known=list(kept[kind]),
        )
        for kind in KINDS
    }

    def one(kind: Kind, parse: Callable[[object], T]) -> T:
        files: Mapping[str, object] = kept[kind]
        if versions[kind].shown not in files:
            raise Refused(404, "office_file_unknown")
        return parse(files[versions[kind].shown])

    return OfficeDecisions(
        priority_table=one("priority_table", parse_priority_table),
        office_hours=one("office_hours", parse_office_hours),
        form=one("form", parse_form),
        versions={str(kind): of_kind for kind, of_kind in versions.items()},
    )


def office_operations(parts: Parts) -> list[Operation]:
    """Reading them; they are changed where they lie."""

    async def read(_asking: Asking, asked: Wanted) -> OfficeDecisions:
        return await read_decisions(parts, asked)

    return [
        Operation(
            name="readOffice", method="GET", path="/office", right=Right.ADMINISTER,
            summary="The priority table, the hours and the form: in force, or in another version.",
            perform=read, asked=Wanted, answered=OfficeDecisions,
        ),
    ]  # fmt: skip


def office_pages(parts: Parts) -> list[Page]:
    """What is in force."""

    async def show(asking: Asking) -> Shown:
        given = {key: value for key, value in asking.request.query.items() if value}
        values = {
            "decided": await read_decisions(parts, msgspec.convert(given, Wanted)),
            "urgencies": URGENCIES,
            "impacts": IMPACTS,
            "priorities": PRIORITIES,
        }
        return Shown("office.html", values)

    return [Page(path="/office", right=Right.ADMINISTER, show=show, menu="menu.office")]
