"""A prompt whose end never comes is believed overdue, in its turn on its leg."""

import asyncio
from datetime import timedelta

from agent.domain.effects import PlayPrompt
from agent.domain.events import PromptFinished
from agent.domain.identifiers import ChannelId, PlaybackId
from agent.runtime.prompt_watch import OVERDUE_S, PromptWatch
from tests.runtime.waiting import until

CALLER, OPERATOR = ChannelId("1795338000.7"), ChannelId("lpse-c0ffee-o1")
SHORT = timedelta(seconds=0.3)


def prompt(name: str, leg: ChannelId = CALLER) -> PlayPrompt:
    return PlayPrompt(channel=leg, playback=PlaybackId(name), prompt="numbers")


async def test_each_is_overdue_after_those_before_it_on_its_leg_and_none_that_ended() -> None:
    told: list[PromptFinished] = []
    watch = PromptWatch(told.append)
    for one in (prompt("first"), prompt("second"), prompt("his", OPERATOR), prompt("third")):
        watch.expect(one, SHORT)
    watch.ended(PlaybackId("third"))
    watch.ended(PlaybackId("unknown"))
    await asyncio.sleep(OVERDUE_S - 0.5)
    assert told == []
    await until(lambda: len(told) == 3)
    assert [one.playback for one in told] == ["first", "his", "second"]
    assert {one.result for one in told} == {"overdue"}


async def test_a_closed_watch_tells_nothing() -> None:
    told: list[PromptFinished] = []
    watch = PromptWatch(told.append)
    watch.expect(prompt("first"), timedelta(0))
    watch.close()
    await asyncio.sleep(OVERDUE_S + 0.3)
    assert told == []
