"""What runs beside the calls comes back after a mistake, and ends with the calls' ownership."""

import asyncio
from pathlib import Path

import pytest

from agent.database.feed import FeedStore
from agent.database.tickets import TicketRules
from agent.jobs import jobs_of, run_beside
from agent.runtime.errors import StandDown
from agent.runtime.feed import Feed
from agent.runtime.outbox import OutboxWorker
from agent.settings import Settings
from tests.database.desk import rules


async def test_a_job_that_fails_is_begun_again() -> None:
    begun = 0
    lives = asyncio.Event()

    async def job() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise ZeroDivisionError
        lives.set()
        await asyncio.Event().wait()

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run_beside("a job", job, again_s=0.01))
        await lives.wait()
        running.cancel()
    assert begun == 3


async def test_who_has_lost_the_calls_does_nothing_more_beside_them() -> None:
    async def job() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(stand_down())

    async def stand_down() -> None:
        raise StandDown("another owner")

    with pytest.raises(ExceptionGroup):
        async with asyncio.timeout(10):
            await run_beside("a job", job, again_s=0.01)


async def test_an_office_has_every_job(tmp_path: Path) -> None:
    settings = Settings(
        database_url="postgresql://127.0.0.1:1/lpse",
        ari_url="http://127.0.0.1:8088",
        ari_secret_file=tmp_path / "secret",
        state_folder=tmp_path,
    )
    decided: TicketRules = rules()

    async def may_send() -> None:
        return None

    outbox = OutboxWorker(object(), {}, may_send, lambda _message, _at: None)  # type: ignore[arg-type]
    feed = Feed(FeedStore(settings.database_url))
    assert set(jobs_of(settings, decided, outbox, 0, feed, may_send)) == {
        "messages",
        "tickets",
        "purge",
        "recaps",
        "equipment",
        "feed",
        "webhooks",
    }
