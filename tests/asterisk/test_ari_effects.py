"""The domain's wishes fulfilled by a real Asterisk, once and again."""

import math
import wave
from array import array
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_effects import AriEffects
from agent.asterisk.ari_exchange import AriExchange
from agent.asterisk.call_marks import parse_marks
from agent.asterisk.errors import AsteriskRefused
from agent.domain.call_state import Call, Moment, Offer
from agent.domain.effects import (
    AnswerCaller,
    ArchiveForm,
    ConnectLegs,
    HangUp,
    MarkTalk,
    PlayPrompt,
    RemoveBridge,
    RingCaller,
    RingOperator,
    StopPrompt,
)
from agent.domain.events import (
    CallerAnswered,
    LegConnected,
    LegHungUp,
    PromptFinished,
    PromptStarted,
)
from agent.domain.identifiers import (
    BridgeId,
    ChannelId,
    OperatorId,
    bridge_of,
    operator_channel,
    playback_of,
)
from agent.domain.rules import CallRules
from agent.runtime.doors import CallMarks
from agent.runtime.errors import EffectFailed
from deploy.asterisk_server import AsteriskServer
from tests.asterisk.events_heard import EventsHeard

SECONDS = 0.6


def write_tone(file: Path, seconds: float) -> None:
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        count = int(8000 * seconds)
        out.writeframes(array("h", (int(8000 * math.sin(n / 4)) for n in range(count))).tobytes())


@pytest.fixture(scope="module")
def sounds(asterisk: AsteriskServer) -> Path:
    folder = asterisk.values.prompts_folder
    write_tone(folder / "short.wav", SECONDS)
    write_tone(folder / "long.wav", 20.0)
    return folder


@pytest_asyncio.fixture
async def effects(asterisk: AsteriskServer, client: AriClient, sounds: Path) -> AriEffects:
    async def sound(effect: PlayPrompt) -> tuple[Path, timedelta]:
        return sounds / effect.prompt, timedelta(seconds=SECONDS)

    return AriEffects(client, asterisk.values.application, sound, "600,256", epoch=3)


@pytest_asyncio.fixture
async def call(
    asterisk: AsteriskServer, client: AriClient, events: EventsHeard
) -> AsyncIterator[Call]:
    """A caller who has just entered; the other half of his line plays the telephone network."""
    before = len(events.arrivals)
    name = f"lpse-ee{before:02}-o1"
    await client.create(
        "channels",
        name,
        endpoint="Local/1500@from-trunk",
        app=asterisk.values.application,
        formats="alaw",
    )
    await events.until(lambda: len(events.arrivals) > before)
    arrived = events.arrivals[before]
    yield Call(
        call_id=arrived.call_id,
        channel=arrived.channel,
        caller=arrived.caller,
        line=arrived.line,
        form_number="0001/FK-TLP/LPSE.BTG/2026",
        rules=CallRules(sop="SOP"),
        arrived=Moment(arrived.at, arrived.source, 1),
    )
    await client.delete("channels", name)


async def test_a_prompt_is_heard_to_its_end_and_its_length_is_told(
    effects: AriEffects, events: EventsHeard, call: Call
) -> None:
    answered = await effects.perform(call, AnswerCaller(channel=call.channel))
    assert isinstance(answered.event, CallerAnswered), "also when Asterisk's own word is lost"
    playback = playback_of(call.call_id, 1)
    play = PlayPrompt(channel=call.channel, playback=playback, prompt="short")
    performed = await effects.perform(call, play)
    assert performed.prompt_length == timedelta(seconds=SECONDS)
    await effects.perform(call, play)  # repeated after a crash: recognised, not played twice
    started = await events.hears(PromptStarted, playback)
    finished = await events.hears(PromptFinished, playback)
    assert isinstance(finished, PromptFinished)
    assert finished.result == "done"
    assert finished.at - started.at >= timedelta(seconds=SECONDS - 0.1)


async def test_a_missing_sound_fails_and_a_stopped_one_ends_at_once(
    effects: AriEffects,
    client: AriClient,
    events: EventsHeard,
    asterisk: AsteriskServer,
    call: Call,
) -> None:
    await effects.perform(call, AnswerCaller(channel=call.channel))
    missing, long = playback_of(call.call_id, 1), playback_of(call.call_id, 2)
    await effects.perform(
        call, PlayPrompt(channel=call.channel, playback=missing, prompt="nothing")
    )
    failed = await events.hears(PromptFinished, missing)
    assert isinstance(failed, PromptFinished)
    assert failed.result == "failed"
    await effects.perform(call, PlayPrompt(channel=call.channel, playback=long, prompt="long"))
    started = await events.hears(PromptStarted, long)
    exchange = AriExchange(client, asterisk.values.application)
    assert await exchange.is_playing(long)
    assert not await exchange.is_playing(missing)
    stop = StopPrompt(channel=call.channel, playback=long)
    await effects.perform(call, stop)
    await effects.perform(call, stop)
    stopped = await events.hears(PromptFinished, long)
    assert not await exchange.is_playing(long)
    assert stopped.at - started.at < timedelta(seconds=10)


