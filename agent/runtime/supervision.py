"""Supervisors in living conversations: start, change, stop, each durable before it is confirmed.

Who listened to which call, how and when is thereby on the call's own log, also when the database is
away. What it means is decided by agent/domain/call_supervised.py.
"""

from collections.abc import Callable, Mapping
from typing import Literal

from agent.domain.call_state import Supervision
from agent.domain.call_supervised import is_conversation
from agent.domain.events import (
    SupervisionMode,
    SupervisionModeChanged,
    SupervisorCalled,
    SupervisorLeft,
)
from agent.domain.identifiers import OperatorId
from agent.domain.numbers import parse_form_number
from agent.runtime import clock
from agent.runtime.call_loop import CallLoop
from agent.runtime.dispatcher import Dispatcher
from agent.runtime.floor_keeper import SupervisorPhone

Reason = Literal[
    "supervision_off",
    "not_a_supervisor",
    "phone_not_reachable",
    "no_conversation",
    "already_supervised",
    "already_elsewhere",
    "not_supervising",
]


class SupervisionRefused(Exception):
    """A supervisor cannot be brought in, or is not there; `reason` is a fixed word."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class SupervisionDesk:
    """The sessions of supervisors with the calls that live in this process.

    All raise NumberInvalid, SupervisionRefused, EffectFailed.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        supervisors: Callable[[], Mapping[OperatorId, SupervisorPhone]],
        *,
        allowed: bool,
    ) -> None:
        self._dispatcher = dispatcher
        self._supervisors = supervisors
        self._allowed = allowed

    async def start(
        self, form_number: str, supervisor: OperatorId, mode: SupervisionMode
    ) -> Supervision:
        """Ring his telephone and bring him in; who is there already takes this mode."""
        loop = self._loop(form_number)
        phone = self._phone(supervisor)
        async with loop.writing:
            known = loop.call.supervision if loop.call else None
            if known and known.supervisor == supervisor:
                return await self._take(loop, known, mode)
            if known:
                raise SupervisionRefused("already_supervised")
            if loop.call is None or not is_conversation(loop.call):
                raise SupervisionRefused("no_conversation")
            if self._elsewhere(supervisor):
                raise SupervisionRefused("already_elsewhere")
            if not phone.reachable:
                raise SupervisionRefused("phone_not_reachable")
            called = SupervisorCalled(
                at=clock.now(), supervisor=supervisor, name=phone.name, mode=mode
            )
            begun = (await loop.record(called)).supervision
            if begun is None or begun.supervisor != supervisor:
                raise SupervisionRefused("no_conversation")  # it ended in this moment
            return begun

    async def change(
        self, form_number: str, supervisor: OperatorId, mode: SupervisionMode
    ) -> Supervision:
        """Let him be heard by others than before."""
        loop = self._loop(form_number)
        self._phone(supervisor)
        async with loop.writing:
            return await self._take(loop, _session(loop, supervisor), mode)

    async def stop(self, form_number: str, supervisor: OperatorId) -> Supervision:
        """End his session; also while supervision is switched off."""
        loop = self._loop(form_number)
        async with loop.writing:
            session = _session(loop, supervisor)
            call = await loop.record(SupervisorLeft(at=clock.now(), channel=session.channel))
            return next(s for s in call.supervisions if s.channel == session.channel)

    async def _take(
        self, loop: CallLoop, session: Supervision, mode: SupervisionMode
    ) -> Supervision:
        if session.mode == mode:
            return session
        changed = SupervisionModeChanged(at=clock.now(), supervisor=session.supervisor, mode=mode)
        now = (await loop.record(changed)).supervision
        if now is None or now.channel != session.channel:
            raise SupervisionRefused("not_supervising")  # he left in this moment
        return now

    def _loop(self, form_number: str) -> CallLoop:
        loop = self._dispatcher.told_as(parse_form_number(form_number))
        if loop is None:
            raise SupervisionRefused("no_conversation")
        return loop

    def _phone(self, supervisor: OperatorId) -> SupervisorPhone:
        if not self._allowed:
            raise SupervisionRefused("supervision_off")
        phone = self._supervisors().get(supervisor)
        if phone is None:
            raise SupervisionRefused("not_a_supervisor")
        return phone

    def _elsewhere(self, supervisor: OperatorId) -> bool:
        sessions = (loop.call.supervision for loop in self._dispatcher.calls if loop.call)
        return any(session and session.supervisor == supervisor for session in sessions)


def _session(loop: CallLoop, supervisor: OperatorId) -> Supervision:
    session = loop.call.supervision if loop.call else None
    if session is None or session.supervisor != supervisor:
        raise SupervisionRefused("not_supervising")
    return session
