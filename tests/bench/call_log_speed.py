"""How quick the call log is: each filter alone and some together, its pages and its count.

    python -m tests.bench.call_log_speed [--calls 1000000]

Asks the database of DATABASE_URL, which it does not change; without one it fills a PostgreSQL of
its own with so many made-up calls. Each question comes over a connection of its own, as from a page
or a shell; the time of a connection alone is printed first, and the plans at the end.
"""

import argparse
import asyncio
import os
import re
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles

from agent.database.call_filter import CallFilter, parsed
from agent.database.call_search import (
    PAGE,
    CallPage,
    count_calls,
    find_calls,
    narrowed,
    newest_of,
    plan,
)
from agent.database.connect import Connection, connected
from agent.database.errors import DatabaseProblem
from agent.domain.consultation import Outcome
from agent.domain.identifiers import OperatorId
from deploy.postgres_server import PostgresServer
from tests.bench.search_speed import fill

ROUNDS = 40


async def measure(url: str) -> None:
    """Ask everything, and show the plans."""
    async with connected(url, 600.0, 600.0) as connection:
        count = await connection.fetchval("SELECT count(*) FROM calls")
        middle = await connection.fetchrow(
            "SELECT arrived_at, call_id FROM calls WHERE call_id LIKE 'contoh-%' "
            "ORDER BY arrived_at OFFSET 300 LIMIT 1"
        )
        person = await connection.fetchrow(
            "SELECT form_number, ticket_number, npwp, caller_name, company, caller_number "
            "FROM tickets JOIN consultations USING (call_id, ticket_number) "
            "JOIN consultation_forms USING (call_id) JOIN calls USING (call_id) "
            "WHERE npwp IS NOT NULL ORDER BY tickets.ticket_number LIMIT 1"
        )
        assert middle, "there are calls"
        assert person, "there are tickets"
    since, number = middle["arrived_at"], person["caller_number"]
    month = {"since": since, "until": since + timedelta(days=30)}
    wanted = {
        "no filter": CallFilter(),
        "a month, five years ago": CallFilter(**month),
        "caller's whole number": CallFilter(caller=number),
        "caller's last 4 digits": CallFilter(caller=number[-4:]),
        "name, one word": CallFilter(name=person["caller_name"].split()[0]),
        "name, two words": CallFilter(name=" ".join(person["caller_name"].split()[:2])),
        "company, one word": CallFilter(company=person["company"].split()[-1]),
        "name that nobody has": CallFilter(name="zzyzx"),
        "NPWP": CallFilter(npwp=person["npwp"]),
        "form number": CallFilter(form=person["form_number"]),
        "ticket number": CallFilter(ticket=person["ticket_number"]),
        "external number that is none": CallFilter(external="LKPP-0"),
        "operator": CallFilter(operator=OperatorId("op-2")),
        "operator who is none": CallFilter(operator=OperatorId("op-999")),
        "outcome solved": CallFilter(outcome=Outcome.SOLVED),
        "outcome prank": CallFilter(outcome=Outcome.PRANK),
        "outcome that never was": CallFilter(outcome=Outcome.IN_PROGRESS),
        "any deviation": CallFilter(deviation=True),
        "no deviation": CallFilter(deviation=False),
        "deviation of kind output": CallFilter(deviation_kind="output"),
        "deviation of kind equipment": CallFilter(deviation_kind="equipment"),
        "deviation in step 8": CallFilter(deviation_step="8"),
        "step 3 not met": CallFilter(unmet_step="3"),
        "category": CallFilter(category="06"),
        "category that is none": CallFilter(category="99"),
        "application": CallFilter(application="spse"),
        "one common word": CallFilter(text="gagal"),
        "three words": CallFilter(text="gagal unggah penawaran"),
        "a word that is nowhere": CallFilter(text="zzyzx"),
        "word, outcome, category": CallFilter(
            text="gagal", outcome=Outcome.ESCALATED, category="06"
        ),
        "name, company, a month": CallFilter(
            name=person["caller_name"].split()[0], company=person["company"].split()[-1], **month
        ),
    }
    print(f"{count:,} calls, {ROUNDS} rounds")
    tell("a connection alone", *await timed(lambda: _nothing(url)))
    first = await find_calls(url, CallFilter())
    for _ in range(20):
        first = await find_calls(url, CallFilter(), first.following)
    tell("the 21st page", *await timed(lambda: find_calls(url, CallFilter(), first.following)))
    slow = []
    for name, one in wanted.items():
        try:
            p50, p95 = await timed(lambda o=one: find_calls(url, o))  # type: ignore[misc]
            page: CallPage = await find_calls(url, one)
        except DatabaseProblem as error:
            print(f"{name:<34} {error}")
            slow.append(name)
            continue
        began = time.perf_counter()
        counted = await count_calls(url, one)
        took = (time.perf_counter() - began) * 1000
        told = f"{counted.calls} {'exactly' if counted.exact else 'or more'}"
        tell(name, p50, p95, f"{len(page.calls):3} shown, count {told} in {took:.0f} ms")
        if p95 > 100:
            slow.append(name)
    async with connected(url, 60.0, 600.0) as connection:
        for name, one in wanted.items():
            await _show_plan(connection, name, one, whole=name in slow)


async def timed(question: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Median and 95th percentile in ms; the first ones only warm up."""
    took = []
    for _ in range(ROUNDS + 3):
        began = time.perf_counter()
        await question()
        took.append((time.perf_counter() - began) * 1000)
    return median(took[3:]), quantiles(took[3:], n=20)[-1]


def tell(name: str, p50: float, p95: float, more: str = "") -> None:
    """One line."""
    print(f"{name:<34} p50 {p50:7.1f}  p95 {p95:7.1f} ms  {more}", flush=True)


async def _nothing(url: str) -> None:
    async with connected(url):
        pass


async def _show_plan(connection: Connection, name: str, one: CallFilter, *, whole: bool) -> None:
    async with connection.transaction():
        asked = parsed(one, None)
        for place, part in enumerate(await narrowed(connection, asked), start=1):
            await plan(connection, part)
            question, *values = newest_of(part, PAGE + 1)
            lines = await connection.fetch(
                f"EXPLAIN (COSTS OFF{', ANALYZE, BUFFERS' if whole else ''}) {question}", *values
            )
            print(f"\n{name}, question {place}")
            for line in lines:
                print(f"    {re.sub(r'{[0-9,]{99,}}', '{…}', line[0])}")
            if not whole or len(await connection.fetch(question, *values)) > PAGE:
                break


def main() -> None:
    """Run on the database that is given, or on a server of our own that leaves nothing behind."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=100_000)
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
