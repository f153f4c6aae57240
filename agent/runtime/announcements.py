"""A prompt that is heard by telephone before callers hear it; no consultation, and no line outside.

Only the office's own telephones are rung, one that is registered and on which nothing goes on. For
so long it is offered no call: the exchange has it in a call of its own.
"""

import asyncio
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from agent.domain.identifiers import OperatorId
from agent.runtime.doors import Announcer
from agent.runtime.floor_keeper import FloorKeeper

State = Literal["idle", "busy", "away"]
Reason = Literal["phone_unknown", "phone_busy", "phone_away"]

log = structlog.get_logger()


class OfficePhone(msgspec.Struct, frozen=True, kw_only=True):
    """An operator's or a supervisor's telephone, and whether it can be rung."""

    account: str
    name: str
    state: State


class AnnouncementRefused(Exception):
    """This telephone is not rung; `reason` is a fixed word."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


class AnnouncementDesk:
    """Rings one telephone after the other."""

    def __init__(self, exchange: Announcer, floor: FloorKeeper) -> None:
        self._exchange = exchange
        self._floor = floor
        self._turn = asyncio.Lock()

    @property
    def phones(self) -> list[OfficePhone]:
        """Every telephone of the office, as it was seen within the last second."""
        operators = [
            OfficePhone(
                account=state.operator,
                name=state.name,
                state="busy" if state.busy_with else "idle" if state.reachable else "away",
            )
            for state in self._floor.floor.operators.values()
        ]
        supervisors = [
            OfficePhone(account=account, name=one.name, state="idle" if one.reachable else "away")
            for account, one in self._floor.supervisors.items()
        ]
        return sorted([*operators, *supervisors], key=lambda phone: phone.account)

    async def play(self, phone: OperatorId, sound: Path) -> None:
        """Ring it, and let whoever picks up hear this file (without its extension).

        Raises AnnouncementRefused, EffectFailed.
        """
        states = {one.account: one.state for one in self.phones}
        if phone not in states:
            raise AnnouncementRefused("phone_unknown")
        if states[phone] == "busy":
            raise AnnouncementRefused("phone_busy")
        async with self._turn:  # two at once would both find it idle
            state = await self._exchange.announce(phone, sound)
        if state != "idle":
            raise AnnouncementRefused("phone_busy" if state == "busy" else "phone_away")
        log.info("prompt_rung", operator=phone)
