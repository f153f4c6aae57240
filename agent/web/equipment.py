"""Equipment that was missing beyond a single call: the service, the archive, a month's recap.

It belongs to no call and to no operator, and nobody speaks about it: it is open while it lasts.
"""

from datetime import date
from typing import Literal

import msgspec

from agent.database.equipment import list_equipment
from agent.domain.equipment import EquipmentDeviation
from agent.domain.rights import Right
from agent.web.operations import Asking, Operation
from agent.web.parts import Parts
from agent.web.period import begin_of_day

MOST = 100
"""At once; whoever wants older ones asks for an earlier last day."""


class EquipmentAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which; what lasted into these days of the office, `until` the last."""

    state: Literal["open", "all"] = "open"
    """What is missing now, or all that ever was."""
    since: date | None = None
    until: date | None = None


class EquipmentFound(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first; `more` tells that there are older ones, for which `until` is to be earlier.

    `subject` is the first form, the day or the month that it is about.
    """

    equipment: tuple[EquipmentDeviation, ...]
    more: bool


async def find_equipment(parts: Parts, asked: EquipmentAsked) -> EquipmentFound:
    """What was missing. Raises Refused, DatabaseUnreachable."""
    zone = parts.settings.zone
    found = await list_equipment(
        parts.pool.url,
        begin_of_day(asked.since, zone),
        begin_of_day(asked.until, zone, days_later=1),
        still_missing=asked.state == "open",
        limit=MOST + 1,
    )
    return EquipmentFound(equipment=tuple(found[:MOST]), more=len(found) > MOST)


def equipment_operations(parts: Parts) -> list[Operation]:
    """Reading what was missing."""

    async def read(_asking: Asking, asked: EquipmentAsked) -> EquipmentFound:
        return await find_equipment(parts, asked)

    return [
        Operation(
            name="listEquipment", method="GET", path="/equipment", right=Right.CALLS,
            summary="Deviations of the equipment beyond a single call: service, archive, recap.",
            perform=read, asked=EquipmentAsked, answered=EquipmentFound, refuses=(400,),
        ),
    ]  # fmt: skip
