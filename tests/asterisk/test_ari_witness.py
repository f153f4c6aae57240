"""Whether an owner lives, asked over a real Asterisk that no database is needed for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_session import AriSession
from agent.asterisk.ari_witness import AriWitness
from deploy.asterisk_server import AsteriskServer
from tests.asterisk.caught_caller import caught_caller
from tests.asterisk.events_heard import until


class Owner:
    """An owner's session and his answers."""

    def __init__(self, client: AriClient, application: str) -> None:
        self.held = True
        self.witness = AriWitness(client, application)
        self.session = AriSession(
            client,
            application,
            lambda _arrival: None,
            lambda _about, _event: None,
            self._connected,
            heard=self.witness.heard,
        )

    async def _connected(self, *_moments: object) -> None:
        pass

    async def is_ready(self) -> bool:
        """Whether he hears."""
        return self.session.ready


@asynccontextmanager
async def owner_of(client: AriClient, application: str) -> AsyncIterator[Owner]:
    """A living owner, until he dies without a word."""
    owner = Owner(client, application)
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(owner.session.run()),
            tasks.create_task(owner.witness.run(lambda: owner.held)),
        ]
        await until(owner.is_ready)
        yield owner
        for task in running:
            task.cancel()


async def test_nobody_answers_where_nobody_ever_listened(client: AriClient) -> None:
    assert not await AriWitness(client, "lpse-never").owner_answers()


async def test_an_owner_answers_everybody_who_asks(client: AriClient) -> None:
    asking = AriWitness(client, "lpse-owned")
    async with owner_of(client, "lpse-owned"):
        assert await asking.owner_answers()
        assert await asyncio.gather(*(asking.owner_answers() for _ in range(4))) == [True] * 4


async def test_an_owner_who_is_not_certain_of_it_says_nothing(client: AriClient) -> None:
    async with owner_of(client, "lpse-owned") as owner:
        owner.held = False
        assert not await AriWitness(client, "lpse-owned").owner_answers()


async def test_a_dead_owner_whose_callers_are_still_there_does_not_answer(
    asterisk: AsteriskServer, client: AriClient
) -> None:
    """His application lives on with its channels, and takes the question without a word."""
    async with AsyncExitStack() as stack:
        async with owner_of(client, "lpse-owned"):
            left = caught_caller(asterisk, client, "lpse-00d1-o1", "lpse-owned")
            caller = await stack.enter_async_context(left)
            await until(lambda: _is_in(client, caller))
        assert await _is_in(client, caller)
        assert not await AriWitness(client, "lpse-owned").owner_answers()


async def _is_in(client: AriClient, channel: str) -> bool:
    application = await client.get("applications", "lpse-owned")
    return channel in application["channel_ids"]
