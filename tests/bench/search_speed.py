"""How quick the questions of a call in progress are: search while typing, earlier calls.

    python -m tests.bench.search_speed [consultations, 100000 by default]

Fills a PostgreSQL of its own with made-up consultations, or asks that of DATABASE_URL without
changing it: each question many times over one connection. Beside milliseconds it prints how many
look-ups by primary key the same time would take in this run, which compares better from machine to
machine. Then it shows the plans.
"""

import asyncio
import os
import sys
import tempfile
import time
import tomllib
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from agent.commands.seed import example_office
from agent.database.answers import add_answers
from agent.database.connect import Connection, connected
from agent.database.earlier import count_earlier, read_earlier
from agent.database.migrations import migrate
from agent.database.queries import sql
from agent.database.search import NEWEST, WITH_ALL, backwards, suggestions
from agent.database.seed import SeedPlan, seed
from agent.domain.answer import parse_answers
from agent.settings import DATA
from deploy.postgres_server import PostgresServer

UNTIL = date(2026, 11, 20)
ROUNDS = 200
STATEMENT_S = 60.0
LIMIT_MS = 50.0
"""What issue 4 allows a search."""

TYPED = (
    "lupa password",
    "lupa paswod",
    "gagal login",
    "gagal mengunggah penaw",
    "unggah",
    "p",
    "pen",
    "saya tidak bisa login ke spse karena lupa kata sandi akun inaproc sejak kemarin sore",
    "server lambat",
    "verivikasi dokumen penyedia",
    "sanggahan hasil evaluasi pokja",
    "produk katalog elektronik tidak tayang memakai peramban chrome",
    "zzzz tidak ada",
)
Question = Callable[[int], Awaitable[object]]


async def timed(rounds: int, question: Question) -> tuple[float, float]:
    """Median and 95th percentile of the time of one answer, in ms; the first ones only warm up."""
    took = []
    for number in range(rounds + 10):
        began = time.perf_counter()
        await question(number)
        took.append((time.perf_counter() - began) * 1000)
    return median(took[10:]), quantiles(took[10:], n=20)[-1]


async def measure(url: str) -> None:
    """Ask everything of a database that is filled."""
    async with connected(url, STATEMENT_S, 3600.0) as connection:
        count = await connection.fetchval("SELECT count(*) FROM calls")
        texts = await connection.fetchval("SELECT count(*) FROM solved_texts")
        people = await connection.fetchval("SELECT count(DISTINCT caller_number) FROM calls")
        size = await connection.fetchval(
            "SELECT pg_size_pretty(pg_database_size(current_database()))"
        )
        print(f"{count:,} calls, {texts:,} of them searched, {people:,} callers, {size}")
        base, _ = await timed(ROUNDS, lambda n: _by_key(connection, n % count + 1))
        print(f"{'look-up by primary key':<86} p50 {base:7.2f} ms")

        async def show(name: str, question: Question, rounds: int = ROUNDS) -> float:
            p50, p95 = await timed(rounds, question)
            print(f"{name:<86} p50 {p50:7.2f}  p95 {p95:7.2f} ms  {p50 / base:6.1f} look-ups")
            return p95

        slowest = 0.0
        for typed in TYPED:
            slowest = max(
                slowest,
                await show(typed, lambda _n, t=typed: suggestions(connection, t, UNTIL, "WIB")),  # type: ignore[misc]
            )
        whole = TYPED[7]
        # Each letter of a sentence as it is typed.
        slowest = max(
            slowest,
            await show(
                "… as it is typed, letter by letter",
                lambda n: suggestions(connection, whole[: n % len(whole) + 1], UNTIL, "WIB"),
            ),
        )
        await show(
            "earlier, by number and NPWP",
            lambda n: read_earlier(connection, *_person(n % people + 1)),
        )
        await show(
            "how many those are",
            lambda n: count_earlier(connection, *_person(n % people + 1)),
        )
        print(f"search p95 at most {slowest:.1f} ms: {'within' if slowest < LIMIT_MS else 'OVER'}")
        await show_plans(connection)


def _person(number: int) -> tuple[list[str], str]:
    return [f"+62810{number:08d}"], f"0000{number:012d}"


async def _by_key(connection: Connection, number: int) -> object:
    return await connection.fetchval(
        "SELECT outcome FROM consultations WHERE call_id = $1", f"contoh-{number}"
    )


async def show_plans(connection: Connection) -> None:
    """How PostgreSQL answers the slowest kinds of questions."""
    tsquery = "('gagal') | ('unggah')", "('gagal') & ('unggah')"
    asked: dict[str, tuple[Any, ...]] = {
        "words_meant": (["paswod", "penaw"], 2),
        "suggest_answers": (tsquery[0], tsquery[0], "gagal unggah", UNTIL, 10),
        "suggest_solved": (
            *(tsquery[0], tsquery[0], "gagal unggah", tsquery[1]),
            *(10, NEWEST, WITH_ALL, *backwards(UNTIL)),
        ),
        "earlier_consultations": (*_person(1), None, 20),
    }
    for name, arguments in asked.items():
        print(f"\n{name}")
        async with connection.transaction():
            await connection.execute("SET LOCAL enable_seqscan = off")
            lines = await connection.fetch(
                f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {sql(name)}", *arguments
            )
        for line in lines:
            print(f"    {line[0]}")


async def fill(url: str, consultations: int) -> None:
    """Made-up consultations and the answers that come with the program."""
    await migrate(url)
    years = 5 if consultations > 50_000 else 1
    plan = SeedPlan(consultations=consultations, years=years, until=UNTIL, seed=1)
    began = time.monotonic()
    rows = await seed(url, plan, example_office("WIB", plan), lambda _more: None)
    took = time.monotonic() - began
    print(f"{sum(rows.values()):,} rows in {took:.0f} s, {sum(rows.values()) / took:,.0f} a second")
    content = tomllib.loads((DATA / "answers" / "usulan-1.toml").read_text("utf-8"))
    await add_answers(url, parse_answers(content), "bench")


def main() -> None:
    """Run on a server of our own, and leave nothing behind."""
    consultations = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    if url := os.environ.get("DATABASE_URL"):
        asyncio.run(measure(url))
        return
    with tempfile.TemporaryDirectory(prefix="lpse-bench-") as folder:
        server = PostgresServer(Path(folder))
        url = server.start()
        try:
            asyncio.run(fill(url, consultations))
            asyncio.run(measure(url))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
