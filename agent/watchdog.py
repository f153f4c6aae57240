"""Sees to it that a process whose loop stands still is ended, so that a fresh one can take over.

Three watch, because each is blind to something:

- a task in the loop measures how late the loop calls it, and tells systemd that the loop turns;
- a thread sees that the loop stands still (a debugger, an endless line of Python). It first writes
  where the loop stands, then ends the process, for any supervisor to start it again;
- systemd sees that nobody tells it anything any more. It alone notices a process that is stopped as
  a whole, or C code that never lets another thread run.

Only our own fault counts: an Asterisk or a database that is away is asked again and again, and a
restart would not bring it back. What systemd wants is one line in one datagram (sd_notify(3)), so
it needs no library.
"""

import asyncio
import contextlib
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping

import structlog

from agent.runtime import metrics

BEAT_S = 0.05
LAG_ALARM_S = 0.05
"""Beyond it events wait so long that it shows in what callers hear."""
ALARM_EVERY_S = 1.0
TELL_EVERY_S = 1.0
STUCK_S = 2.0
END_S = 4.0
STUCK_STATUS = 70
"""The exit status of a process that ended itself; EX_SOFTWARE of sysexits.h."""

log = structlog.get_logger()


class Watchdog:
    """Watches the loop in which run() runs."""

    def __init__(
        self, environment: Mapping[str, str], *, stuck_s: float = STUCK_S, end_s: float = END_S
    ) -> None:
        """`environment` is the process's own: systemd puts NOTIFY_SOCKET and WATCHDOG_USEC there.

        A standstill is written down after `stuck_s` seconds and ends the process after `end_s`.
        """
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._tell_every_s = min(TELL_EVERY_S, int(environment.get("WATCHDOG_USEC", 3e6)) / 3e6)
        self._stuck_s = stuck_s
        self._end_s = end_s
        self._beats = 0
        self._is_well: Callable[[], bool] = lambda: True
        self._status: Callable[[], str] = lambda: "starting"

    def ready(self, is_well: Callable[[], bool], status: Callable[[], str]) -> None:
        """Tell systemd that the service is there, and what it may say of itself from now on.

        Once `is_well` says no, systemd hears nothing more and starts the service again; `status` is
        the line that `systemctl status` shows.
        """
        self._is_well, self._status = is_well, status
        self._tell("READY=1", f"STATUS={status()}")

    def stopping(self) -> None:
        """Tell systemd that this end is wanted."""
        self._tell("STOPPING=1", "STATUS=stopping")

    async def run(self) -> None:
        """Beat, measure and tell, for ever."""
        ended = threading.Event()
        watch = threading.Thread(
            target=self._watch, args=(threading.get_ident(), ended), name="watchdog", daemon=True
        )
        watch.start()
        try:
            await self._beat()
        finally:
            ended.set()

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        worst, alarmed_at, told_at = 0.0, 0.0, 0.0
        while True:
            due = loop.time() + BEAT_S
            await asyncio.sleep(BEAT_S)
            now = loop.time()
            self._beats += 1
            metrics.LOOP_LAG.observe(now - due)
            worst = max(worst, now - due)
            if worst > LAG_ALARM_S and now - alarmed_at >= ALARM_EVERY_S:
                log.warning("loop_lagged", seconds=round(worst, 3))
                worst, alarmed_at = 0.0, now
            if now - told_at >= self._tell_every_s:
                self._tell(*(["WATCHDOG=1"] if self._is_well() else []), f"STATUS={self._status()}")
                told_at = now

    def _watch(self, watched: int, ended: threading.Event) -> None:
        """In a thread of its own, whose own turns are the clock.

        So neither a machine that slept nor a process that was stopped is taken for a stuck loop.
        """
        turn_s = self._stuck_s / 8
        seen, stood_s, written = -1, 0.0, False
        while not ended.wait(turn_s):
            if self._beats != seen:
                seen, stood_s, written = self._beats, 0.0, False
                continue
            stood_s += turn_s
            if stood_s >= self._stuck_s and not written:
                written = True
                # A log that takes no more lines may be what the loop waits for: not in this thread.
                threading.Thread(target=_write_stack, args=(watched,), daemon=True).start()
            if stood_s >= self._end_s:
                os._exit(STUCK_STATUS)

    def _tell(self, *lines: str) -> None:
        """One datagram; that systemd does not take it must not cost a call."""
        if not self._address:
            return
        # An @ stands for the zero byte before a name that lies in no folder.
        name = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as teller,
        ):
            teller.setblocking(False)
            teller.sendto("\n".join(lines).encode(), name)


def _write_stack(thread: int) -> None:
    """Where the loop stands: places in the code and nothing that they work on."""
    frame = sys._current_frames().get(thread)
    stack = traceback.StackSummary.extract(traceback.walk_stack(frame), lookup_lines=False)
    places = [f"{place.filename}:{place.lineno} {place.name}" for place in reversed(stack)]
    log.error("loop_stuck", stack=places)
