"""One owner: only the process that holds the lease commands the exchange.

The lease is a row in the database, valid for 1.5 s and renewed every 0.5 s. Each ownership has an
epoch, one higher than the last; whatever an owner records carries it, and the database refuses
records of an older one. An exchange knows no epochs, so a guard stands before every command:

- The time in which nobody can have taken over is kept by the machine's monotonic clock, which runs
  on while a process stands still. One that was stopped and goes on finds it over, and its next
  command waits until the database has said whose the calls are.
- While the database cannot be reached nobody takes over by it, and the owner commands on. A
  standby that reaches it and finds the lease over may only be better connected: before it takes
  over it asks over the exchange, and an owner who lives answers there.
- The owner's application at the exchange is a fence of its own: the next owner opens it before his
  first command, and the one before is told so at once. Whoever was deaf for a while and cannot
  reach the database asks in the same way before he opens it again.

The ids of channels, bridges and playbacks carry no epoch: they follow from the call alone, so that
the next owner who performs a pending wish again is told that it was done (409), and no second leg
rings.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import msgspec
import structlog

from agent.runtime import metrics
from agent.runtime.errors import EffectFailed, StandDown

VALID_S = 1.5
RENEW_EVERY_S = 0.5
LOOK_EVERY_S = 0.25
ASK_WHEN_LEFT_S = 0.5
"""Two renewals are missing then; the answer takes as long as the rest of the lease."""
DECIDED_WITHIN_S = 5.0

log = structlog.get_logger()


class LeaseSeen(msgspec.Struct, frozen=True):
    """The lease as a standby sees it: free when the last owner has left it in order."""

    epoch: int
    free: bool
    left_s: float


class LeaseStore(Protocol):
    """Where the lease is kept. All raise EffectFailed; a renewal does within a second."""

    async def look(self, valid_s: float) -> LeaseSeen:
        """The lease as it is."""

    async def take(self, seen_epoch: int, valid_s: float) -> int | None:
        """The epoch of a new ownership; None when it cannot be had (any more)."""

    async def renew(self, epoch: int, valid_s: float) -> bool:
        """Whether the calls still belong to this epoch."""

    async def release(self, epoch: int) -> None:
        """Let the next owner begin at once."""


class Witness(Protocol):
    """Who can tell over the exchange, without the database, whether an owner lives."""

    async def owner_answers(self) -> bool:
        """Ask, and wait within a second. Raises EffectFailed when nobody could have heard it."""


class LeaseKeeper:
    """Waits for the lease, keeps it, and lets a command pass only as long as it is certain.

    `hears` tells whether the owner's application is ours and its events reach us.
    """

    def __init__(self, store: LeaseStore, witness: Witness, hears: Callable[[], bool]) -> None:
        self._store = store
        self._witness = witness
        self._hears = hears
        self._until = 0.0
        self._confirmed = False
        self._opened = False
        self._lost = ""
        self._changed = asyncio.Event()
        self.epoch = 0
        self.reachable = False
        """Whether the database answered when it was asked last."""

    @property
    def role(self) -> str:
        """What this process is now."""
        return "owner" if self.epoch else "standby"

    @property
    def held(self) -> bool:
        """Whether this process may command at this moment."""
        certain = self._confirmed or self._hears()
        return self._opened and not self._lost and certain and time.monotonic() < self._until

    async def may_command(self) -> None:
        """Return when this process may command; at once while it is certain.

        Raises StandDown when it may not any more, EffectFailed when that stays undecided.
        """
        if self.held:
            return
        try:
            async with asyncio.timeout(DECIDED_WITHIN_S):
                while not self.held:
                    if self._lost:
                        raise StandDown(self._lost)
                    await self._changed.wait()
        except TimeoutError as error:
            raise EffectFailed("it is not certain that the calls are still ours") from error

    async def may_open(self) -> None:
        """Before the owner's application is opened: nobody else may have it.

        Raises StandDown when somebody has, EffectFailed when that cannot be known.
        """
        certain = self._confirmed and time.monotonic() < self._until
        if not certain and await self._witness.owner_answers():
            self.lose("another agent has the owner's application")
        if self._lost:
            raise StandDown(self._lost)

    def opened(self) -> bool:
        """The owner's application is ours and hears; answers whether this is the first time."""
        first, self._opened = not self._opened, True
        self._tell()
        return first

    def lose(self, reason: str) -> None:
        """Fall silent: not one more command passes."""
        if not self._lost:
            log.error("lease_lost", epoch=self.epoch, reason=reason)
        self._lost = self._lost or reason
        metrics.OWNER.set(0)
        self._tell()

    async def acquire(self) -> int:
        """Stand by until this process owns the calls; answers its epoch."""
        metrics.OWNER.set(0)
        while not await self._try():  # noqa: ASYNC110 the database tells nobody
            await asyncio.sleep(LOOK_EVERY_S)
        metrics.OWNER.set(1)
        metrics.LEASE_EPOCH.set(self.epoch)
        log.info("lease_taken", epoch=self.epoch)
        return self.epoch

    async def run(self) -> None:
        """Renew the lease for as long as it is ours. Raises StandDown."""
        while True:
            await self._renew()
            self._tell()
            if self._lost:
                raise StandDown(self._lost)
            await asyncio.sleep(RENEW_EVERY_S)

    async def release(self) -> None:
        """Leave the calls to a standby, when nothing of this process commands any more."""
        if not self.epoch or self._lost:
            return
        self._lost = "released"
        try:
            await self._store.release(self.epoch)
        except EffectFailed as error:
            log.warning("lease_not_released", reason=str(error))

    async def _try(self) -> bool:
        try:
            seen = await self._store.look(VALID_S)
            self._note_reachable(None)
            metrics.LEASE_EPOCH.set(seen.epoch)
            if not seen.free and not await self._is_abandoned(seen):
                return False
            began = time.monotonic()
            epoch = await self._store.take(seen.epoch, VALID_S)
        except EffectFailed as error:
            self._note_reachable(error)
            return False
        if epoch is None:
            return False
        self.epoch, self._until, self._confirmed = epoch, began + VALID_S, True
        return True

    async def _is_abandoned(self, seen: LeaseSeen) -> bool:
        """Wait until the lease is over, if its owner does not answer for it."""
        if seen.left_s > ASK_WHEN_LEFT_S:
            return False
        asked = time.monotonic()
        try:
            answers = await self._witness.owner_answers()
        except EffectFailed as error:
            log.warning("owner_not_asked", reason=str(error))
            return False
        if answers:
            log.warning("owner_without_database", epoch=seen.epoch)
            return False
        await asyncio.sleep(max(0.0, seen.left_s - (time.monotonic() - asked)))
        return True

    async def _renew(self) -> None:
        began = time.monotonic()
        try:
            ours = await self._store.renew(self.epoch, VALID_S)
        except EffectFailed as error:
            self._note_reachable(error)
            await self._go_on_alone()
            return
        self._note_reachable(None)
        if ours:
            self._until, self._confirmed = began + VALID_S, True
        else:
            self.lose("another agent has taken over this office's calls")

    async def _go_on_alone(self) -> None:
        """Nobody can have taken over while we would have answered him; else we ask ourselves."""
        self._confirmed = False
        stood_still = time.monotonic() > self._until
        if stood_still and self._hears():
            try:
                if await self._witness.owner_answers():
                    self.lose("another agent answers for this office's calls")
                    return
            except EffectFailed as error:
                log.warning("owner_not_asked", reason=str(error))
                return
        self._until = time.monotonic() + VALID_S

    def _note_reachable(self, error: EffectFailed | None) -> None:
        if error and self.reachable:
            log.warning("lease_not_asked", epoch=self.epoch, reason=str(error))
        self.reachable = error is None

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
