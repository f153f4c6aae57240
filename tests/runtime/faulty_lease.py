"""A lease that cannot be reached on demand, and a witness who says what the test wants."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from agent.database.lease import LeaseStore
from agent.runtime.errors import EffectFailed
from agent.runtime.lease import LeaseKeeper, LeaseSeen


class FaultyLease(LeaseStore):
    """The real lease in a real database, as long as it is not told to be away."""

    def __init__(self, url: str, holder: str) -> None:
        super().__init__(url, holder)
        self.away = False

    async def look(self, valid_s: float) -> LeaseSeen:
        """As the real one."""
        self._reach()
        return await super().look(valid_s)

    async def take(self, seen_epoch: int, valid_s: float) -> int | None:
        """As the real one."""
        self._reach()
        return await super().take(seen_epoch, valid_s)

    async def renew(self, epoch: int, valid_s: float) -> bool:
        """As the real one."""
        self._reach()
        return await super().renew(epoch, valid_s)

    async def release(self, epoch: int) -> None:
        """As the real one."""
        self._reach()
        await super().release(epoch)

    def _reach(self) -> None:
        if self.away:
            raise EffectFailed("the database does not answer")


class PretendWitness:
    """Answers for an owner whom the test makes live or not."""

    def __init__(self) -> None:
        self.owner_lives: Callable[[], bool] = lambda: False
        self.away = False
        self.asked = 0

    async def owner_answers(self) -> bool:
        """As the test wants. Raises EffectFailed when the exchange is away."""
        self.asked += 1
        if self.away:
            raise EffectFailed("the exchange does not answer")
        return self.owner_lives()


class Agent:
    """One process's part in having one owner."""

    def __init__(self, url: str, name: str) -> None:
        self.store = FaultyLease(url, name)
        self.witness = PretendWitness()
        self.hears = True
        self.lease = LeaseKeeper(self.store, self.witness, lambda: self.hears)


@asynccontextmanager
async def agents(url: str) -> AsyncIterator[tuple[Agent, Agent]]:
    """Two processes for the same calls; neither has asked for the lease yet."""
    both = Agent(url, "first"), Agent(url, "second")
    try:
        yield both
    finally:
        for agent in both:
            agent.store.close()
