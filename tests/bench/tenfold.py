"""Ten million calls out of one: each made-up call of a seeded database ten times.

    DATABASE_URL=… python -m tests.bench.tenfold [--times 10]

Changes the database that it is given, which must hold nothing but what `lpse-agent seed` wrote. A
copy arrives some seconds after its pattern and has an id and numbers of its own, its form, steps,
deviations, ticket and searched text; not its events, the state that a restart begins from, and its
archive. So a month has ten times its calls, and what pages, search and recap read is all there.
"""

import argparse
import asyncio
import os
import time

from agent.database.bare_tables import bare
from agent.database.connect import Connection, connected

STATEMENT_S, WHOLE_S = 3600.0, 24 * 3600.0
CALL_ID = "'contoh-' || (substr(call_id, 8)::bigint + {ahead})"
FORM_NUMBER = "(form_sequence + {ahead}) || substring(form_number FROM '/.*')"
TICKET_NUMBER = (
    "regexp_replace(ticket_number, '-[0-9]+',"
    " '-' || (split_part(ticket_number, '-', 2)::bigint + {ahead}))"
)
LATER = "{column} + {copy} * interval '7 seconds'"
COPIED: dict[str, dict[str, str]] = {
    "calls": {"channel": "channel || '-' || {copy}", "state": "'{{}}'", "arrived_at": LATER},
    "consultations": {"form_number": FORM_NUMBER, "ticket_number": TICKET_NUMBER},
    "consultation_forms": {"arrived_at": LATER},
    "consultation_steps": {},
    "deviations": {"arrived_at": LATER},
    "tickets": {"ticket_number": TICKET_NUMBER},
    "solved_texts": {"solved_at": LATER},
}
"""What is not the pattern's own in a copy, beside its id."""


async def multiply(url: str, times: int) -> None:
    """All or nothing."""
    async with connected(url, STATEMENT_S, WHOLE_S) as connection:
        strange = await connection.fetchval(
            "SELECT count(*) FROM calls WHERE call_id !~ '^contoh-[0-9]+$'"
        )
        count = await connection.fetchval("SELECT count(*) FROM calls")
        last = await connection.fetchval("SELECT max(substr(call_id, 8)::bigint) FROM calls")
        if strange or count != last:
            raise SystemExit("This database does not hold the calls of one seed and nothing else.")
        began = time.monotonic()
        async with connection.transaction(), bare(connection, tuple(COPIED)):
            for table in COPIED:
                await _copy(connection, table, times, count)
                print(f"{time.monotonic() - began:6.0f} s  {table}", flush=True)
        print(f"{time.monotonic() - began:6.0f} s  indexes and keys", flush=True)
        await connection.execute("VACUUM ANALYZE")
        print(f"{time.monotonic() - began:6.0f} s  {count * times:,} calls", flush=True)


async def _copy(connection: Connection, table: str, times: int, count: int) -> None:
    columns = await connection.fetch(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'",
        table,
    )
    changed = {"call_id": CALL_ID, **COPIED[table]}
    names = [str(row["column_name"]) for row in columns]
    values = [changed.get(name, "{column}").format(
        column=name, copy="copy", ahead=f"copy * {count}") for name in names]  # fmt: skip
    await connection.execute(
        f"INSERT INTO {table} ({', '.join(names)})"  # noqa: S608 the schema's own names
        f" SELECT {', '.join(values)} FROM {table}, generate_series(1, {times - 1}) AS copy"
    )


def main() -> None:
    """Needs DATABASE_URL."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--times", type=int, default=10)
    asyncio.run(multiply(os.environ["DATABASE_URL"], options.parse_args().times))


if __name__ == "__main__":
    main()
