"""A standby at a real Asterisk holds callers whom the owner does not hear, and not for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_exchange import AriExchange
from agent.asterisk.standby import Standby
from deploy.asterisk_server import AsteriskServer
from tests.asterisk.caught_caller import STANDBY, caught_caller
from tests.asterisk.events_heard import EventsHeard, until

A_MOMENT_S = 0.3


@asynccontextmanager
async def standing_by(
    asterisk: AsteriskServer, client: AriClient, hold_s: float
) -> AsyncIterator[tuple[Standby, "asyncio.Task[None]"]]:
    """A standby that listens meanwhile."""
    standby = Standby(client, asterisk.values.application, STANDBY, hold_s)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(standby.run())
        await until(lambda: _ready(standby))
        yield standby, running
        running.cancel()


async def _ready(standby: Standby) -> bool:
    return standby.ready


async def test_callers_are_held_and_the_owner_fetches_each_once(
    asterisk: AsteriskServer, client: AriClient, events: EventsHeard
) -> None:
    exchange = AriExchange(client, asterisk.values.application, STANDBY)
    arrived_before = len(events.arrivals)
    async with (
        standing_by(asterisk, client, hold_s=60.0),
        caught_caller(asterisk, client, "lpse-00e1-o1") as caller,
    ):
        await until(lambda: _is_caught(exchange, caller))
        await asyncio.sleep(A_MOMENT_S)
        assert len(events.arrivals) == arrived_before, "nobody but the standby has heard of him"
        await asyncio.gather(*(exchange.fetch_callers(lambda _channel: False) for _ in range(2)))
        await events.until(lambda: len(events.arrivals) > arrived_before)
        arrival = events.arrivals[-1]
        assert (arrival.channel, arrival.line) == (caller, "1500")
        assert caller in (await exchange.living()).in_our_care
        assert not await _is_caught(exchange, caller)
        await exchange.fetch_callers(lambda _channel: False)
        await asyncio.sleep(A_MOMENT_S)
        assert len(events.arrivals) == arrived_before + 1
        assert not [event for about, event in events.told if about == caller]


async def test_a_caller_who_is_gone_or_known_is_not_fetched(
    asterisk: AsteriskServer, client: AriClient, events: EventsHeard
) -> None:
    exchange = AriExchange(client, asterisk.values.application, STANDBY)
    arrived_before = len(events.arrivals)
    async with standing_by(asterisk, client, hold_s=60.0):
        async with caught_caller(asterisk, client, "lpse-00e2-o1") as caller:
            await until(lambda: _is_caught(exchange, caller))
            await exchange.fetch_callers(lambda channel: channel == caller)
        await exchange.fetch_callers(lambda _channel: False)
    await asyncio.sleep(A_MOMENT_S)
    assert len(events.arrivals) == arrived_before
    alone = AriExchange(client, asterisk.values.application, "lpse-never")
    await alone.fetch_callers(lambda _channel: False)


async def test_a_caller_whom_nobody_fetches_is_sent_on_to_the_fallback(
    asterisk: AsteriskServer, client: AriClient, events: EventsHeard
) -> None:
    exchange = AriExchange(client, asterisk.values.application, STANDBY)
    async with (
        standing_by(asterisk, client, hold_s=A_MOMENT_S),
        caught_caller(asterisk, client, "lpse-00e3-o1") as caller,
    ):
        await until(lambda: _is_in_fallback(client, caller))
        assert not await _is_caught(exchange, caller)


async def test_once_the_calls_are_ours_nobody_is_sent_on(
    asterisk: AsteriskServer, client: AriClient, events: EventsHeard
) -> None:
    exchange = AriExchange(client, asterisk.values.application, STANDBY)
    async with (
        standing_by(asterisk, client, hold_s=A_MOMENT_S) as (standby, _),
        caught_caller(asterisk, client, "lpse-00e4-o1") as caller,
    ):
        standby.hold_on()
        await until(lambda: _is_caught(exchange, caller))
        await asyncio.sleep(2 * A_MOMENT_S)
        assert await _is_caught(exchange, caller)


async def test_a_second_standby_listens_in_the_place_of_the_first_which_ends_nothing(
    asterisk: AsteriskServer, client: AriClient
) -> None:
    async with (
        standing_by(asterisk, client, hold_s=60.0) as (first, first_running),
        standing_by(asterisk, client, hold_s=60.0) as (second, second_running),
    ):
        await asyncio.wait([first_running], timeout=10.0)
        assert first_running.done()
        assert not first.ready
        assert second.ready
        assert not second_running.done()


async def _is_caught(exchange: AriExchange, channel: str) -> bool:
    return channel in await exchange.caught()


async def _is_in_fallback(client: AriClient, channel: str) -> bool:
    found = {c["id"]: c["dialplan"]["context"] for c in await client.get("channels")}
    return found.get(channel, "").startswith("agent-away")
