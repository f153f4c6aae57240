"""Asterisk dies, stands still, is cut off, or its events come wrong: nobody is lost for it."""

import asyncio
import json
import os
import random
import signal
import time
from contextlib import AsyncExitStack
from statistics import quantiles

import aiohttp
import pytest

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_exchange import FALLBACK_VARIABLE
from agent.asterisk.call_marks import LONGEST_TALK
from agent.domain.call_state import Stage
from agent.domain.consultation import Outcome
from agent.runtime import clock
from deploy.sip_phone import Answer
from tests.asterisk.messages import EVERY_KIND
from tests.bench.processes import cost_of
from tests.faults.bench import Bench
from tests.faults.conftest import Measured
from tests.faults.event_proxy import BINARY, frame
from tests.journeys.office import PATIENTLY, SOON, until

DEAF_AT_MOST_S = 4.0
UNREADY_WITHIN_S = 4.0
TOLD_AGAIN_WITHIN_S = 5.0
PAUSE_S = 0.02
STILL_S = 10.0
CUT_OFF_S = 6.0
RECONCILED_WITHIN_S = {"pause": (2.0, 4.0), "swallow": (15.0, 15.0)}
"""On a machine of its own, and beside others. A command into a lost connection takes its deadline
of 5 s, and what it was for is tried again some seconds later: 9 s.
"""
ROUNDS = 2
FLOOD_PER_S = 5000
MALFORMED = [
    b"",
    b"{nonsense",
    b"[]",
    b'"StasisStart"',
    b"\xff\xfe\xc3\x28",
    b'{"type": "StasisStart"}',
    b'{"type": "StasisStart", "timestamp": "yesterday", "args": [], "channel": {}}',
    b'{"type": 7}',
    EVERY_KIND["ChannelDtmfReceived"].replace("2026-11-23T02:00:00.213+0000", "now").encode(),
    b"[" * 100_000,
]
UNKNOWN = [
    b'{"type": "ChannelVarset"}',
    json.dumps({"type": "ApplicationMoved", "filling": "x" * 1_000_000}).encode(),
]


async def drop_events(bench: Bench, times: int) -> None:
    """Reset the event socket so often, up to 20 ms after each time it was opened."""
    chance = random.Random(times)  # noqa: S311 (a fault that can be repeated)
    for _ in range(times):
        await until("the agent listens", lambda: _listens(bench))
        await asyncio.sleep(chance.random() * PAUSE_S)
        bench.exchange.reset_events()


async def _listens(bench: Bench) -> bool:
    return bench.exchange.listeners > 0


@pytest.mark.fault(
    "F04",
    "the event socket dropped again and again: never deaf for more than 4 s, talk and wait go on",
)
@pytest.mark.parametrize("times", [12, pytest.param(50, marks=pytest.mark.long)])
async def test_a_storm_of_reconnections_leaves_no_deaf_session(
    bench: Bench, measured: Measured, times: int
) -> None:
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        waiting = await bench.dial()
        await bench.reaches(waiting, Stage.QUEUEING)
        await drop_events(bench, times)
        measured("ready after the storm after s", await bench.ready(True), DEAF_AT_MOST_S)
        measured("served after s", await bench.controlled())
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
        operator = await phone.incoming(within=PATIENTLY)
        await operator.answered(within=SOON)
        await bench.reaches(waiting, Stage.TALKING)
        await waiting.hang_up()
        await operator.ended(within=SOON)
    await bench.check()


@pytest.mark.fault(
    "F04",
    "the event socket dropped again and again: never deaf for more than 4 s, talk and wait go on",
)
async def test_a_deaf_session_is_seen_and_left(bench: Bench, measured: Measured) -> None:
    bench.exchange.deafen()
    began = time.monotonic()
    await until("the session is left", lambda: _is_deaf(bench))
    measured("deaf for s", time.monotonic() - began, DEAF_AT_MOST_S, DEAF_AT_MOST_S + 1)
    await bench.ready(True)
    measured("served after s", await bench.controlled())
    await bench.check()


