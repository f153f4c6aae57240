"""What runs beside the calls comes back after a mistake, and ends with the calls' ownership."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from agent.database.connect import Connection
from agent.database.feed import FeedStore
from agent.database.office_decisions import NewDecision, decide
from agent.database.pool import Pool
from agent.database.rules_in_force import RulesInForce
from agent.jobs import Job, jobs_of, run_beside
from agent.runtime.errors import StandDown
from agent.runtime.feed import Feed
from agent.runtime.outbox import OutboxWorker
from agent.settings import Settings
from tests.database.desk import in_force, keep_in_force
from tests.documents.papers import folder_archive
from tests.domain.offices import rules_of_calls


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


def jobs_in(url: str, folder: Path, decided: RulesInForce) -> Mapping[str, Job]:
    settings = Settings(
        database_url=url,
        ari_url="http://127.0.0.1:8088",
        ari_secret_file=folder / "secret",
        state_folder=folder,
    )

    async def may_send() -> None:
        return None

    outbox = OutboxWorker(object(), {}, may_send, lambda _message, _at: None)  # type: ignore[arg-type]
    archive = folder_archive(folder / "archive")
    return jobs_of(settings, decided, outbox, 0, Feed(FeedStore(url)), may_send, archive)


async def test_an_office_has_every_job(tmp_path: Path) -> None:
    url = "postgresql://127.0.0.1:1/lpse"
    assert set(jobs_in(url, tmp_path, in_force(url))) == {
        "decisions",
        "messages",
        "tickets",
        "purge",
        "recaps",
        "supplements",
        "equipment",
        "refused_calls",
        "feed",
        "webhooks",
    }


async def test_a_purge_keeps_sound_for_as_long_as_the_office_has_decided_by_then(
    url: str, connection: Connection, tmp_path: Path
) -> None:
    decided = await keep_in_force(url)
    purge = jobs_in(url, tmp_path, decided)["purge"]
    pool = Pool(url)
    new = NewDecision(
        kind="office_rules", name="kantor-1", based_on=decided.rules.version, by="ratna",
        reason="Rapat", content=rules_of_calls(version="kantor-1", audio_kept_days=30),
    )  # fmt: skip
    await decide(pool, new)
    await pool.aclose()
    await decided.take_up()
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        purging = tasks.create_task(purge())
        while not await connection.fetchval("SELECT count(ended_at) FROM purges"):  # noqa: ASYNC110 nobody is told
            await asyncio.sleep(0.02)
        purging.cancel()
    kept = await connection.fetchval("SELECT began_at - audio_before FROM purges")
    assert kept == timedelta(days=30)
