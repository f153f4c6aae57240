"""How long the statistics of a day, a month, a year and of everything take, query by query.

    python -m tests.bench.statistics_speed [--calls 1000000]

Asks the database of DATABASE_URL, which it does not change; without one it fills a PostgreSQL of
its own with so many calls of five years.
"""

import argparse
import asyncio
import os
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from agent.commands.seed import example_office
from agent.database.connect import connected
from agent.database.migrations import migrate
from agent.database.seed import SeedPlan, seed
from agent.database.statistics import read_statistics
from agent.domain.office_time import local
from agent.domain.recap_period import RecapPeriod
from deploy.postgres_server import PostgresServer

ZONE = "WIB"
DAYS = {"day": 1, "month": 30, "year": 365}
ROUNDS = 3
UNTIL = date(2026, 10, 31)


async def measure(url: str) -> None:
    """Each period ends with the day of the last call."""
    async with connected(url) as connection:
        last = local(await connection.fetchval("SELECT max(arrived_at) FROM calls"), ZONE).date()
    for name, days in DAYS.items():
        period = RecapPeriod(last - timedelta(days=days - 1), last)
        took = []
        for _ in range(ROUNDS):
            began = time.monotonic()
            found = await read_statistics(url, period, ZONE)
            took.append(time.monotonic() - began)
        told = "  ".join(f"{seconds:6.2f}" for seconds in took)
        print(f"{name:<6} {found.offered:>9,} calls  {told} s", flush=True)


async def fill(url: str, calls: int) -> None:
    """Made-up calls of five years."""
    await migrate(url)
    plan = SeedPlan(consultations=calls, years=5, until=UNTIL, seed=1)
    await seed(url, plan, example_office(ZONE, plan), lambda _more: None)


def main() -> None:
    """Run on the database that is given, or on a server of our own that leaves nothing behind."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=1_000_000)
    typed = options.parse_args()
    if url := os.environ.get("DATABASE_URL"):
        asyncio.run(measure(url))
        return
    with tempfile.TemporaryDirectory(prefix="lpse-bench-") as folder:
        server = PostgresServer(Path(folder))
        try:
            own = server.start()
            asyncio.run(fill(own, typed.calls))
            asyncio.run(measure(own))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
