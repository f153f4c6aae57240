"""The hourly look at the equipment goes on, whatever becomes of one look."""

import asyncio
from datetime import datetime
from itertools import pairwise

from structlog.testing import capture_logs

from agent.runtime.equipment_watch import EquipmentChanges, watch_equipment
from agent.runtime.errors import EffectFailed

WIDE_MARGIN_S = 5.0


async def looks(
    *answers: EquipmentChanges | Exception, every_s: float, again_s: float
) -> list[dict[str, object]]:
    """What is logged until all of these were answered."""
    left, seen = list(answers), list[datetime]()
    done = asyncio.Event()

    async def compute(now: datetime) -> EquipmentChanges:
        seen.append(now)
        if not left:
            done.set()
            await asyncio.sleep(WIDE_MARGIN_S)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with capture_logs() as logged:
        async with asyncio.timeout(WIDE_MARGIN_S), asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch_equipment(compute, every_s, again_s))
            await done.wait()
            watching.cancel()
    assert all(earlier <= later for earlier, later in pairwise(seen))
    assert all(at.tzinfo for at in seen)
    return [dict(line) for line in logged]


async def test_only_what_changed_is_told() -> None:
    logged = await looks(
        EquipmentChanges(0, 0, 0), EquipmentChanges(1, 2, 3), every_s=0, again_s=3600
    )
    assert logged == [
        {
            "event": "equipment_deviations",
            "missing": 1,
            "changed": 2,
            "withdrawn": 3,
            "log_level": "warning",
        }
    ]


async def test_a_database_that_is_away_is_asked_again_sooner() -> None:
    logged = await looks(EffectFailed("away"), every_s=3600, again_s=0)
    assert [line["event"] for line in logged] == ["equipment_not_looked_at"]