@pytest.mark.fault(
    "F12",
    "one command lost in the moment in which people are connected ends no talk later: Asterisk is"
    " told again within 5 s that this caller waits no more",
)
async def test_a_talk_of_which_asterisk_was_not_told_is_told_of_again(
    bench: Bench, measured: Measured
) -> None:
    [longest] = LONGEST_TALK.values()
    bench.exchange.lose_next_command(longest.encode())
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        connected_at = time.monotonic()
        channel = (await bench.reaches(talk.caller, Stage.TALKING)).call.channel
        async with bench.ari() as ari:

            async def may_talk_on() -> bool:
                timeout = {"variable": "TIMEOUT(absolute)"}
                left = await ari.get("channels", channel, "variable", **timeout)
                return float(left["value"]) > float(longest) - 60

            await until("Asterisk knows of the talk", may_talk_on)
        told_s = time.monotonic() - connected_at
        assert bench.exchange.lost_commands == 1
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
    measured("told after s", told_s, TOLD_AGAIN_WITHIN_S)
    await bench.check()


@pytest.mark.fault(
    "F05",
    "Asterisk killed: its calls end and are closed on record within 5 s of its return, a new caller"
    " is served within 3 s, the log stays quiet",
)
async def test_a_killed_asterisk_costs_its_calls_but_no_record(
    bench: Bench, measured: Measured
) -> None:
    asterisk = bench.site.asterisk
    assert asterisk
    async with bench.on_duty(Answer()) as [phone], AsyncExitStack() as lines:
        talk = await bench.conversation(phone)
        # Not of our telephones: a goodbye that Asterisk does not answer takes up room in them, and
        # the callers afterwards need it.
        [waiting] = lines.enter_context(bench.crowd(1, stay_s=10))
        await bench.reaches(waiting, Stage.QUEUEING)
        for call in (talk.caller, waiting):
            bench.history.whose(call).cut_off = True
        killed_at = clock.now()
        await asyncio.to_thread(asterisk.crash)
        for leg in (talk.caller, talk.operator):  # they hear nothing any more
            await leg.hang_up()
        await asyncio.sleep(2)
        await asyncio.to_thread(asterisk.start)
        began = time.monotonic()
        served_s = await bench.controlled()
        measured("served after s", served_s, 3)
        for call in (talk.caller, waiting):
            await bench.reaches(call, Stage.ARCHIVED)
        measured("closed after s", time.monotonic() - began, 5)
        lines = [line for line in bench.log_lines() if line["timestamp"] > killed_at.isoformat()]
        lines_per_s = len(lines) / (clock.now() - killed_at).total_seconds()
        measured("log lines a second", lines_per_s, 10)
        await waiting.ended(within=PATIENTLY)
    report = await bench.record(talk.form)
    assert report.outcome is Outcome.INTERRUPTED
    await bench.check()


@pytest.mark.fault(
    "F06",
    "Asterisk stands still: not ready within 4 s, in control again by itself when it goes on, those"
    " who talk talk on",
)
async def test_an_asterisk_that_stood_still_is_used_again_without_a_restart(
    bench: Bench, measured: Measured
) -> None:
    assert bench.site.asterisk
    asterisk, agent = bench.site.asterisk.process_id, bench.site.agent_process_id
    assert asterisk
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        os.kill(asterisk, signal.SIGSTOP)
        unready_s = await bench.ready(False)
        measured("not ready after s", unready_s, UNREADY_WITHIN_S)
        await asyncio.sleep(STILL_S - unready_s)
        os.kill(asterisk, signal.SIGCONT)
        measured("ready again after s", await bench.ready(True))
        measured("served after s", await bench.controlled())
        await talk.operator.press("*2*3*6")
        await bench.shows(talk.form, "solved", lambda r: r.call.decision == "solved")
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
    assert (await bench.record(talk.form)).outcome is Outcome.SOLVED
    assert bench.site.agent_process_id == agent
    await bench.check()


