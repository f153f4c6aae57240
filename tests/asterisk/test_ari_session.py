"""The event socket: ready only by its own echo, reopened when it is deaf, silent when replaced."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from agent.asterisk import ari_session
from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_session import AriSession
from agent.asterisk.errors import AsteriskUnfit, AsteriskUnreachable
from agent.domain.events import DigitPressed
from agent.runtime import clock, metrics
from agent.runtime.errors import StandDown
from deploy.asterisk_server import AsteriskServer
from tests.asterisk.events_heard import EventsHeard
from tests.asterisk.messages import EVERY_KIND, OPERATORS_LEG, channel, message
from tests.asterisk.pretend_ari import PretendAri

PATIENTLY_S = 40.0
DEAF_AT_MOST_S = 6.0
"""4 s, and what a busy machine adds."""


@asynccontextmanager
async def listening(
    client: AriClient, application: str = "lpse-test"
) -> AsyncIterator[EventsHeard]:
    """A session that runs meanwhile."""
    heard = EventsHeard(client, application)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(heard.session.run())
        yield heard
        running.cancel()


def ignored(reason: str) -> float:
    return metrics.EVENTS_IGNORED.labels(reason)._value.get()


async def test_it_is_ready_again_after_asterisk_restarted(
    asterisk: AsteriskServer, client: AriClient
) -> None:
    async with listening(client) as heard:
        await heard.until_ready()
        await asyncio.to_thread(asterisk.restart)
        await heard.until(lambda: heard.connections == 2 and heard.session.ready)
        await client.create(
            "channels",
            "lpse-00aa-o1",
            endpoint="Local/1500@from-trunk",
            app="lpse-test",
            formats="alaw",
        )
        await heard.until(lambda: any(about == "lpse-00aa-o1" for about, _ in heard.told))
        await client.delete("channels", "lpse-00aa-o1")


async def test_whoever_is_replaced_stands_down_and_does_not_fight_back(client: AriClient) -> None:
    first = EventsHeard(client, "lpse-contested")
    loser = asyncio.gather(first.session.run(), return_exceptions=True)
    await first.until_ready()
    async with listening(client, "lpse-contested") as second:
        await second.until_ready()
        [ended] = await asyncio.wait_for(loser, PATIENTLY_S)
        assert isinstance(ended, StandDown)
        assert first.connections == 1
        await asyncio.sleep(2 * ari_session.REOPEN_AFTER_S)
        assert second.session.ready


async def test_a_session_asks_before_it_opens_and_says_what_is_for_the_owner(
    client: AriClient,
) -> None:
    told: list[str] = []

    async def may_open() -> None:
        told.append("asked")
        if len(told) == 1:
            raise AsteriskUnreachable("nobody can know yet")

    async def connected(*_moments: object) -> None:
        told.append("connected")

    session = AriSession(
        client,
        "lpse-asking",
        lambda _arrival: None,
        lambda _about, _event: None,
        connected,
        may_open=may_open,
        heard=told.append,
        replaced=lambda: told.append("replaced"),
    )
    running = asyncio.gather(session.run(), return_exceptions=True)
    async with asyncio.timeout(PATIENTLY_S):
        while not session.ready:  # noqa: ASYNC110 it tells nobody
            await asyncio.sleep(0.02)
    await client.post("events", "user", "lpse-question", application="lpse-asking")
    async with listening(client, "lpse-asking") as second:
        await second.until_ready()
        await asyncio.wait_for(running, PATIENTLY_S)
    assert told == ["asked", "asked", "connected", "lpse-question", "replaced"]


async def test_a_session_that_is_connected_but_deaf_is_never_ready_and_is_reopened() -> None:
    pretend = PretendAri()
    pretend.deaf = True
    async with pretend.client() as client, listening(client) as heard:
        await heard.until(lambda: len(pretend.opened_at) >= 2)
        assert not heard.session.ready
        assert heard.connections == 0
        pretend.deaf = False
        await heard.until_ready()
    pauses = zip(pretend.closed_at, pretend.opened_at[1:], strict=False)
    assert all(opened - closed >= 0.25 for closed, opened in pauses), "or it may stay deaf"


async def test_a_session_that_grows_deaf_is_noticed_and_heals() -> None:
    pretend = PretendAri()
    async with pretend.client() as client, listening(client) as heard:
        await heard.until_ready()
        pretend.deaf = True
        grew_deaf_at = time.monotonic()
        await heard.until(lambda: not heard.session.ready)
        await heard.until(lambda: len(pretend.opened_at) >= 2)
        assert pretend.closed_at[0] - grew_deaf_at < DEAF_AT_MOST_S
        pretend.deaf = False
        await heard.until_ready()
        assert heard.connections == 2


async def test_a_socket_that_closes_is_reopened_after_a_pause() -> None:
    pretend = PretendAri()
    async with pretend.client() as client, listening(client) as heard:
        await heard.until_ready()
        await pretend.drop()
        await heard.until(lambda: heard.connections == 2)
    assert pretend.opened_at[1] - pretend.closed_at[0] >= 0.25


@pytest.mark.parametrize("version", ["22.10.0", "20.15.2", "22.11.0-rc1", "nonsense"])
async def test_an_unfit_asterisk_is_refused(version: str) -> None:
    pretend = PretendAri()
    pretend.version = version
    async with pretend.client() as client:
        heard = EventsHeard(client, "lpse-test")
        with pytest.raises(AsteriskUnfit):
            await asyncio.wait_for(heard.session.run(), PATIENTLY_S)
    assert pretend.opened_at == []


async def test_what_nobody_understands_is_counted_and_ends_nothing() -> None:
    unknown, malformed = ignored("unknown_kind"), ignored("malformed")
    nonsense = (
        "{", "[]", "null", '"x"', "", "\\u0000", '{"type": 7}', '{"type": "StasisStart"}',
        message("StasisStart", channel={}, args=[]),
        message("PlaybackStarted", playback=None),
        EVERY_KIND["ChannelDestroyed"].replace("2026-", "when-"),
        "[" * 200_000,
    )  # fmt: skip
    pretend = PretendAri()
    async with pretend.client() as client, listening(client) as heard:
        await heard.until_ready()
        for frame in nonsense:
            await pretend.send(frame)
        await pretend.send_as_text(b"\xff\xfe\xc3\x28")
        await pretend.send(message("ChannelVarset", variable="X"))
        await pretend.send(message("SomethingNew", payload="x" * 1_000_000))
        leg = channel(OPERATORS_LEG)
        await pretend.send(message("ChannelDtmfReceived", channel=leg, digit="8", duration_ms=1))
        digit = await heard.hears(DigitPressed, OPERATORS_LEG)
        assert isinstance(digit, DigitPressed)
        assert digit.digit == "8"
        assert heard.connections == 1
    assert ignored("malformed") - malformed == len(nonsense) + 1
    assert ignored("unknown_kind") - unknown == 2


async def test_an_asterisk_that_is_away_is_asked_again_and_only_our_own_standstill_is_stuck(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ari_session, "STUCK_AFTER_S", 2.0)
    nobody = AriClient("http://127.0.0.1:1", "user", "secret")
    async with nobody as client, listening(client) as heard:
        await asyncio.sleep(3)
        assert not heard.session.stuck

    async def hang(_started_at: datetime, _lost_at: datetime | None) -> None:
        await asyncio.Event().wait()

    async with PretendAri().client() as client, asyncio.TaskGroup() as tasks:
        heard = EventsHeard(client, "lpse-test")
        hung = AriSession(client, "lpse-test", heard.arrivals.append, print, hang)
        running = tasks.create_task(hung.run())
        await heard.until(lambda: hung.ready)
        assert not hung.stuck
        await heard.until(lambda: hung.stuck)
        running.cancel()


async def test_clocks_that_differ_are_measured() -> None:
    pretend = PretendAri()
    pretend.skew_timestamp = "2020-01-01T00:00:00.000+0000"
    async with pretend.client() as client, listening(client) as heard:
        await heard.until_ready()
        assert metrics.CLOCK_SKEW._value.get() < -ari_session.SKEW_ALARM_S
        assert clock.now().year == 2020, "what we say ourselves must stand beside Asterisk's times"
    assert clock.now() - clock.of_this_machine() < clock.FAR
