"""How quick the list of deviations is, state by state, where nearly all of them are decided.

    python -m tests.bench.deviation_speed [--calls 100000]

Fills a PostgreSQL of its own with so many made-up calls of five years and decides all their
deviations but those of the 300 oldest calls that have one, every third of which is explained: a
look that begins with the newest finds these last. Each question comes over a connection of its own,
as from a page; the time of a connection alone is printed first, and the plans at the end.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from agent.database.connect import Connection, connected
from agent.database.deviation_words import DeviationFilter, list_deviations
from agent.database.queries import sql
from agent.domain.identifiers import OperatorId
from agent.web.deviations import CALLS_OF_A_PAGE
from deploy.postgres_server import PostgresServer
from tests.bench.call_log_speed import tell, timed
from tests.bench.search_speed import fill

LEFT_OPEN = 300
STATEMENT_S, WHOLE_S = 3600.0, 24 * 3600.0
SAY = """
INSERT INTO deviation_words
SELECT call_id, kind, step, 1, said.role, said.verdict, 'contoh', 'contoh', now(),
    limit_s, measured_s, reason
FROM (
    SELECT deviations.*, dense_rank() OVER (ORDER BY arrived_at, call_id) AS place FROM deviations
) AS known
CROSS JOIN LATERAL (
    VALUES ('decision', 'excused', place > $1), ('explanation', NULL, place <= $1 AND place % 3 = 0)
) AS said (role, verdict, said)
WHERE said.said
"""
WANTED = {
    "open": DeviationFilter(state="open"),
    "open, of one operator": DeviationFilter(state="open", operator=OperatorId("op-2")),
    "open, of kind output": DeviationFilter(state="open", kind="output"),
    "explained": DeviationFilter(state="explained"),
    "decided": DeviationFilter(state="decided"),
    "all": DeviationFilter(),
}


async def measure(url: str, calls: int) -> None:
    """Fill, decide, and ask for the first page of each."""
    await fill(url, calls)
    async with connected(url, STATEMENT_S, WHOLE_S) as connection:
        began = time.monotonic()
        said = await connection.execute(SAY, LEFT_OPEN)
        print(f"{said.split()[-1]} words, each with its deviation's standing, in ", end="")
        print(f"{time.monotonic() - began:.0f} s")
        await connection.execute("VACUUM ANALYZE")
        tell("a connection alone", *await timed(lambda: _nothing(url)))
        for name, one in WANTED.items():
            p50, p95 = await timed(lambda o=one: list_deviations(url, o, None, CALLS_OF_A_PAGE))  # type: ignore[misc]
            page = await list_deviations(url, one, None, CALLS_OF_A_PAGE)
            tell(name, p50, p95, f"{len(page.deviations):3} shown")
        await _show_plan(connection)


async def _nothing(url: str) -> None:
    async with connected(url):
        pass


async def _show_plan(connection: Connection) -> None:
    lines = await connection.fetch(
        f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {sql('list_deviations')}",
        *(*[None] * 5, ["nothing", "explanation"], None, None, CALLS_OF_A_PAGE + 1),
    )
    print("\nopen")
    for line in lines:
        print(f"    {line[0]}")


def main() -> None:
    """Run on a server of our own, and leave nothing behind."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=100_000)
    typed = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="lpse-bench-") as folder:
        server = PostgresServer(Path(folder))
        try:
            asyncio.run(measure(server.start(), typed.calls))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
