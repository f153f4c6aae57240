"""How long `lpse-agent verify` takes, part by part, and `deviation recompute`; how much memory.

    python -m tests.bench.verify_speed [calls, 100000 by default]

Fills a PostgreSQL of its own with made-up calls, then asks every part by itself. A part that takes
longer than a second shows its plan. Memory is the highest that the process ever had: before the
first part, and after all; PostgreSQL's is of the one connection, without the buffers that all
share.
"""

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path

from agent.commands.seed import example_office
from agent.database.connect import Connection, connected
from agent.database.migrations import migrate
from agent.database.queries import sql
from agent.database.recompute import recompute
from agent.database.seed import MOST_CONSULTATIONS, SeedPlan, seed
from agent.database.verification import STATEMENT_S, WHOLE_S, Scope, questions, verify
from deploy.postgres_server import PostgresServer

SLOW_S = 1.0
UNTIL = date(2026, 11, 20)


async def measure(url: str, calls: int) -> None:
    """Fill, ask each part, then everything as the command does."""
    await migrate(url)
    plan = SeedPlan(consultations=calls, years=5, until=UNTIL, seed=1)
    began = time.monotonic()
    await seed(url, plan, example_office("WIB", plan), lambda _more: None)
    async with connected(url) as connection:
        size = await connection.fetchval(
            "SELECT pg_size_pretty(pg_database_size(current_database()))"
        )
    print(f"{calls} calls, {size}, filled in {time.monotonic() - began:.0f} s")
    async with connected(url, STATEMENT_S, WHOLE_S) as connection:
        for promise, (query, arguments) in questions(Scope()).items():
            await measure_part(connection, promise, sql(query), arguments)
        print(f"one connection of PostgreSQL: {await private_memory(connection):.0f} MB")
    before = own_memory()
    began = time.monotonic()
    findings = await verify(url)
    took = time.monotonic() - began
    print(f"everything: {took:.1f} s, {took / calls * 1e6:.0f} µs a call")
    began = time.monotonic()
    endings = Counter([one.ending async for one in recompute(url, None, None)])
    took = time.monotonic() - began
    print(f"deviation recompute: {took:.1f} s, {calls / took:.0f} calls a second, {dict(endings)}")
    print(f"our own memory: {before:.0f} MB before, {own_memory():.0f} MB at most")
    for finding in findings:
        if not finding.holds:
            print(f"✗ {finding.sentence} {finding.examples}")


async def measure_part(
    connection: Connection, promise: str, query: str, arguments: tuple[object, ...]
) -> None:
    """Ask one question of the tables, and show its plan when it was slow."""
    began = time.monotonic()
    await connection.fetch(query, *arguments)
    took = time.monotonic() - began
    print(f"{promise:<24} {took:6.2f} s")
    if took > SLOW_S:
        for row in await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {query}", *arguments):
            print(f"    {row[0]}")


def own_memory() -> float:
    """Our highest so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def private_memory(connection: Connection) -> float:
    """What the connection's server process has for itself alone, in MB."""
    process = await connection.fetchval("SELECT pg_backend_pid()")
    status = await asyncio.to_thread(Path(f"/proc/{process}/status").read_text)
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024


def main() -> None:
    """Run on a server of our own, and leave nothing behind."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    if not 1 <= calls <= MOST_CONSULTATIONS:
        sys.exit(f"from 1 to {MOST_CONSULTATIONS} calls")
    if os.environ.get("DATABASE_URL"):
        sys.exit("DATABASE_URL is set, but this measures a PostgreSQL of its own")
    with tempfile.TemporaryDirectory(prefix="lpse-bench-") as folder:
        server = PostgresServer(Path(folder))
        url = server.start()
        try:
            asyncio.run(measure(url, calls))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
