"""How long the recap of a month takes: its query, its counting and its files, and the plan.

    python -m tests.bench.recap_speed [--month 2026-01] [--rounds 10] [--calls 100000]

Asks the database of DATABASE_URL, which it does not change; without one it fills a PostgreSQL of
its own with so many calls. The month is the one of the last call where none is given.
"""

import argparse
import asyncio
import os
import resource
import tempfile
import time
from datetime import date
from pathlib import Path

from agent.commands.seed import example_office
from agent.database.connect import connected
from agent.database.migrations import migrate
from agent.database.queries import sql
from agent.database.recap import STATEMENT_S, WHOLE_S, read_recap
from agent.database.seed import SeedPlan, seed
from agent.database.statistics import PLANNED
from agent.documents.recap_files import FORMATS, RecapFiles
from agent.domain.office_time import local
from agent.domain.recap_period import RecapPeriod, month_of
from agent.domain.recap_tally import RecapTally
from agent.runtime import clock
from deploy.postgres_server import PostgresServer
from tests.bench.call_records import percentile
from tests.documents.recap_office import FRAME

ZONE = "WIB"


async def measure(url: str, month: date | None, rounds: int) -> None:
    """Ask, count and write the same month again and again."""
    period = month_of(month or await last_day(url))
    bounds = period.begins_at(ZONE), period.ends_at(ZONE)
    async with connected(url, STATEMENT_S, WHOLE_S) as connection:
        asked = []
        for _ in range(rounds):
            began = time.monotonic()
            rows = 0
            async with connection.transaction():
                for setting in PLANNED:
                    await connection.execute(setting)
                async for _row in connection.cursor(sql("recap_calls"), *bounds, prefetch=1000):
                    rows += 1
            asked.append(time.monotonic() - began)
        tell(f"query, {period.first:%Y-%m}, {rows} calls", asked)
        counted = []
        for _ in range(rounds):
            tally = RecapTally(ZONE)
            began = time.monotonic()
            await read_recap(url, *bounds, tally.add)
            counted.append(time.monotonic() - began)
        tell("query and totals", counted)
        for form in FORMATS:
            tell(f"query and {form}", [await written(url, period, form)])
        print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")
        async with connection.transaction():
            for setting in PLANNED:
                await connection.execute(setting)
            for row in await connection.fetch(
                f"EXPLAIN (ANALYZE, BUFFERS) {sql('recap_calls')}", *bounds
            ):
                print(f"    {row[0]}")


async def last_day(url: str) -> date:
    """The office's day of the last call."""
    async with connected(url) as connection:
        at = await connection.fetchval("SELECT max(arrived_at) FROM calls")
    return local(at, ZONE).date()


async def written(url: str, period: RecapPeriod, form: str) -> float:
    """Seconds that a recap of this one format took."""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="lpse-bench-") as folder,
        RecapFiles(Path(folder), tuple(f for f in FORMATS if f == form), FRAME) as files,
    ):
        await read_recap(url, period.begins_at(ZONE), period.ends_at(ZONE), files.take)
        files.finish(clock.now())
    return time.monotonic() - began


def tell(what: str, took: list[float]) -> None:
    """One line of seconds."""
    ends = f"p50 {percentile(took, 0.5):6.2f} s  p95 {percentile(took, 0.95):6.2f} s"
    print(f"{what:<34} {ends}", flush=True)


async def fill_own(url: str, calls: int) -> None:
    """So many made-up calls within a year; the recap is of its last month."""
    await migrate(url)
    plan = SeedPlan(consultations=calls, years=1, until=date(2026, 10, 31), seed=1)
    await seed(url, plan, example_office(ZONE, plan), lambda _more: None)


def main() -> None:
    """Run on the database that is given, or on a server of our own that leaves nothing behind."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--month", type=lambda typed: date.fromisoformat(f"{typed}-01"))
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--calls", type=int, default=100_000)
    typed = options.parse_args()
    if url := os.environ.get("DATABASE_URL"):
        asyncio.run(measure(url, typed.month, typed.rounds))
        return
    with tempfile.TemporaryDirectory(prefix="lpse-bench-") as folder:
        server = PostgresServer(Path(folder))
        try:
            own = server.start()
            asyncio.run(fill_own(own, typed.calls))
            asyncio.run(measure(own, typed.month, typed.rounds))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
