"""F03: an agent that stands still is seen, ended and started again, and people talk on."""

import json
import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from agent.database.reports import CallReport
from agent.domain.call_state import Playback
from agent.watchdog import STUCK_STATUS
from deploy.sip_phone import Answer
from tests.faults.conftest import Measured
from tests.faults.supervisor import Supervisor, supervised
from tests.journeys.office import PATIENTLY, SOON, Office, heard, step, until

SEEN_WITHIN_S = 5.0
DEBUGGED = """
import signal, time
from agent.__main__ import main

def debugger(number, frame):
    while True:
        time.sleep(0.1)

signal.signal(signal.SIGUSR1, debugger)
main()
"""
"""The agent as it is, but for a signal that holds up its loop as a debugger would."""

PROMISE = "an agent that stands still is seen within 5 s and started again, and people talk on"


async def comes_true(what: str, look: Callable[[], bool], within: timedelta = PATIENTLY) -> None:
    async def looked() -> bool:
        return look()

    await until(what, looked, within)


async def ready(office: Office, supervisor: Supervisor, lives: int = 0) -> None:
    """The supervised agent has told that it is ready, and takes calls."""
    await comes_true("it is ready", lambda: supervisor.is_ready_again(lives))
    await comes_true("it takes calls", lambda: bool(office.site.health("ready").get("ready")))


@pytest.mark.fault("F03", PROMISE)
async def test_a_stopped_agent_is_ended_and_people_talk_on_and_star_eight_works_afterwards(
    office: Office, measured: Measured
) -> None:
    words = office.speech("please_wait")
    with supervised(office.site) as supervisor:
        await ready(office, supervisor)
        async with office.on_duty(Answer()) as [phone]:
            talk = await office.conversation(phone)
            caller, operator, form = talk.caller, talk.operator, talk.form
            await operator.press("*2*3")
            await office.write(form)
            before = await office.calls()

            os.kill(supervisor.process_id, signal.SIGSTOP)
            stopped_at = time.monotonic()
            second = await office.dial()
            await operator.say_whole(words)
            await ready(office, supervisor, lives=1)
            waiting = (await office.opened(before)).call.form_number
            await second.answered(within=SOON)
            await second.hang_up()

            await operator.press("*8")
            await office.shows(
                form, "both hear the numbers", lambda r: len(_numbers_begun(r)) == 2, PATIENTLY
            )
            await caller.hang_up()
            await operator.hang_up()
            await caller.ended(within=SOON)
        report = await office.archived(form)
        left = await office.archived(waiting)
    [life, _] = supervisor.lives
    assert life.killed
    measured("seen after s", life.ended_at - stopped_at, SEEN_WITHIN_S)
    assert report.outcome == "escalated"
    assert report.call.ticket_number
    assert step(report, "3")["state"] == "met"
    assert heard(caller, words), "the operator's voice went on while the agent stood still"
    assert left.outcome in ("abandoned_in_welcome", "abandoned_waiting"), "nobody is forgotten"
    assert await office.calls() == before + 1


def _numbers_begun(report: CallReport) -> list[Playback]:
    return [p for p in report.call.playbacks if p.prompt == "numbers" and p.started]


@pytest.mark.fault("F03", PROMISE)
async def test_an_agent_whose_loop_is_held_up_ends_itself_even_where_nobody_asks_for_beats(
    office: Office, measured: Measured
) -> None:
    with supervised(office.site, ("-c", DEBUGGED, "serve"), watchdog=False) as supervisor:
        await ready(office, supervisor)
        logged = office.site.agent_log.stat().st_size
        os.kill(supervisor.process_id, signal.SIGUSR1)
        held_at = time.monotonic()
        await ready(office, supervisor, lives=1)
        [life] = supervisor.lives
        assert life.status == STUCK_STATUS
        measured("seen after s", life.ended_at - held_at, SEEN_WITHIN_S)
        with office.site.agent_log.open() as log:
            log.seek(logged)
            [told] = [line for line in map(json.loads, log) if line["event"] == "loop_stuck"]
        assert told["stack"][-1].endswith(" debugger")


@pytest.mark.fault("F03", PROMISE)
async def test_an_asterisk_that_is_away_ends_no_agent(office: Office) -> None:
    asterisk = office.site.asterisk
    assert asterisk
    with supervised(office.site) as supervisor:
        await ready(office, supervisor)
        asterisk.stop()
        time.sleep(SEEN_WITHIN_S)  # noqa: ASYNC251 (nobody is on the telephone)
        asterisk.start()
        await ready(office, supervisor)
        assert supervisor.lives == []
