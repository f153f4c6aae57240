"""The caller hangs up, in whatever state his call is: no telephone rings on for him."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import pytest

from agent.database.reports import CallReport
from agent.domain.call_state import Stage
from agent.domain.consultation import Outcome
from deploy.sip_phone import Answer, RingForever, SipCall
from tests.faults.bench import Bench
from tests.faults.checker import CLOCKS_AGREE, LENGTHS_AGREE
from tests.faults.conftest import Measured
from tests.journeys.office import PATIENTLY, SOON

LEAVES = pytest.mark.fault(
    "F21",
    "a caller hangs up in any state: one record with his true wait; no telephone rings on for him"
    " for 1 s",
)
RINGS_ON_AT_MOST_S = (1.0, 3.0)
"""On a machine of its own, and beside others."""
AFTER_RETURN_S = (3.0, 5.0)
STAYS_S = 1.0
LOOK_EVERY_S = 0.01
ABANDONED = (Outcome.ABANDONED_IN_WELCOME, Outcome.ABANDONED_WAITING)


async def closed(bench: Bench, caller: SipCall) -> CallReport:
    """The complete record of a caller who has left, with the time that he really waited."""
    left_at = await caller.ended(within=SOON)
    report = await bench.reaches(caller, Stage.ARCHIVED, PATIENTLY)
    call = report.call
    assert call.caller_gone
    assert abs(call.caller_gone.at - left_at) < CLOCKS_AGREE
    if caller.answered_at:
        assert call.caller_answered
        waited = call.caller_gone.at - call.caller_answered.at
        assert abs(waited - (left_at - caller.answered_at)) < LENGTHS_AGREE
    return report


async def prompts_begin(bench: Bench, prompts: int) -> None:
    """Wait until so many prompts have begun since now; the record would tell it too late."""
    wanted = bench.exchange.seen.count("PlaybackStarted") + prompts
    deadline = time.monotonic() + SOON.total_seconds()
    while bench.exchange.seen.count("PlaybackStarted") < wanted:
        assert time.monotonic() < deadline
        await asyncio.sleep(LOOK_EVERY_S)


async def in_the_welcome(bench: Bench) -> SipCall:
    """Right after the answer."""
    caller = await bench.dial()
    await caller.answered(within=SOON)
    return caller


async def in_the_notice(bench: Bench) -> SipCall:
    """The second of two prompts has begun."""
    caller, _ = await asyncio.gather(bench.dial(), prompts_begin(bench, 2))
    return caller


async def waiting(bench: Bench) -> SipCall:
    """Nobody is on duty."""
    caller = await bench.dial()
    await bench.reaches(caller, Stage.QUEUEING)
    return caller


@LEAVES
async def test_who_leaves_before_his_arrival_was_read_is_on_record(bench: Bench) -> None:
    async with bench.on_duty(RingForever()) as [phone]:
        rung = len(phone.calls)
        bench.exchange.pause()
        caller = await bench.dial()
        await asyncio.sleep(0.5)
        await caller.hang_up()
        await caller.ended(within=SOON)
        bench.exchange.resume()
        report = await closed(bench, caller)
        assert len(phone.calls) == rung
    assert report.outcome is Outcome.ABANDONED_IN_WELCOME
    await bench.check()


@LEAVES
@pytest.mark.parametrize("state", [in_the_welcome, in_the_notice, waiting])
async def test_who_leaves_before_an_operator_was_rung_has_abandoned_the_call(
    bench: Bench, state: Callable[[Bench], Awaitable[SipCall]]
) -> None:
    caller = await state(bench)
    await caller.hang_up()
    report = await closed(bench, caller)
    assert report.outcome is ABANDONED[report.call.queued is not None]
    assert state is waiting or not report.call.offers
    assert report.deviations == ()
    await bench.check()


@LEAVES
async def test_a_telephone_stops_ringing_for_who_has_left(bench: Bench, measured: Measured) -> None:
    async with bench.on_duty(RingForever()) as [phone]:
        caller = await bench.dial()
        operator = await phone.incoming(within=PATIENTLY)
        await operator.ringing(within=SOON)
        await caller.hang_up()
        measured("rang on for s", await rang_on(caller, operator), *RINGS_ON_AT_MOST_S)
        report = await closed(bench, caller)
    assert report.outcome is Outcome.ABANDONED_WAITING
    await bench.check()


async def rang_on(caller: SipCall, operator: SipCall) -> float:
    """Seconds for which an operator's telephone outlived its caller."""
    left_at: datetime = await caller.ended(within=SOON)
    return (await operator.ended(within=SOON) - left_at).total_seconds()


