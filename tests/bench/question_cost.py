"""What a search and a page of the call log cost the database's own process, busy or not.

    python -m tests.bench.question_cost [--rounds 30]

Asks the database of DATABASE_URL, on this machine, without changing it. CPU is the time for which
the process of our one connection ran, as /proc tells it; the whole time is printed beside it.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median, quantiles

from agent.database.call_filter import CallFilter
from agent.database.call_search import calls_page
from agent.database.connect import connected
from agent.database.search import suggestions
from agent.domain.consultation import Outcome
from tests.bench.search_speed import TYPED, UNTIL


async def measure(url: str, rounds: int) -> None:
    """Each question so many times, after three that only warm up."""
    async with connected(url, 60.0, 3600.0) as connection:
        process = Path(f"/proc/{await connection.fetchval('SELECT pg_backend_pid()')}/schedstat")

        def ran() -> float:
            return int(process.read_text().split()[0]) / 1e6

        async def show(name: str, question: Callable[[], Awaitable[object]]) -> None:
            whole, cpu = [], []
            for _ in range(rounds + 3):
                before, began = ran(), time.perf_counter()
                await question()
                whole.append((time.perf_counter() - began) * 1000)
                cpu.append(ran() - before)
            of_cpu, of_whole = _ranks(cpu[3:]), _ranks(whole[3:])
            print(f"{name:<86} CPU {of_cpu}  whole {of_whole} ms", flush=True)

        for typed in TYPED:
            await show(typed, lambda t=typed: suggestions(connection, t, UNTIL, "WIB"))  # type: ignore[misc]
        person = await connection.fetchrow(
            "SELECT caller_name, company FROM consultation_forms "
            "WHERE company IS NOT NULL AND npwp IS NOT NULL LIMIT 1"
        )
        assert person, "there are forms"
        name = person["caller_name"].split()
        wanted = {
            "no filter": CallFilter(),
            "caller's last 4 digits": CallFilter(caller="0012"),
            "name, one word": CallFilter(name=name[0]),
            "name, two words": CallFilter(name=" ".join(name[:2])),
            "company, one word": CallFilter(company=person["company"].split()[1]),
            "name that nobody has": CallFilter(name="zzyzx"),
            "outcome prank": CallFilter(outcome=Outcome.PRANK),
            "no deviation": CallFilter(deviation=False),
            "deviation of kind output": CallFilter(deviation_kind="output"),
            "deviation of kind equipment": CallFilter(deviation_kind="equipment"),
            "category": CallFilter(category="06"),
            "one common word": CallFilter(text="gagal"),
            "three words": CallFilter(text="gagal unggah penawaran"),
            "a word that is nowhere": CallFilter(text="zzyzx"),
            "word, outcome, category": CallFilter(
                text="gagal", outcome=Outcome.ESCALATED, category="06"
            ),
        }
        for told, one in wanted.items():
            await show(told, lambda o=one: calls_page(connection, o))  # type: ignore[misc]
        of_name, after = wanted["name, one word"], None
        for _ in range(20):
            after = (await calls_page(connection, of_name, after)).following
        await show("name, one word, the 21st page", lambda: calls_page(connection, of_name, after))


def _ranks(took: list[float]) -> str:
    return f"p50 {median(took):6.1f} p95 {quantiles(took, n=20)[-1]:6.1f}"


def main() -> None:
    """Run on the database that is given."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=30)
    asyncio.run(measure(os.environ["DATABASE_URL"], options.parse_args().rounds))


if __name__ == "__main__":
    main()
