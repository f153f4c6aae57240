"""Office hours in short: callers come and go, and one fault follows another.

How long is told by FAULTS_SOAK_MINUTES (`./deploy/faults --soak MINUTES`), its chances by the seed
that a failure prints; FAULTS_SOAK_SEED repeats them.
"""

import asyncio
import contextlib
import os
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from agent.runtime import clock
from deploy.faults_report import SOAK_MINUTES
from deploy.sip_phone import Answer, Policy, Reject, RingForever, SipPhone, SipPhoneFailed
from tests.bench.processes import cost_of
from tests.faults.bench import Bench
from tests.faults.conftest import Measured
from tests.faults.event_proxy import frame
from tests.faults.history import Dialled
from tests.faults.test_exchange import MALFORMED, UNKNOWN
from tests.journeys.office import PATIENTLY, SOON, register

SEED = "FAULTS_SOAK_SEED"
SHORTEST_MINUTES = 5.0
ROUND_S = 60.0
"""After so much, everybody goes home for a moment and every promise is looked at."""
CALLERS_AT_ONCE = 2
"""Each with an operator are all the calls that one process of telephones holds."""
PAUSES_S = (1.0, 5.0)
"""Between two calls of a caller, who stays 8 s in the mean: a load of 70 %."""
STAYS_S = (0.5, 14.0)
QUIET_S = (3.0, 8.0)
"""Between two faults."""
KILLED_UNTIL = 0.25
"""Part of the time with kills of the agent; the memory of its life after that is watched."""
LARGEST_GROWTH = 1.15

Fault = Callable[[Bench, random.Random], Awaitable[None]]


async def events_dropped(bench: Bench, chance: random.Random) -> None:
    """The event socket ends, up to five times."""
    for _ in range(chance.randint(1, 5)):
        bench.exchange.reset_events()
        await asyncio.sleep(chance.random())


async def events_meddled(bench: Bench, chance: random.Random) -> None:
    """Lost, repeated, out of order."""
    bench.exchange.meddle(drop=0.01, repeat=0.3, late_s=0.5, seed=chance.randrange(10**6))
    await asyncio.sleep(chance.uniform(3, 8))
    bench.exchange.calm()


async def strange_events(bench: Bench, chance: random.Random) -> None:
    """Nonsense among them."""
    for one in chance.sample([*MALFORMED, *UNKNOWN], 5):
        bench.exchange.inject(frame(one))


async def deaf_session(bench: Bench, chance: random.Random) -> None:
    """The session lives and hears nothing."""
    bench.exchange.deafen()
    await asyncio.sleep(chance.uniform(0, 3))


async def exchange_cut_off(bench: Bench, chance: random.Random) -> None:
    """A broken cable, or one after which no connection is of use."""
    getattr(bench.exchange, chance.choice(["pause", "swallow"]))()
    await asyncio.sleep(chance.uniform(1, 6))
    bench.exchange.resume()
    bench.exchange.heal()


async def database_slow(bench: Bench, chance: random.Random) -> None:
    """Half a second each way."""
    bench.database.latency_s = 0.5
    await asyncio.sleep(chance.uniform(2, 8))
    bench.database.latency_s = 0.0


async def database_gone(bench: Bench, chance: random.Random) -> None:
    """A black hole, or every connection reset."""
    bench.database.swallow() if chance.random() < 0.7 else bench.database.reset()
    await asyncio.sleep(chance.uniform(1, 8))
    bench.database.heal()


async def database_killed(bench: Bench, chance: random.Random) -> None:
    """And back after some seconds."""
    await asyncio.to_thread(bench.site.postgres.crash)
    await asyncio.sleep(chance.uniform(0, 5))
    await asyncio.to_thread(bench.site.postgres.start)


async def agent_killed(bench: Bench, chance: random.Random) -> None:
    """And started again, as its supervisor does."""
    await asyncio.to_thread(bench.site.stop_agent, kill=True)
    await asyncio.sleep(chance.uniform(0.2, 2))
    await asyncio.to_thread(bench.site.start_agent)


async def agent_stopped(bench: Bench, chance: random.Random) -> None:
    """It stands still until its supervisor has seen it, which ends it and starts it again."""
    assert bench.site.agent
    bench.site.agent.hold_still(True)
    await asyncio.sleep(chance.uniform(3, 5))
    await agent_killed(bench, chance)


async def commit_unanswered(bench: Bench, chance: random.Random) -> None:
    """Done, but nobody is told."""
    bench.database.cut_answer_to_next_commit()
    await asyncio.sleep(chance.uniform(1, 4))


async def asterisk_killed(bench: Bench, chance: random.Random) -> None:
    """Its calls die with it."""
    asterisk = bench.site.asterisk
    assert asterisk
    died_at = clock.now()
    bench.history.deaths.append(died_at)
    await asyncio.to_thread(asterisk.crash)
    await asyncio.sleep(chance.uniform(0.2, 2))
    await asyncio.to_thread(asterisk.start)
    for dialled in living_since(bench, died_at):
        dialled.cut_off = True


def living_since(bench: Bench, moment: datetime) -> list[Dialled]:
    """Callers whose calls were not over then."""
    return [
        dialled
        for dialled in bench.history.callers
        if dialled.call.ended_at is None or dialled.call.ended_at > moment
    ]