@LEAVES
async def test_who_leaves_in_the_moment_of_the_answer_leaves_nobody_in_an_empty_line(
    bench: Bench, measured: Measured
) -> None:
    """Both messages leave in one moment, now this one first and now that one."""
    async with bench.on_duty(RingForever()) as [phone]:
        for answer_first in (True, False):
            caller = await bench.dial()
            operator = await phone.incoming(within=PATIENTLY)
            await operator.ringing(within=SOON)
            await caller.phones.ask(partial(both_at_once, caller, operator, answer_first))
            lingered_s = await rang_on(caller, operator)
            measured("in an empty line for s", lingered_s, *RINGS_ON_AT_MOST_S)
            report = await closed(bench, caller)
            assert report.outcome in (Outcome.ABANDONED_WAITING, Outcome.DROPPED_BY_CALLER)
    await bench.check()


def both_at_once(caller: SipCall, operator: SipCall, answer_first: bool) -> None:
    """In the telephones' own thread, with nothing between the two."""
    if answer_first:
        operator.answer_with(200)
        caller.end()
    else:
        caller.end()
        operator.answer_with(200)


@LEAVES
async def test_who_leaves_in_the_talk_frees_the_operator(bench: Bench, measured: Measured) -> None:
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        await talk.caller.hang_up()
        lingered_s = await rang_on(talk.caller, talk.operator)
        measured("in an empty line for s", lingered_s, *RINGS_ON_AT_MOST_S)
        report = await closed(bench, talk.caller)
    assert report.outcome is Outcome.DROPPED_BY_CALLER
    await bench.check()


@LEAVES
async def test_who_leaves_while_the_numbers_are_read_takes_them_from_nobody(bench: Bench) -> None:
    """That the operator hears them to their end is seen in the journeys; here he need not."""
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        await talk.operator.press("*2*3*8")
        await bench.shows(
            talk.form,
            "both are read to",
            lambda r: sum(p.prompt == "numbers" and bool(p.started) for p in r.call.playbacks) == 2,
        )
        await talk.caller.hang_up()
        left_at = await talk.caller.ended(within=SOON)
        await asyncio.sleep(STAYS_S)
        await talk.operator.hang_up()
        assert (await talk.operator.ended(within=SOON) - left_at).total_seconds() > STAYS_S / 2
        report = await closed(bench, talk.caller)
    assert report.outcome is Outcome.ESCALATED
    read = [p for p in report.call.playbacks if p.prompt == "numbers"]
    assert [p.result for p in read] == ["failed", "failed"], "nobody heard them to their end"
    await bench.check()


@pytest.mark.fault(
    "F21",
    "a caller hangs up while the agent is dead: his true wait is on record, and the telephone that"
    " rang for him stops within 3 s of the agent's return",
)
async def test_who_leaves_while_the_agent_is_dead_is_let_go_by_the_next(
    bench: Bench, measured: Measured
) -> None:
    async with bench.on_duty(RingForever()) as [phone]:
        rung_for = await bench.dial()
        operator = await phone.incoming(within=PATIENTLY)
        await operator.ringing(within=SOON)
        behind = await bench.dial()
        await bench.reaches(behind, Stage.QUEUEING)
        await asyncio.to_thread(bench.site.stop_agent, kill=True)
        await rung_for.hang_up()
        await behind.hang_up()
        phone.on_call = Answer()
        await asyncio.to_thread(bench.site.start_agent)
        began = time.monotonic()
        await operator.ended(within=SOON)
        rang_s = time.monotonic() - began
        measured("rang after the agent's return for s", rang_s, *AFTER_RETURN_S)
        measured("rang on for s", await rang_on(rung_for, operator))
        reports = [await closed(bench, caller) for caller in (rung_for, behind)]
    assert [report.outcome for report in reports] == [Outcome.ABANDONED_WAITING] * 2
    await bench.check()
