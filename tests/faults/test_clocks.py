"""A clock jumps by an hour or goes wrong in the middle of calls: nothing happens because of it.

There is no summer time in Indonesia, and the office's time is a fixed distance from UTC.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from agent.asterisk.clock_skew import SKEW_ALARM_S
from agent.domain.call_state import Stage
from agent.domain.consultation import Outcome
from deploy.sip_phone import Answer, SipCall, SipPhone
from tests.faults.bench import Bench
from tests.faults.checker import LENGTHS_AGREE
from tests.faults.conftest import Measured
from tests.faults.faked_clock import FakedClock
from tests.journeys.office import PATIENTLY, SOON, register, until

pytestmark = pytest.mark.long

HOUR_S = 3600.0
WATCHED_S = 3.0
PROMPTS_OF_AN_ARRIVAL = 3
PROMPTS_BY_PATIENCE = 2
"""Each of two who wait may hear once in this time that he is not forgotten."""


@pytest_asyncio.fixture(scope="module")
async def agents_clock(bench_of_module: Bench) -> AsyncIterator[FakedClock]:
    """The agent is started anew with a clock of its own."""
    clock = FakedClock(bench_of_module.site.folder / "agents-clock")
    await asyncio.to_thread(bench_of_module.site.stop_agent)
    await asyncio.to_thread(bench_of_module.site.start_agent, **clock.environment)
    yield clock
    await asyncio.to_thread(bench_of_module.site.stop_agent)
    await asyncio.to_thread(bench_of_module.site.start_agent)


@pytest.mark.fault(
    "F16",
    "the agent's clock jumps by an hour either way or drifts: no prompt, ring or end comes of it;"
    " times and durations are right to 100 ms, who came first is served first",
)
@pytest.mark.parametrize(
    ("offset_s", "speed"),
    [(-HOUR_S, 1), (HOUR_S, 1), (0, 1.05)],
    ids=["an hour back", "an hour ahead", "a hundred times 500 ppm"],
)
async def test_a_jump_of_the_agents_clock_is_nothing_to_a_call(
    bench: Bench, measured: Measured, agents_clock: FakedClock, offset_s: float, speed: float
) -> None:
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        waiting = await bench.dial()
        await bench.reaches(waiting, Stage.QUEUEING)
        await talk.operator.press("*2*3")
        await bench.write(talk.form)
        rung, prompts = len(phone.calls), prompts_begun(bench)

        agents_clock.show(offset_s, speed)
        behind = await bench.dial()
        await asyncio.sleep(WATCHED_S)
        new_prompts = prompts_begun(bench) - prompts
        measured("prompts after the jump", new_prompts)
        assert new_prompts <= PROMPTS_OF_AN_ARRIVAL + PROMPTS_BY_PATIENCE
        assert len(phone.calls) == rung
        assert not any(leg.ended_at for leg in (talk.caller, talk.operator, waiting, behind))

        await until("the agent has seen its clock go wrong", lambda: differs(bench, offset_s))
        await talk.operator.press("*6")
        await bench.shows(talk.form, "solved", lambda r: r.call.decision == "solved")
        await bench.write(talk.form, {"solution": "Perbarui Apendo"})
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
        for caller in (waiting, behind):
            await served(bench, caller, phone)
    agents_clock.show()
    report = await bench.archived(talk.form)
    assert report.outcome is Outcome.SOLVED
    assert report.deviations == (), "nobody answers for a clock"
    await bench.check()


@pytest_asyncio.fixture(scope="module")
async def asterisks_clock(bench_of_module: Bench) -> AsyncIterator[FakedClock]:
    """Asterisk is started anew with a clock of its own."""
    asterisk = bench_of_module.site.asterisk
    assert asterisk
    clock = FakedClock(bench_of_module.site.folder / "asterisks-clock")
    true = asterisk.installation
    variables = (f"{name}={value}" for name, value in clock.environment.items())
    asterisk.installation = replace(true, program=("env", *variables, *true.program))
    await asyncio.to_thread(asterisk.restart)
    yield clock
    asterisk.installation = true
    await asyncio.to_thread(asterisk.restart)


@pytest.mark.fault(
    "F16",
    "Asterisk's own clock jumps by an hour: who talks talks on, nobody who waits is dropped (after"
    " a jump ahead the dialplan has him, and telephones are rung once they have registered anew);"
    " all is on record in its order, times of calls that lived then are wrong by the jump, later"
    " ones are right",
)
@pytest.mark.parametrize("offset_s", [-HOUR_S, HOUR_S], ids=["an hour back", "an hour ahead"])
async def test_a_jump_of_asterisks_clock_costs_no_call(
    bench: Bench, measured: Measured, asterisks_clock: FakedClock, offset_s: float
) -> None:
    """The last of this module: what it leaves on record is out of order for ever."""
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        waiting = await bench.dial()
        await bench.reaches(waiting, Stage.QUEUEING)
        rung, prompts = len(phone.calls), prompts_begun(bench)

        asterisks_clock.show(offset_s)
        await asyncio.sleep(WATCHED_S)
        new_prompts = prompts_begun(bench) - prompts
        measured("prompts after the jump", new_prompts)
        assert new_prompts <= PROMPTS_BY_PATIENCE
        assert len(phone.calls) == rung
        assert not any(leg.ended_at for leg in (talk.caller, talk.operator, waiting))

        if offset_s > 0:  # Asterisk's own guard of a wait is over, as its clock tells
            await bench.reaches(waiting, Stage.HANDED)
            bench.history.whose(waiting).by_fallback = True
            await waiting.hang_up()
        await talk.operator.press("*2*3*6")
        await bench.shows(talk.form, "solved", lambda r: r.call.decision == "solved")
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
        await register(phone)
        if offset_s < 0:
            await served(bench, waiting, phone)
        asterisks_clock.show()
        await register(phone)
        later = await bench.dial()
        await served(bench, later, phone)
    assert (await bench.archived(talk.form)).outcome is Outcome.SOLVED
    report = await bench.record_of(later)
    assert report and report.call.caller_gone and report.call.caller_answered
    assert later.ended_at and later.answered_at
    on_record = report.call.caller_gone.at - report.call.caller_answered.at
    assert abs(on_record - (later.ended_at - later.answered_at)) < LENGTHS_AGREE
    await bench.check(timeless=True)


async def served(bench: Bench, caller: SipCall, phone: SipPhone) -> None:
    """This telephone takes the next call, which is this caller's; he leaves."""
    operator = await phone.incoming(within=PATIENTLY)
    await operator.answered(within=SOON)
    await bench.reaches(caller, Stage.TALKING)
    await caller.hang_up()
    await operator.ended(within=SOON)


async def differs(bench: Bench, offset_s: float) -> bool:
    """Whether the agent sees its clock so far from Asterisk's; or, when it drifts, too far."""
    skew_s = await asyncio.to_thread(bench.measured, "lpse_clock_skew_seconds")
    return abs(skew_s + offset_s) < 1 if offset_s else abs(skew_s) > SKEW_ALARM_S


def prompts_begun(bench: Bench) -> int:
    """How many prompts Asterisk has begun so far."""
    return bench.exchange.seen.count("PlaybackStarted")
