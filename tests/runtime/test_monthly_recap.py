"""The monthly recap on a real database: once, by the office's calendar, again when it failed."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from agent.database.recap import RecapStore
from agent.documents.recap_process import RecapProcess
from agent.domain.recap_period import RecapPeriod
from agent.runtime import clock
from agent.runtime.errors import EffectFailed
from agent.runtime.monthly_recap import MadeRecap, MonthlyRecap
from tests.commands.shell import Shell
from tests.database.agents import running_writer
from tests.database.stories import MORNING, Story, in_turn, solved

WIDE_MARGIN_S = 10.0
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture(autouse=True)
def nobody_is_followed_afterwards() -> Iterator[None]:
    yield
    clock.follow_nobody()


class Maker:
    """Makes no files; fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.asked: list[date] = []

    async def make(self, period: RecapPeriod) -> MadeRecap:
        self.asked.append(period.first)
        if self.failures:
            self.failures -= 1
            raise EffectFailed("the disk is full")
        return MadeRecap(
            path=f"{period.first}.pdf", sha256="ab" * 32, made_at=clock.now(), rows=1, totals={}
        )


async def record(url: str, *stories: Story) -> None:
    async with running_writer(url) as writer:
        for one in in_turn(list(stories)):
            await writer.record(one)


async def test_a_month_gets_its_recap_an_hour_after_its_end_and_only_once(url: str) -> None:
    await record(url, solved(1))
    store, maker = RecapStore(url), Maker()
    job = MonthlyRecap(store, maker.make, "WIB")
    clock.follow(datetime(2026, 3, 31, 17, 59, tzinfo=UTC))
    assert await job.look()
    assert maker.asked == []
    clock.follow(datetime(2026, 3, 31, 18, 0, tzinfo=UTC))
    assert await job.look()
    assert await job.look()
    assert maker.asked == [MARCH]
    assert await store.months() == {MARCH}


async def test_months_that_nobody_was_there_for_are_made_up_since_the_first_call(url: str) -> None:
    await record(url, solved(1))
    maker = Maker()
    clock.follow(datetime(2026, 7, 10, tzinfo=UTC))
    assert await MonthlyRecap(RecapStore(url), maker.make, "WIB").look()
    assert maker.asked == [date(2026, month, 1) for month in (3, 4, 5, 6)]


async def test_an_office_without_calls_owes_no_recap(url: str) -> None:
    maker = Maker()
    assert await MonthlyRecap(RecapStore(url), maker.make, "WIB").look()
    assert maker.asked == []


async def test_a_month_that_failed_keeps_no_other_back_and_is_tried_again(url: str) -> None:
    await record(url, solved(1))
    store, maker = RecapStore(url), Maker(failures=1)
    clock.follow(datetime(2026, 5, 2, tzinfo=UTC))
    job = MonthlyRecap(store, maker.make, "WIB")
    assert not await job.look()
    assert await store.months() == {APRIL}
    async with asyncio.timeout(WIDE_MARGIN_S), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(job.run(look_every_s=3600, again_s=0.01))
        while await store.months() != {MARCH, APRIL}:  # noqa: ASYNC110 the database tells nobody
            await asyncio.sleep(0.02)
        running.cancel()
    assert maker.asked == [MARCH, APRIL, MARCH]


async def test_a_database_that_is_away_is_asked_again(url: str) -> None:
    maker = Maker()
    away = RecapStore("postgresql://127.0.0.1:1/nowhere")
    assert not await MonthlyRecap(away, maker.make, "WIB").look()
    assert maker.asked == []


async def test_the_real_paper_lies_in_its_place_and_its_hash_is_on_record(
    url: str, tmp_path: Path
) -> None:
    await record(url, solved(1, MORNING + timedelta(days=1)))
    folder = tmp_path / "recaps"
    process = RecapProcess(folder, Shell(tmp_path).environment(url))
    clock.follow(datetime(2026, 4, 2, tzinfo=UTC))
    assert await MonthlyRecap(RecapStore(url), process.make, "WIB").look()
    assert await RecapStore(url).months() == {MARCH}
    assert (folder / "2026-03" / "rekap-2026-03-01-2026-03-31.pdf").is_file()
