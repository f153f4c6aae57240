"""What the office's record knows of each operator's presence, and what it is still to be told.

What an operator asks for is durable before it counts. What is only seen (a telephone that is gone,
a wrap-up that begins) has happened anyway: it is told as soon as the database takes it.
"""

import asyncio
from collections import deque
from datetime import datetime

import msgspec
import structlog
from msgspec.structs import replace

from agent.domain.events import NumberPair
from agent.domain.floor import Floor, OperatorState
from agent.domain.identifiers import OperatorId
from agent.domain.presence import Paused, PresenceKind, Ready, WrapUp
from agent.runtime.errors import EffectFailed, RecordRefused
from agent.runtime.recorder import OperatorAccount, PresenceEntry, Recorder

log = structlog.get_logger()

SEEN_BY = "agent"
MOST_UNKEPT = 10_000
"""More than a hundred operators' telephones make in a day without a database."""


class _Known(msgspec.Struct, frozen=True):
    """What the last entry of an operator tells."""

    presence: PresenceKind = "away"
    reason: str | None = None
    until: datetime | None = None


_NEVER_THERE = _Known()


class PresenceRecord:
    """Tells every change once, in its order."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._known: dict[OperatorId, _Known | None] = {}
        """None: an entry was given, and nobody knows whether it is there."""
        self._unkept: deque[PresenceEntry] = deque(maxlen=MOST_UNKEPT)
        self._turn = asyncio.Lock()

    def restored(self, state: OperatorState, account: OperatorAccount) -> OperatorState:
        """A newly known operator as the record tells of him: his last numbers, idle since when,
        and still paused or in wrap-up."""
        idle = [account.last_call_ended_at]
        presence = state.presence
        if account.presence and account.presence_at:
            self._known[state.operator] = _Known(
                account.presence, account.pause_reason, account.wrap_up_until
            )
            match account.presence:
                case "paused":
                    presence = Paused(account.pause_reason or "", account.presence_at)
                case "wrap_up" if account.wrap_up_until and account.wrap_up_call_id:
                    presence = WrapUp(
                        account.presence_at, account.wrap_up_until, account.wrap_up_call_id
                    )
                case "ready":
                    presence = Ready(account.presence_at)
                    idle.append(account.presence_at)
                case _:  # his telephone was gone and is back
                    idle = []
        previous = account.previous_form_number
        return replace(
            state,
            presence=presence,
            idle_since=max(filter(None, idle), default=state.idle_since),
            previous=NumberPair(previous, account.previous_ticket_number) if previous else None,
        )

    def see(self, floor: Floor, at: datetime) -> None:
        """Note who is otherwise than the record says; `keep_seen` tells it."""
        for state in floor.operators.values():
            known = self._known.get(state.operator, _NEVER_THERE)
            seen = _seen(state)
            if known and known.until and state.presence == Ready(known.until) and state.reachable:
                self._known[state.operator] = seen  # its end stands in the wrap-up's own entry
            elif seen != known:
                call_id = state.presence.call_id if isinstance(state.presence, WrapUp) else None
                self.later(
                    PresenceEntry(
                        operator=state.operator,
                        at=at,
                        presence=seen.presence,
                        by=SEEN_BY,
                        reason=seen.reason,
                        call_id=call_id if seen.until else None,
                        until=seen.until,
                    )
                )

    def later(self, entry: PresenceEntry) -> None:
        """Tell this when the database takes it."""
        self._unkept.append(entry)
        self._known[entry.operator] = _known(entry)

    async def keep(self, entry: PresenceEntry) -> None:
        """Return when this and all before it are durable. Raises EffectFailed, StandDown."""
        async with self._turn:
            waiting = list(self._unkept)
            try:
                await self._recorder.keep_presence([*waiting, entry])
            except (EffectFailed, RecordRefused) as error:
                self._known[entry.operator] = None
                raise EffectFailed(str(error)) from error
            self._forget(len(waiting))
            # What was seen of him meanwhile comes after this entry: how he is now is told again.
            overtaken = any(one.operator == entry.operator for one in self._unkept)
            self._known[entry.operator] = None if overtaken else _known(entry)

    async def keep_seen(self) -> None:
        """Tell what was seen and is not on record yet. Raises EffectFailed, StandDown."""
        async with self._turn:
            if waiting := list(self._unkept):
                try:
                    await self._recorder.keep_presence(waiting)
                except RecordRefused as error:
                    log.error("presence_refused", reason=str(error)[:200])
                self._forget(len(waiting))

    def _forget(self, count: int) -> None:
        for _ in range(min(count, len(self._unkept))):
            self._unkept.popleft()


def _known(entry: PresenceEntry) -> _Known:
    return _Known(entry.presence, entry.reason, entry.until)


def _seen(state: OperatorState) -> _Known:
    match state.presence:
        case Paused(reason=reason):
            return _Known("paused", reason)
        case WrapUp(until=until) if state.reachable:
            return _Known("wrap_up", None, until)
    return _Known(state.kind)
