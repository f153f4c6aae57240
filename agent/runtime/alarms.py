"""Alarms in the log: what goes on for long is said every few seconds, not with every event."""

import asyncio
from typing import Any

import structlog

EVERY_S = 5.0

log = structlog.get_logger()


class Alarms:
    """Says each kind of trouble at most once in so many seconds, with how often it happened."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._quiet_until: dict[str, float] = {}
        self._times: dict[str, int] = {}

    def sound(self, event: str, **fields: Any) -> None:
        """Log this now, or count it for the next time that it is logged."""
        now = asyncio.get_running_loop().time()
        self._times[event] = self._times.get(event, 0) + 1
        if now >= self._quiet_until.get(event, 0.0):
            log.error(event, times=self._times.pop(event), **fields)
            self._quiet_until[event] = now + self._every_s
