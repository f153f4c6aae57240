"""Every hour: which equipment the SOP asks for was missing, put on record by the owner."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
import structlog

from agent.runtime import clock
from agent.runtime.errors import EffectFailed

EVERY_S = 3600.0
AGAIN_S = 60.0
"""After a look that failed because the database was away."""

log = structlog.get_logger()


class EquipmentChanges(msgspec.Struct, frozen=True):
    """What came of one look: how much is missing now, and how much of the record changed."""

    missing: int
    changed: int
    withdrawn: int


Compute = Callable[[datetime], Awaitable[EquipmentChanges]]
"""Brings the record up to this moment; raises EffectFailed when it cannot be reached."""


async def watch_equipment(
    compute: Compute, every_s: float = EVERY_S, again_s: float = AGAIN_S
) -> None:
    """Look, now and then every so many seconds, until cancelled."""
    while True:
        try:
            changes = await compute(clock.now())
        except EffectFailed as error:
            log.warning("equipment_not_looked_at", reason=str(error)[:200])
            await asyncio.sleep(again_s)
            continue
        if changes.changed or changes.withdrawn:
            log.warning(
                "equipment_deviations",
                missing=changes.missing,
                changed=changes.changed,
                withdrawn=changes.withdrawn,
            )
        await asyncio.sleep(every_s)