@pytest.mark.fault(
    "F12",
    "cut off from Asterisk: not ready within 4 s, calls live on; what happened is learnt and who"
    " called meanwhile is served within 2 s, or 15 s where every connection was lost",
)
@pytest.mark.parametrize(
    ("how", "cut_off_s"),
    [
        *((how, CUT_OFF_S) for how in RECONCILED_WITHIN_S),
        *(pytest.param(how, 60.0, marks=pytest.mark.long) for how in RECONCILED_WITHIN_S),
    ],
)
async def test_a_partition_costs_no_call_and_what_happened_in_it_is_learnt_afterwards(
    bench: Bench, measured: Measured, how: str, cut_off_s: float
) -> None:
    """Cut off with all bytes delivered later, or with all of them and every connection lost."""
    bench.history.away_s = cut_off_s  # who is hearing a prompt then gets no ringing tone after it
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        leaver = await bench.dial()
        await bench.reaches(leaver, Stage.QUEUEING)

        getattr(bench.exchange, how)()
        unready_s = await bench.ready(False)
        measured("not ready after s", unready_s, UNREADY_WITHIN_S)
        await asyncio.sleep(cut_off_s - CUT_OFF_S)
        await leaver.hang_up()
        new = await bench.dial()  # who comes earlier is the dialplan's after 20 s
        await asyncio.sleep(CUT_OFF_S - unready_s)
        assert not talk.caller.ended_at
        bench.exchange.resume()
        bench.exchange.heal()

        began = time.monotonic()
        measured("ready after s", await bench.ready(True))
        await bench.reaches(leaver, Stage.ARCHIVED)
        measured("who left is closed after s", time.monotonic() - began, *RECONCILED_WITHIN_S[how])
        await new.answered(within=SOON)
        served_s = time.monotonic() - began
        measured("who called meanwhile is served after s", served_s, *RECONCILED_WITHIN_S[how])
        await talk.operator.press("*2*3*6")
        await bench.shows(talk.form, "solved", lambda r: r.call.decision == "solved")
        measured("star codes work after s", time.monotonic() - began)
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
        await (await phone.incoming(within=PATIENTLY)).answered(within=SOON)
        await bench.reaches(new, Stage.TALKING)
        await new.hang_up()
    await bench.check()


@pytest.mark.fault(
    "F12",
    "cut off from Asterisk, the agent still tells the dialplan over FastAGI who is free",
)
async def test_callers_whom_no_application_takes_reach_the_operators_whom_the_agent_names(
    bench: Bench,
) -> None:
    async with bench.on_duty(Answer()) as [phone]:
        async with bench.ari() as ari:
            await ari.post("asterisk", "variable", variable=FALLBACK_VARIABLE, value="none")
        bench.exchange.swallow()
        bench.exchange.reset()
        await until("nobody listens", lambda: _is_deaf(bench))
        caller = await bench.dial()
        bench.history.whose(caller).by_fallback = True
        operator = await phone.incoming(within=SOON)
        await operator.answered(within=SOON)
        await operator.hang_up()
        await caller.ended(within=SOON)
        bench.exchange.heal()
        await bench.ready(True)
    await bench.check()


async def _is_deaf(bench: Bench) -> bool:
    return bench.exchange.listeners == 0


