"""Watches for the ends of one call's prompts, because Asterisk may never report one."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from agent.domain.effects import PlayPrompt
from agent.domain.events import PromptFinished
from agent.domain.identifiers import PlaybackId
from agent.runtime import clock

OVERDUE_S = 2.0
"""How long after its length a prompt's end is believed lost."""


class PromptWatch:
    """Tells a call that a prompt is overdue, unless its end comes first."""

    def __init__(self, tell: Callable[[PromptFinished], None]) -> None:
        self._tell = tell
        self._overdue: dict[PlaybackId, asyncio.TimerHandle] = {}
        self._heard_until: dict[str, float] = {}

    def expect(self, effect: PlayPrompt, length: timedelta) -> None:
        """A prompt of this length was begun; it is heard when those before it on its leg ended."""
        loop = asyncio.get_running_loop()
        begins = max(loop.time(), self._heard_until.get(effect.channel, 0.0))
        ends = begins + length.total_seconds()
        self._heard_until[effect.channel] = ends

        def overdue() -> None:
            self._overdue.pop(effect.playback, None)
            self._tell(PromptFinished(at=clock.now(), playback=effect.playback, result="overdue"))

        self._overdue[effect.playback] = loop.call_at(ends + OVERDUE_S, overdue)

    def ended(self, playback: PlaybackId) -> None:
        """Its end was told."""
        if playback in self._overdue:
            self._overdue.pop(playback).cancel()
            if not self._overdue:
                self._heard_until.clear()

    def close(self) -> None:
        """Watch no more."""
        for handle in self._overdue.values():
            handle.cancel()
