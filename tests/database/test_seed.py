"""Made-up consultations keep every promise of the record, and come to no real calls."""

from datetime import date

import asyncpg
import pytest

from agent.commands.seed import example_office
from agent.database.connect import Connection
from agent.database.errors import DatabaseInUse
from agent.database.search import suggest
from agent.database.seed import SeedPlan, marked, seed
from agent.database.verification import verify
from tests.database.form_stories import record_all, told_records
from tests.databases import database
from tests.domain.made_up import read

PLAN = SeedPlan(consultations=600, years=2, until=date(2026, 3, 2), seed=1)


async def fill(url: str, plan: SeedPlan = PLAN) -> dict[str, int]:
    written: list[int] = []
    rows = await seed(url, plan, example_office("WIB", plan), written.append)
    assert sum(written) == plan.consultations
    return rows


async def test_they_keep_every_promise_and_have_every_outcome(
    url: str, connection: Connection
) -> None:
    rows = await fill(url)
    findings = await verify(url)
    assert [f.sentence for f in findings if not f.holds] == []
    offered = next(f for f in findings if f.promise == "outcomes_add_up").counts
    assert offered["offered"] == 600
    assert len(offered) > 8
    for table, count in rows.items():
        assert count == await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608
        assert count > 0
    assert 0.4 < await connection.fetchval("SELECT count(*) FROM solved_texts") / 600 < 0.8
    assert (await suggest(url, "apendo gagal", date(2026, 3, 2), "WIB"))[0].problem


async def test_numbers_of_each_year_begin_at_one_and_people_call_again(
    url: str, connection: Connection
) -> None:
    await fill(url)
    years = await connection.fetch(
        "SELECT form_year, min(form_sequence) AS first, max(form_sequence) AS last, "
        "count(*) AS calls FROM consultations GROUP BY 1 ORDER BY 1"
    )
    assert [year["form_year"] for year in years] == [2024, 2025, 2026]
    assert all(year["first"] == 1 and year["last"] == year["calls"] for year in years)
    callers = await connection.fetchval("SELECT count(DISTINCT caller_number) FROM calls")
    assert 50 < callers <= 100


async def test_nobody_takes_them_for_real(url: str, connection: Connection) -> None:
    await fill(url)
    for question in (
        "SELECT count(*) FROM calls WHERE line <> 'contoh' OR caller_number NOT LIKE '+62810%'",
        "SELECT count(*) FROM consultations WHERE form_number NOT LIKE '%/LPSE.CONTOH/%'",
        "SELECT count(*) FROM consultation_forms WHERE caller_name NOT LIKE '%(contoh)'",
        "SELECT count(*) FROM operators WHERE account < 'op-100' AND removed_at IS NULL",
    ):
        assert await connection.fetchval(question) == 0, question
    assert marked(read("sop/SOP-LPSE.BTG-017.toml"))["document"].endswith("(contoh)")


async def test_the_same_seed_makes_the_same_calls(server_url: str, template: str) -> None:
    kept = []
    for number in (1, 1, 2):
        async with database(server_url, template) as url:
            plan = SeedPlan(consultations=50, years=1, until=PLAN.until, seed=number)
            await fill(url, plan)
            eyes = await asyncpg.connect(url)
            kept.append(await eyes.fetch("SELECT body::text FROM call_events ORDER BY call_id, 1"))
            await eyes.close()
    assert kept[0] == kept[1]
    assert kept[0] != kept[2]


async def test_a_database_with_calls_or_numbers_is_left_as_it_is(
    url: str, connection: Connection
) -> None:
    await record_all(url, told_records(1))
    with pytest.raises(DatabaseInUse, match="empty one only"):
        await fill(url)
    assert await connection.fetchval("SELECT count(*) FROM calls") == 1
    assert await connection.fetchval("SELECT count(*) FROM sop_revisions") == 1