@pytest.mark.fault(
    "F14",
    "events repeated, out of order by 500 ms, lost (1 %): every call ends with one true record",
)
@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(s, marks=pytest.mark.long) for s in range(2, 9))]
)
async def test_whatever_becomes_of_events_calls_come_to_their_end_with_one_true_record(
    bench: Bench, measured: Measured, seed: int
) -> None:
    lost, repeated = len(bench.exchange.lost), bench.exchange.repeated
    async with bench.on_duty(Answer(), Answer()) as phones:
        bench.exchange.meddle(drop=0.01, repeat=0.3, late_s=0.5, seed=seed)
        for _ in range(ROUNDS):
            callers = [await bench.dial(), await bench.dial()]
            for phone in phones:
                operator = await phone.incoming(within=PATIENTLY)
                await operator.answered(within=SOON)
                await operator.press("*2*3*6")
            await asyncio.sleep(1)
            for caller in callers:
                await caller.hang_up()
            for phone in phones:
                for leg in phone.calls:
                    await leg.ended(within=PATIENTLY)
            leaver = await bench.dial()
            await leaver.answered(within=SOON)
            await leaver.hang_up()
        bench.exchange.calm()
    measured("events lost", len(bench.exchange.lost) - lost)
    measured("events repeated", bench.exchange.repeated - repeated)
    await bench.check()


@pytest.mark.fault(
    "F14",
    "events repeated, out of order by 500 ms, lost (1 %): every call ends with one true record",
)
@pytest.mark.parametrize(
    "kind",
    [
        "StasisStart",
        "ChannelStateChange",
        "PlaybackStarted",
        "PlaybackFinished",
        "ChannelEnteredBridge",
        "ChannelHangupRequest",
        "ChannelDestroyed",
    ],
)
async def test_no_single_event_is_one_that_a_call_cannot_do_without(
    bench: Bench, kind: str
) -> None:
    async with bench.on_duty(Answer()) as [phone]:
        before = len(bench.exchange.lost)
        bench.exchange.drop_next(kind)
        caller = await bench.dial()
        operator = await phone.incoming(within=SOON)
        await operator.answered(within=SOON)
        await bench.reaches(caller, Stage.TALKING)
        await caller.hang_up()
        await operator.ended(within=SOON)
        await bench.reaches(caller, Stage.ARCHIVED)
        # The word of the end comes twice, so the call need not wait for the second.
        await until("it is lost", lambda: _lost(bench, before, kind))
    await bench.check()


async def _lost(bench: Bench, before: int, kind: str) -> bool:
    return bench.exchange.lost[before:] == [kind]


@pytest.mark.fault(
    "F15",
    "events that nobody knows, that are broken, or of 1 MB: ignored, counted, and nothing else",
)
async def test_strange_frames_are_counted_and_cost_nothing(bench: Bench) -> None:
    opened = bench.exchange.opened
    strange = [
        *(frame(payload) for payload in MALFORMED),
        *(frame(payload) for payload in UNKNOWN),
        frame(b"\x00\xff", BINARY),
    ]
    async with bench.on_duty(Answer()) as [phone]:
        talk = await bench.conversation(phone)
        malformed, unknown = await ignored(bench, "malformed"), await ignored(bench, "unknown_kind")
        for one in strange:
            bench.exchange.inject(one)
        await talk.operator.press("*2*3*6")
        await bench.shows(talk.form, "solved", lambda r: r.call.decision == "solved")
        assert await ignored(bench, "malformed") == malformed + len(MALFORMED)
        assert await ignored(bench, "unknown_kind") == unknown + len(UNKNOWN)
        await talk.caller.hang_up()
        await talk.operator.ended(within=SOON)
    assert bench.exchange.opened == opened, "and not even the session was lost"
    assert await bench.ready(True) < 1
    await bench.check()


async def ignored(bench: Bench, reason: str) -> float:
    """How many events were not given to a call for this reason."""
    name = f'lpse_events_ignored_total{{reason="{reason}"}}'
    return max(0.0, await asyncio.to_thread(bench.measured, name))