WEIGHTS: dict[Fault, int] = {
    events_dropped: 4,
    events_meddled: 4,
    strange_events: 2,
    deaf_session: 2,
    exchange_cut_off: 3,
    database_slow: 3,
    database_gone: 4,
    database_killed: 3,
    commit_unanswered: 3,
    asterisk_killed: 1,
}
KILLS_OF_AGENT: dict[Fault, int] = {agent_killed: 6, agent_stopped: 2}
TO_FALLBACK = (agent_killed, agent_stopped, asterisk_killed, exchange_cut_off, deaf_session)
"""Whoever calls meanwhile is the dialplan's, or waits for the agent's return."""


class Soak:
    """Its people and its faults until a deadline."""

    def __init__(self, bench: Bench, chance: random.Random) -> None:
        self.bench = bench
        self.chance = chance
        self.calls = 0
        self.faults: list[str] = []
        self.kills = True
        self._deadline = 0.0

    async def work(self, seconds: float) -> None:
        """Everybody at once, and then nobody."""
        async with self.bench.on_duty(Answer(), Answer()) as phones:
            self._deadline = time.monotonic() + seconds
            async with asyncio.TaskGroup() as tasks:
                for _ in range(CALLERS_AT_ONCE):
                    tasks.create_task(self._caller())
                for phone in phones:
                    tasks.create_task(self._operator(phone))
                tasks.create_task(self._faults(phones))

    @property
    def _goes_on(self) -> bool:
        return time.monotonic() < self._deadline

    async def _caller(self) -> None:
        while self._goes_on:
            await asyncio.sleep(self.chance.uniform(*PAUSES_S))
            try:
                caller = await self.bench.dial()
            except SipPhoneFailed:  # all telephones are in use
                continue
            self.calls += 1
            await asyncio.sleep(self.chance.uniform(*STAYS_S))
            await caller.hang_up()
            with contextlib.suppress(TimeoutError):  # an Asterisk that died does not say goodbye
                await caller.ended(within=SOON)

    async def _operator(self, phone: SipPhone) -> None:
        while self._goes_on:
            phone.on_call = self._policy()
            with contextlib.suppress(TimeoutError, SipPhoneFailed):
                leg = await phone.incoming(within=timedelta(seconds=1))
                await leg.answered(within=timedelta(seconds=8))
                await asyncio.sleep(self.chance.uniform(0.2, 2))
                await leg.press(self.chance.choice(["*2", "*2*3", "*2*3*6", "*6", "*3*8"]))

    def _policy(self) -> Policy:
        soon = timedelta(seconds=self.chance.uniform(0, 8))
        choices = [Answer(), Answer(hang_up_after=soon), Reject(), RingForever()]
        return self.chance.choices(choices, weights=[6, 3, 1, 1])[0]

    async def _faults(self, phones: list[SipPhone]) -> None:
        while self._goes_on:
            await asyncio.sleep(self.chance.uniform(*QUIET_S))
            kinds = WEIGHTS | (KILLS_OF_AGENT if self.kills else {})
            [fault] = self.chance.choices(list(kinds), weights=list(kinds.values()))
            self.faults.append(fault.__name__)
            began = clock.now()
            await fault(self.bench, self.chance)
            await self.bench.ready(True, PATIENTLY)
            if fault in TO_FALLBACK:
                for dialled in living_since(self.bench, began):
                    dialled.by_fallback = True
            if fault is asterisk_killed:
                for phone in phones:
                    await register(phone)


@pytest.mark.long
@pytest.mark.fault(
    "F34",
    "an office's load with faults of the agent, its events, the exchange, the database and the"
    " telephones at random (F01, F03 to F05, F07 to F10, F12, F14, F15, F20, F21): every invariant"
    " holds, and the agent's memory does not grow",
)
async def test_whatever_comes_in_whatever_order_no_promise_is_broken(
    bench: Bench, measured: Measured
) -> None:
    seed = int(os.environ.get(SEED) or secrets.randbelow(10**6))
    length_s = 60 * float(os.environ.get(SOAK_MINUTES) or SHORTEST_MINUTES)
    print(f"{SEED}={seed}")
    soak = Soak(bench, random.Random(seed))  # noqa: S311 (a soak that can be repeated)
    began = time.monotonic()
    megabytes: list[float] = []
    while (past_s := time.monotonic() - began) < length_s:
        soak.kills = past_s < KILLED_UNTIL * length_s
        bench.begin()
        await soak.work(min(ROUND_S, length_s / 8))
        print(f"{soak.calls} calls, {soak.faults[-20:]}")
        await bench.check()
        assert bench.site.agent_process_id
        if not soak.kills:
            megabytes.append(cost_of(bench.site.agent_process_id).megabytes)
    third = max(1, len(megabytes) // 3)
    first, last = (sum(part) / third for part in (megabytes[:third], megabytes[-third:]))
    measured("calls", soak.calls)
    measured("faults", len(soak.faults))
    measured("memory MB", last)
    measured("memory at the end by that at the beginning", last / first, LARGEST_GROWTH)
