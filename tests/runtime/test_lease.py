"""One owner: who may command, when, and who takes over from whom; the lease is a real one."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from agent.database.connect import Connection
from agent.database.lease import LeaseStore
from agent.runtime import lease as leases
from agent.runtime import metrics
from agent.runtime.errors import EffectFailed, StandDown
from agent.runtime.lease import LOOK_EVERY_S, RENEW_EVERY_S, VALID_S
from tests.runtime.faulty_lease import Agent, agents
from tests.runtime.waiting import until

TAKES_OVER_WITHIN_S = 3.0


@asynccontextmanager
async def owning(agent: Agent) -> AsyncIterator["asyncio.Task[None]"]:
    """This process owns the calls, hears their events, and renews its lease meanwhile."""
    await agent.lease.acquire()
    agent.lease.opened()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(_run(agent))
        try:
            yield running
        finally:
            running.cancel()


async def _run(agent: Agent) -> None:
    """What ends the lease is told to the agent alone and not to the test."""
    with suppress(StandDown):
        await agent.lease.run()


async def is_stood_down(agent: Agent) -> bool:
    """Whether a command of this process is refused for ever."""
    try:
        await agent.lease.may_command()
    except StandDown:
        return True
    return False


async def test_the_first_owns_the_calls_and_the_second_stands_by(url: str) -> None:
    async with agents(url) as (first, second), owning(first) as running:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2 * VALID_S):
                await second.lease.acquire()
        assert (first.lease.role, first.lease.epoch) == ("owner", 1)
        assert (second.lease.role, second.lease.epoch) == ("standby", 0)
        assert first.lease.held
        assert not second.lease.held
        assert second.witness.asked == 0, "a lease that is renewed is nothing to ask about"
        assert not running.done()


async def test_nothing_is_commanded_before_the_exchanges_events_come_to_the_owner(
    url: str,
) -> None:
    async with agents(url) as (agent, _):
        await agent.lease.acquire()
        assert not agent.lease.held
        waiting = asyncio.gather(agent.lease.may_command())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        assert agent.lease.opened(), "for the first time"
        await waiting
        assert agent.lease.held
        assert not agent.lease.opened()


async def test_a_lease_left_in_order_is_taken_at_once_and_nobody_is_asked(url: str) -> None:
    async with agents(url) as (first, second):
        async with owning(first):
            standing_by = asyncio.gather(second.lease.acquire())
            await asyncio.sleep(2 * LOOK_EVERY_S)
        began = time.monotonic()
        await first.lease.release()
        assert not first.lease.held
        assert await standing_by == [2]
        assert time.monotonic() - began < VALID_S
        assert second.witness.asked == 0
        assert await is_stood_down(first)


async def test_a_dead_owner_is_followed_within_three_seconds(url: str) -> None:
    async with agents(url) as (first, second):
        async with owning(first):
            standing_by = asyncio.gather(second.lease.acquire())
            await asyncio.sleep(RENEW_EVERY_S)
        began = time.monotonic()
        assert await standing_by == [2]
        assert time.monotonic() - began < TAKES_OVER_WITHIN_S
        assert second.witness.asked == 1
        assert metrics.OWNER._value.get() == 1
        assert metrics.LEASE_EPOCH._value.get() == 2


async def test_an_owner_who_is_cut_off_from_the_database_and_answers_keeps_the_calls(
    url: str, connection: Connection
) -> None:
    async with agents(url) as (first, second), owning(first) as running:
        second.witness.owner_lives = lambda: first.lease.held
        first.store.away = True
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2 * VALID_S):
                await second.lease.acquire()
        assert second.witness.asked >= 2
        assert first.lease.held
        assert not running.done()
        assert await connection.fetchval("SELECT expires_at < now() FROM lease"), "it ran out"
        first.store.away = False
        await until(lambda: first.lease.reachable)
        assert await connection.fetchval("SELECT expires_at > now() FROM lease")
        assert await connection.fetchval("SELECT epoch FROM lease") == 1


async def test_a_standby_whose_exchange_is_away_takes_nothing_over(
    url: str, connection: Connection
) -> None:
    async with agents(url) as (first, second):
        async with owning(first):
            pass  # and dies
        second.witness.away = True
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(VALID_S + 2 * LOOK_EVERY_S):
                await second.lease.acquire()
        assert second.witness.asked
        second.witness.away = False
        assert await second.lease.acquire() == 2


async def test_a_process_that_stood_still_commands_nothing_before_it_knows(url: str) -> None:
    async with agents(url) as (agent, _), owning(agent):
        time.sleep(VALID_S + 0.1)  # noqa: ASYNC251 — as a process does that is stopped
        assert not agent.lease.held, "before anything else of it has run"
        await agent.lease.may_command()  # nobody has taken over: the database says so
        assert agent.lease.held


async def test_a_process_that_stood_still_while_another_took_over_falls_silent_for_ever(
    url: str,
) -> None:
    async with agents(url) as (first, _), owning(first) as running:

        async def take_over() -> None:
            store = LeaseStore(url, "second")
            await asyncio.sleep(VALID_S)
            assert await store.take(1, VALID_S) == 2
            store.close()

        other = threading.Thread(target=lambda: asyncio.run(take_over()))
        other.start()
        other.join()  # this process stands still meanwhile
        assert not first.lease.held
        assert await is_stood_down(first)
        await asyncio.wait_for(running, TAKES_OVER_WITHIN_S)
        assert await is_stood_down(first)


async def test_a_process_that_stood_still_and_cannot_reach_the_database_asks_the_exchange(
    url: str,
) -> None:
    async with agents(url) as (first, _), owning(first):
        first.store.away = True
        first.witness.away = True
        time.sleep(VALID_S + 0.1)  # noqa: ASYNC251 — as above
        await until(lambda: first.witness.asked > 0)
        assert not first.lease.held, "and as long as it cannot ask it keeps still"
        first.witness.away = False
        await first.lease.may_command()
        first.witness.owner_lives = lambda: True
        time.sleep(VALID_S + 0.1)  # noqa: ASYNC251 — as above
        assert await is_stood_down(first)


async def test_without_the_database_only_an_owner_who_hears_the_exchange_commands(
    url: str,
) -> None:
    """Deaf, he could not have answered a standby who asked."""
    async with agents(url) as (agent, _), owning(agent):
        agent.hears = False
        assert agent.lease.held, "the database says that the calls are ours"
        agent.store.away = True
        await until(lambda: not agent.lease.reachable)
        assert not agent.lease.held
        assert agent.witness.asked == 0
        await agent.lease.may_open()
        assert agent.witness.asked == 1, "before the application is opened again"
        agent.hears = True
        agent.lease.opened()
        assert agent.lease.held
        agent.witness.owner_lives = lambda: True
        with pytest.raises(StandDown):
            await agent.lease.may_open()
        assert await is_stood_down(agent)


async def test_whoever_is_replaced_at_the_exchange_falls_silent_at_once(url: str) -> None:
    async with agents(url) as (agent, _), owning(agent) as running:
        waiting = asyncio.gather(agent.lease.may_command(), return_exceptions=True)
        agent.lease.lose("replaced")
        assert not agent.lease.held
        assert await is_stood_down(agent)
        await asyncio.wait_for(running, TAKES_OVER_WITHIN_S)
        with pytest.raises(StandDown):
            await agent.lease.may_open()
        await waiting


async def test_a_command_does_not_wait_for_ever(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "DECIDED_WITHIN_S", 0.2)
    async with agents(url) as (agent, _):
        await agent.lease.acquire()
        with pytest.raises(EffectFailed, match="not certain"):
            await agent.lease.may_command()
