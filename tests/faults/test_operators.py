"""An operator's telephone rejects, rings for ever, is put down, or dies: the caller waits on."""

import asyncio
import json
from datetime import datetime, timedelta

import pytest

from agent.domain.call_state import Stage
from deploy.sip_phone import Answer, Policy, Reject, RingForever, SipCall
from tests.faults.bench import Bench
from tests.faults.conftest import Measured
from tests.faults.far_operator import far_operator
from tests.faults.history import FarLeg
from tests.journeys.office import PATIENTLY, SOON, register

BACK_WITHIN_S = (2.0, 4.0)
"""On a machine of its own, and beside others."""
REAL_TIMEOUT_S, SHORT_TIMEOUT_S = 30, 3

BACK = pytest.mark.fault(
    "F20",
    "an operator's telephone rejects, is put down at once, or loses its voice for 30 s: the caller"
    " is offered to the next within 2 s, at the head of the queue",
)


@pytest.fixture(scope="module")
def settings() -> dict[str, object]:
    """Telephones that nobody answers cost little time here."""
    return {"ring_seconds": 2.0}


async def served(bench: Bench, caller: SipCall, operator: SipCall) -> None:
    """The one who did answer serves this caller, who then leaves."""
    await operator.answered(within=SOON)
    await bench.reaches(caller, Stage.TALKING)
    await caller.hang_up()
    await operator.ended(within=SOON)


@BACK
@pytest.mark.parametrize(
    ("policy", "cause"),
    [
        pytest.param(Reject(code=486), 17, id="busy", marks=pytest.mark.long),
        pytest.param(Reject(code=603), 21, id="declined", marks=pytest.mark.long),
        # He hung up: Asterisk gives no cause for that.
        pytest.param(
            Answer(hang_up_after=timedelta(0)), None, id="put down", marks=pytest.mark.long
        ),
        pytest.param(Answer(hang_up_after=timedelta(seconds=0.5)), None, id="put down in the talk"),
    ],
)
async def test_who_is_refused_or_put_down_is_offered_to_the_next_at_once(
    bench: Bench, measured: Measured, policy: Policy, cause: int | None
) -> None:
    async with bench.on_duty(policy, Answer()) as [refusing, ready]:
        caller = await bench.dial()
        refused = await refusing.incoming(within=PATIENTLY)
        behind = await bench.dial()
        operator = await ready.incoming(within=PATIENTLY)
        back_s = seconds_between(await refused.ended(within=SOON), operator)
        measured("offered to the next after s", back_s, *BACK_WITHIN_S)
        await bench.reaches(caller, Stage.TALKING)
        await behind.hang_up()
        await served(bench, caller, operator)
        report = await bench.reaches(caller, Stage.ARCHIVED)
    first, last = report.call.offers
    assert first.cause == cause
    assert report.call.conversation == last
    await bench.check()


def seconds_between(lost_at: datetime, operator: SipCall) -> float:
    """From the end of one operator's leg to the ringing of the next one's telephone."""
    assert operator.ringing_at
    return (operator.ringing_at - lost_at).total_seconds()


@pytest.mark.long
@pytest.mark.fault(
    "F20",
    "a telephone rings for ever: the next one is rung within 2 s of its time; who missed two calls"
    " in a row is rung after all others until he answers or registers anew",
)
async def test_who_misses_two_calls_is_rung_after_all_others(
    bench: Bench, measured: Measured
) -> None:
    async with bench.on_duty(RingForever(), Answer()) as [silent, ready]:
        rung = len(silent.calls)
        for _ in range(2):
            caller = await bench.dial()
            missed = await silent.incoming(within=PATIENTLY)
            operator = await ready.incoming(within=PATIENTLY)
            back_s = seconds_between(await missed.ended(within=SOON), operator)
            measured("offered to the next after s", back_s, *BACK_WITHIN_S)
            await served(bench, caller, operator)
        caller = await bench.dial()
        await served(bench, caller, await ready.incoming(within=PATIENTLY))
        assert len(silent.calls) - rung == 2, "he is away"
        silent.on_call = Answer()
        first, second = await bench.dial(), await bench.dial()
        for phone in (ready, silent):
            await phone.incoming(within=PATIENTLY)
        assert len(silent.calls) - rung == 3, "but he is needed"
        for one in (first, second):
            await bench.reaches(one, Stage.TALKING)
            await one.hang_up()
            await bench.reaches(one, Stage.ARCHIVED)
    await bench.check()


@BACK
@pytest.mark.parametrize(
    "timeout_s", [SHORT_TIMEOUT_S, pytest.param(REAL_TIMEOUT_S, marks=pytest.mark.long)]
)
async def test_who_talks_to_a_telephone_that_dies_is_offered_to_the_next(
    bench: Bench, measured: Measured, timeout_s: int
) -> None:
    """It stands still: no voice and no goodbye, so Asterisk alone can tell. Nothing else waits."""
    account, password = await another_operator(bench)
    folder = bench.site.folder / f"{account}-phone"
    async with far_operator(bench.site.sip_server, account, password, folder) as dying:
        if timeout_s != REAL_TIMEOUT_S:
            await shorten_voice_timeout(bench, account, timeout_s)
        caller = await bench.dial()
        answered_at = await dying.answered(within=PATIENTLY)
        bench.history.far[account] = [FarLeg(answered_at)]
        await bench.reaches(caller, Stage.TALKING)
        async with bench.on_duty(Answer()) as [ready]:
            dying.hold_still(True)
            operator = await ready.incoming(within=PATIENTLY)
            await bench.reaches(caller, Stage.TALKING)
            report = await bench.record_of(caller)
            assert report
            lost = report.call.offers[0].ended
            assert lost
            back_s = seconds_between(lost.at, operator)
            measured("offered to the next after s", back_s, *BACK_WITHIN_S)
            await served(bench, caller, operator)
            await dying.leave()
    # Until Asterisk can tell that a telephone is dead, nobody can give its caller anything to hear.
    bench.history.away_s = timeout_s
    assert [offer.cause for offer in report.call.offers] == [44, None]
    await bench.check()


async def another_operator(bench: Bench) -> tuple[str, str]:
    """Account and password of one whose telephone is the test's own."""
    added = await asyncio.to_thread(bench.site.command, "operator", "add", "Dewi", "--json")
    account = json.loads(added)
    return account["account"], account["password"]


async def shorten_voice_timeout(bench: Bench, account: str, seconds: int) -> None:
    """Nobody has 30 s; the product's own value is tried by the long test."""
    fields = [{"attribute": "rtp_timeout", "value": str(seconds)}]
    async with bench.ari() as ari:
        path = ("asterisk", "config", "dynamic", "res_pjsip", "endpoint", account)
        await ari.put(*path, body={"fields": fields})


@pytest.mark.long
@pytest.mark.fault(
    "F20",
    "two telephones with one account: the one that registered last rings, and it alone answers",
)
async def test_two_telephones_of_one_operator_answer_one_call_once(bench: Bench) -> None:
    account, password = await another_operator(bench)
    server, folder = bench.site.sip_server, bench.site.folder / f"{account}-phone"
    async with far_operator(server, account, password, folder) as first:
        last = await bench.operators[0].phones.operator(account, password, server)
        bench.operators.append(last)
        last.on_call = Answer()
        await register(last)
        caller = await bench.dial()
        await served(bench, caller, await last.incoming(within=PATIENTLY))
        with pytest.raises(TimeoutError):
            await first.answered(within=timedelta(seconds=0.1))
        await last.unregister()
    await bench.check()
