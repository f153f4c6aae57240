import asyncio

import structlog

from agent.runtime.alarms import Alarms


async def test_trouble_that_goes_on_is_said_once_in_a_while_with_how_often_it_happened() -> None:
    alarms = Alarms(every_s=0.2)
    with structlog.testing.capture_logs() as said:
        for _time in range(5):
            alarms.sound("journal_waits", records=7)
        alarms.sound("details_shed")
        await asyncio.sleep(0.25)
        alarms.sound("journal_waits", records=9)
    assert said == [
        {"event": "journal_waits", "log_level": "error", "times": 1, "records": 7},
        {"event": "details_shed", "log_level": "error", "times": 1},
        {"event": "journal_waits", "log_level": "error", "times": 5, "records": 9},
    ]
