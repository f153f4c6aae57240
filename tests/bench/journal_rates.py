"""How quick the journal is: appending while the database is away, and draining when it is back.

    python -m tests.bench.journal_rates [calls]

One escalated call is 31 records; in an office with ten calls a second 310 records arrive a second.
"""

import asyncio
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import structlog

from agent.database.migrations import migrate
from agent.database.sops import load_sop
from agent.runtime.journal import JournaledRecorder
from deploy.postgres_server import PostgresServer
from tests.database.agents import running_writer, until_healthy
from tests.database.stories import Story, escalated
from tests.databases import SOP_FILE
from tests.runtime.faulty_database import FaultyDatabase

CALLS_AT_ONCE = 60


async def measure(url: str, file: Path, calls: int) -> None:
    """Record so many calls without a database, then bring them into a real one."""
    await migrate(url)
    await load_sop(url, tomllib.loads(SOP_FILE.read_text()))
    database = FaultyDatabase()
    database.away = True
    stories = [escalated(number) for number in range(1, calls + 1)]
    journal = JournaledRecorder(database, file)
    waits: list[float] = []
    began = time.perf_counter()
    for start in range(0, calls, CALLS_AT_ONCE):
        async with asyncio.TaskGroup() as tasks:
            for story in stories[start : start + CALLS_AT_ONCE]:
                tasks.create_task(_live(journal, story, waits))
    seconds = time.perf_counter() - began
    print(
        f"appended {len(waits)} records in {seconds:.1f} s: {len(waits) / seconds:.0f}/s; "
        f"a call waits {_told(waits)} with {CALLS_AT_ONCE} at once; "
        f"{journal._spool.size / len(waits):.0f} bytes a record"
    )
    async with running_writer(url) as writer:
        await until_healthy(writer)
        heir = JournaledRecorder(writer, file)
        began = time.perf_counter()
        living: list[float] = []
        async with asyncio.TaskGroup() as tasks:
            others = tasks.create_task(_live_on(heir, calls, living))
            draining = tasks.create_task(heir.run())
            while heir.waiting > CALLS_AT_ONCE:  # noqa: ASYNC110 nobody is told of a drain
                await asyncio.sleep(0.01)
            seconds = time.perf_counter() - began
            others.cancel()
            draining.cancel()
        print(f"drained in {seconds:.1f} s: {(len(waits) + len(living)) / seconds:.0f} records/s")
        print(f"meanwhile {len(living)} records of living calls waited {_told(living)}")


async def _live_on(journal: JournaledRecorder, number: int, waits: list[float]) -> None:
    """Ten new calls a second, as quick as their records can be made."""
    async with asyncio.TaskGroup() as tasks:
        while True:
            number += 1
            tasks.create_task(_live(journal, escalated(number), waits))
            await asyncio.sleep(0.1)


def _told(waits: list[float]) -> str:
    waits = sorted(waits)
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    told = [
        f"{name} {waits[int(len(waits) * share)] * 1000:.1f} ms" for name, share in shares.items()
    ]
    return ", ".join(told)


async def _live(journal: JournaledRecorder, story: Story, waits: list[float]) -> None:
    for record in story.records:
        began = time.perf_counter()
        await journal.record(record)
        waits.append(time.perf_counter() - began)


def main(calls: int) -> None:
    """Start a server of our own and measure."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory(prefix="lpse-bench-") as folder:
        Path(folder).chmod(0o755)
        server = PostgresServer(Path(folder))
        url = server.start()
        try:
            asyncio.run(measure(url, Path(folder) / "journal.jsonl", calls))
        finally:
            server.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