async def test_two_legs_are_connected_and_the_ringing_stops_and_begins_again(
    effects: AriEffects,
    client: AriClient,
    events: EventsHeard,
    asterisk: AsteriskServer,
    call: Call,
) -> None:
    await effects.perform(call, AnswerCaller(channel=call.channel))
    await effects.perform(call, RingCaller(channel=call.channel))
    operator = operator_channel(call.call_id, 1)
    await client.create(
        "channels",
        operator,
        endpoint="Local/1500@agent-away",
        app=asterisk.values.application,
        formats="alaw",
    )
    await events.until(lambda: any(about == operator for about, _ in events.told))
    bridge = bridge_of(call.call_id)
    connect = ConnectLegs(bridge=bridge, caller=call.channel, operator=operator)
    await effects.perform(call, connect)
    await effects.perform(call, connect)
    for leg in (call.channel, operator):
        assert isinstance(await events.hears(LegConnected, leg), LegConnected)
    [made] = [b for b in await client.get("bridges") if b["id"] == bridge]
    assert set(made["channels"]) == {call.channel, operator}
    for _ in range(2):
        await effects.perform(call, RingCaller(channel=call.channel, leaves=bridge))
        assert (await client.get("bridges", bridge))["channels"] == [operator]
    for leg in (operator, call.channel):
        await effects.perform(call, HangUp(channel=leg))
        await effects.perform(call, HangUp(channel=leg))
        assert isinstance(await events.hears(LegHungUp, leg), LegHungUp)
    await effects.perform(call, RemoveBridge(bridge=bridge))
    await effects.perform(call, RemoveBridge(bridge=bridge))
    assert bridge not in {b["id"] for b in await client.get("bridges")}


async def test_asterisk_lets_an_answered_caller_wait_longer_than_the_longest_wait_of_his_call(
    effects: AriEffects, client: AriClient, call: Call
) -> None:
    patient = replace(call, rules=replace(call.rules, longest_wait_seconds=3600.0))
    await effects.perform(patient, AnswerCaller(channel=call.channel))
    left = await client.get("channels", call.channel, "variable", variable="TIMEOUT(absolute)")
    assert 3600 + 60 < float(left["value"]) < 3600 + 300


async def test_who_talks_may_talk_for_hours_and_his_channel_tells_with_whom(
    effects: AriEffects, client: AriClient, call: Call
) -> None:
    await effects.perform(call, AnswerCaller(channel=call.channel))
    bridge, leg = bridge_of(call.call_id), operator_channel(call.call_id, 1)
    await client.create("bridges", bridge, type="mixing")
    offer = Offer(OperatorId("op-101"), "Siti", leg, call.arrived)
    mark = MarkTalk(channel=call.channel, bridge=bridge)
    for _ in range(2):
        await effects.perform(replace(call, offers=(offer,)), mark)
    left = await client.get("channels", call.channel, "variable", variable="TIMEOUT(absolute)")
    assert float(left["value"]) > 4 * 3600 - 60
    marks = parse_marks((await client.get("channels", call.channel))["channelvars"])
    assert marks == CallMarks(call.call_id, call.form_number, offer.operator, leg)
    await effects.perform(call, RemoveBridge(bridge=bridge))


async def test_a_caller_who_leaves_is_told_with_his_cause(
    effects: AriEffects, client: AriClient, events: EventsHeard, call: Call
) -> None:
    await effects.perform(call, AnswerCaller(channel=call.channel))
    await client.delete("channels", call.channel, reason="busy")

    def causes() -> set[int | None]:
        told = [e for about, e in events.told if about == call.channel]
        return {e.cause for e in told if isinstance(e, LegHungUp)}

    await events.until(lambda: 17 in causes())


async def test_wishes_about_what_is_gone_or_never_was_fail_in_words(
    effects: AriEffects, call: Call
) -> None:
    nobody = ChannelId("lpse-00dd-o1")
    for wish in (
        AnswerCaller(channel=nobody),
        RingCaller(channel=nobody),
        PlayPrompt(channel=nobody, playback=playback_of(call.call_id, 9), prompt="short"),
        ConnectLegs(bridge=BridgeId("lpse-00dd"), caller=nobody, operator=nobody),
        MarkTalk(channel=nobody, bridge=BridgeId("lpse-00dd")),
        RingOperator(
            channel=nobody,
            operator=OperatorId("op-999"),
            caller_channel=call.channel,
            caller_shown='Pak "Budi" <script>',
            ring_seconds=5.0,
        ),
    ):
        with pytest.raises(AsteriskRefused):
            await effects.perform(call, wish)
    await effects.perform(call, RemoveBridge(bridge=BridgeId("lpse-00dd")))
    with pytest.raises(EffectFailed):
        await effects.perform(call, ArchiveForm())
