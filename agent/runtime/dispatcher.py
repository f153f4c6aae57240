"""Gives every event to the call it belongs to, and every call a task of its own."""

import asyncio
import dataclasses
import re
from collections import deque
from collections.abc import Callable

import structlog
from msgspec import structs

from agent.domain.call_state import Stage
from agent.domain.events import AnyEvent
from agent.domain.identifiers import CallId, ChannelId
from agent.domain.numbers import YearNumber, parse_form_number
from agent.domain.office_rules import OfficeRules, ruled
from agent.domain.rules import CallRules
from agent.runtime import metrics
from agent.runtime.call_loop import CallLoop, CallServices
from agent.runtime.doors import Arrival
from agent.runtime.errors import stands_down
from agent.runtime.recorder import UnfinishedCall

_OWN_ID = re.compile(r"lpse-([0-9a-f]+)(?:-([opsl])\d+)?")

ATTEMPTS = 3
"""How often a call is taken up again after a mistake of ours."""

REMEMBERED = 1000

log = structlog.get_logger()


def call_of(own_id: str) -> CallId | None:
    """The call that a channel, playback or bridge of our own making belongs to."""
    matched = _OWN_ID.fullmatch(own_id)
    return CallId(matched[1]) if matched else None


def is_of_supervision(own_id: str) -> bool:
    """Whether a channel is a supervisor's leg or an ear of his, and so nobody's who talks."""
    matched = _OWN_ID.fullmatch(own_id)
    return matched is not None and matched[2] in ("s", "l")


def is_supervisor(own_id: str) -> bool:
    """Whether a channel is a supervisor's leg."""
    matched = _OWN_ID.fullmatch(own_id)
    return matched is not None and matched[2] == "s"


class Dispatcher:
    """All calls of this process; entered with `async with`, which owns their tasks."""

    def __init__(self) -> None:
        self._services: CallServices | None = None
        self._tasks = asyncio.TaskGroup()
        self._loops: dict[CallId, CallLoop] = {}
        self._callers: dict[ChannelId, CallId] = {}
        self.failed: set[CallId] = set()
        """Calls that our own mistakes ended; their callers go to the dialplan's fallback."""
        self.over: deque[CallId] = deque(maxlen=REMEMBERED)
        """Calls that were lately archived: a leg of theirs that still lives is nobody's."""

    def serve(self, services: CallServices) -> None:
        """The services and the dispatcher need each other; this closes the circle."""
        self._services = services

    def use_notice(self, version: str) -> None:
        """Calls that arrive from now on hear this version of the recording notice."""
        self._use(structs.replace(self._rules, notice=version))

    def use_decisions(self, form: str, office: OfficeRules) -> None:
        """Calls that arrive from now on have this version of the form and these rules."""
        self._use(ruled(structs.replace(self._rules, form=form), office))

    @property
    def _rules(self) -> CallRules:
        assert self._services is not None
        return self._services.rules

    def _use(self, rules: CallRules) -> None:
        assert self._services is not None
        self._services = dataclasses.replace(self._services, rules=rules)

    async def run(self, ready: Callable[[], None]) -> None:
        """Own the calls' tasks until cancelled."""
        async with self._tasks:
            ready()
            await asyncio.Event().wait()

    @property
    def calls(self) -> list[CallLoop]:
        """Calls that are not over."""
        return list(self._loops.values())

    def told_as(self, form: YearNumber) -> CallLoop | None:
        """The living call whose form has this number."""
        numbers = ((loop, loop.call.form_number) for loop in self._loops.values() if loop.call)
        return next((loop for loop, number in numbers if parse_form_number(number) == form), None)

    def tell_call(self, call_id: CallId, event: AnyEvent) -> None:
        """Give an event to a call by its own id; never blocks."""
        if call_id in self._loops:
            self._loops[call_id].tell(event)

    def knows(self, channel: ChannelId) -> bool:
        """Whether a living call has this channel."""
        call_id = self._callers.get(channel) or call_of(channel)
        return call_id in self._loops

    def arrived(self, arrival: Arrival) -> None:
        """A caller's leg entered; a repeat is ignored, also one that comes when he has left."""
        if arrival.call_id in self._loops or arrival.call_id in self.over:
            metrics.EVENTS_IGNORED.labels("arrival_repeated").inc()
            return
        self._callers[arrival.channel] = arrival.call_id
        self._start(arrival.call_id, arrival)

    def resume(self, unfinished: UnfinishedCall) -> None:
        """A call from before a restart."""
        call = unfinished.call
        if call.call_id in self._loops:
            return
        if call.stage is not Stage.ENDED:
            self._callers[call.channel] = call.call_id
        self._start(call.call_id, unfinished)

    def go_on(self) -> None:
        """Resumed calls have been told all that is known; telephones are rung again from now on."""
        for loop in self._loops.values():
            loop.go_on()

    def tell(self, subject: str, event: AnyEvent) -> None:
        """Give an event to the call of this channel or playback; never blocks."""
        call_id = self._callers.get(ChannelId(subject)) or call_of(subject)
        loop = self._loops.get(call_id) if call_id else None
        if loop is None:
            metrics.EVENTS_IGNORED.labels("no_such_call").inc()
            return
        loop.tell(event)

    def _start(self, call_id: CallId, start: Arrival | UnfinishedCall) -> None:
        assert self._services is not None
        loop = CallLoop(call_id, self._services)
        self._loops[call_id] = loop
        self._tasks.create_task(self._live(loop, start, self._services), name=f"call-{call_id}")

    async def _live(
        self, loop: CallLoop, start: Arrival | UnfinishedCall, services: CallServices
    ) -> None:
        """A call survives our own mistakes: it goes on from its last record, a few times."""
        try:
            for _attempt in range(ATTEMPTS):
                try:
                    await loop.run(start)
                except Exception as error:
                    if stands_down(error):
                        raise  # the calls are another's now, and this process ends
                    log.exception("call_loop_failed", call=loop.call_id)
                else:
                    self.over.append(loop.call_id)
                    return
                if loop.call is None:
                    break
                start = UnfinishedCall(loop.call, loop.pending)
                loop.go_on()
            self.failed.add(loop.call_id)
        finally:
            loop.close()
            del self._loops[loop.call_id]
            if loop.call and self._callers.get(loop.call.channel) == loop.call_id:
                del self._callers[loop.call.channel]
            services.floor.forget(loop.call_id)
            services.numbers.forget(loop.call_id)