@pytest.mark.fault(
    "F17",
    "a flood of 5,000 events a second: no session lost, calls served as ever, 99 of 100 looks at"
    " the loop within 50 ms, memory within 64 MB",
)
@pytest.mark.parametrize("seconds", [8, pytest.param(60, marks=pytest.mark.long)])
async def test_a_flood_of_events_does_not_drown_a_call(
    bench: Bench, measured: Measured, seconds: int
) -> None:
    opened, before = bench.exchange.opened, await ignored(bench, "no_such_call")
    agent = bench.site.agent_process_id
    assert agent
    megabytes = cost_of(agent).megabytes
    async with bench.on_duty(Answer()) as [phone], asyncio.TaskGroup() as tasks:
        looks = tasks.create_task(look_at_the_loop(bench, seconds))
        flooding = tasks.create_task(flood(bench, seconds))
        began = time.monotonic()
        caller = await bench.dial()
        await caller.answered(within=SOON)
        measured("answered in the flood after s", time.monotonic() - began, 1)
        operator = await phone.incoming(within=PATIENTLY)
        await operator.answered(within=SOON)
        await bench.reaches(caller, Stage.TALKING)
        await caller.hang_up()
        await operator.ended(within=SOON)
        flooded_s, p99_s = await flooding, quantiles(await looks, n=100)[-1]
    taken = await ignored(bench, "no_such_call") - before
    measured("events a second", taken / flooded_s)
    measured("look at the loop, p99 s", p99_s, 0.05, 0.25)
    measured("memory grew by MB", cost_of(agent).megabytes - megabytes, 64)
    assert taken >= FLOOD_PER_S * seconds * 0.99
    assert bench.exchange.opened == opened
    await bench.check()


@pytest.mark.long
@pytest.mark.fault(
    "F17",
    "a flood of 5,000 events a second: no session lost, calls served as ever, 99 of 100 looks at"
    " the loop within 50 ms, memory within 64 MB",
)
async def test_as_many_events_as_asterisk_itself_can_send_do_not_drown_a_call(
    bench: Bench, measured: Measured
) -> None:
    """User events by way of ARI, as fast as eight askers get them accepted."""
    opened, seen = bench.exchange.opened, len(bench.exchange.seen)
    async with bench.on_duty(Answer()) as [phone], bench.ari() as ari, asyncio.TaskGroup() as tasks:
        began = time.monotonic()
        askers = [tasks.create_task(send_user_events(bench, ari, 20)) for _ in range(8)]
        looks = tasks.create_task(look_at_the_loop(bench, 20))
        caller = await bench.dial()
        await caller.answered(within=SOON)
        measured("answered in the flood after s", time.monotonic() - began, 1)
        await (await phone.incoming(within=PATIENTLY)).answered(within=SOON)
        await bench.reaches(caller, Stage.TALKING)
        await caller.hang_up()
        for asker in askers:
            await asker
        per_s = (len(bench.exchange.seen) - seen) / (time.monotonic() - began)
        measured("events of Asterisk a second", per_s)
        measured("look at the loop, p99 s", quantiles(await looks, n=100)[-1])
    assert bench.exchange.opened == opened
    await bench.check()


async def send_user_events(bench: Bench, ari: AriClient, seconds: float) -> None:
    """One after the other."""
    application, began = bench.site.values.application, time.monotonic()
    while time.monotonic() - began < seconds:
        await ari.post("events", "user", "flood", application=application)


async def flood(bench: Bench, seconds: float) -> float:
    """Events of a call that there is not; answers how many seconds it took."""
    began, sent = time.monotonic(), 0
    one = frame(EVERY_KIND["ChannelDtmfReceived"].encode())
    while sent < seconds * FLOOD_PER_S:
        due = int((time.monotonic() - began) * FLOOD_PER_S) - sent
        if due:
            bench.exchange.inject(one * due)
            sent += due
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def look_at_the_loop(bench: Bench, seconds: float) -> list[float]:
    """How many seconds the agent took to say that it lives, again and again."""
    url = f"http://127.0.0.1:{bench.site.settings.http_port}/health/live"
    began, took = time.monotonic(), []
    async with aiohttp.ClientSession() as session:
        while time.monotonic() - began < seconds:
            asked = time.monotonic()
            async with session.get(url) as answer:
                await answer.read()
            took.append(time.monotonic() - asked)
            await asyncio.sleep(0.02)
    return took
