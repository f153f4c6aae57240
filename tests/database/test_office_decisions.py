"""The newest decision of a kind counts; files bring new versions and never an old one back."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from agent.database.connect import Connection
from agent.database.errors import OfficeDecisionStale, OfficeFileChanged
from agent.database.office_decisions import (
    NewDecision,
    all_decisions,
    decide,
    decide_by_files,
    decided_version,
    names_in_force,
    read_decided,
)
from agent.database.office_files import Kind
from agent.database.pool import Pool

FIRST: dict[Kind, tuple[str, object]] = {
    "form": ("form-1", {"a": 1}),
    "office_hours": ("LPSE 1", {"b": 1}),
    "priority_table": ("table-1", {"c": 1}),
}


def table(name: str, based_on: str, content: object = None) -> NewDecision:
    return NewDecision(
        kind="priority_table", name=name, content=content or {"c": name}, based_on=based_on,
        by="ratna", reason="Surat Edaran 12",
    )  # fmt: skip


@pytest_asyncio.fixture
async def pool(url: str) -> AsyncIterator[Pool]:
    """The pages' way to an office whose files were read once."""
    await decide_by_files(url, FIRST)
    made = Pool(url)
    yield made
    await made.aclose()


async def test_files_decide_at_the_first_start_and_a_repeat_changes_nothing(
    pool: Pool, connection: Connection
) -> None:
    await decide_by_files(pool.url, FIRST)
    assert await names_in_force(pool.url) == {kind: name for kind, (name, _) in FIRST.items()}
    decisions = await all_decisions(connection)
    assert [(one.decided_by, one.reason) for one in decisions] == [(None, None)] * 3


async def test_the_version_that_counts_is_read_by_itself(pool: Pool) -> None:
    assert await decided_version(pool.url, "priority_table") == {"c": 1}
    await decide(pool, table("kantor-1", "table-1"))
    assert await decided_version(pool.url, "priority_table") == {"c": "kantor-1"}
    assert await decided_version(pool.url, "office_rules") is None


async def test_a_version_that_was_kept_before_anybody_decided_counts_by_its_file(
    url: str, connection: Connection
) -> None:
    await connection.execute(
        "INSERT INTO office_files (kind, name, content, sha256) VALUES ('form', 'newer', '{}', 'x')"
    )
    await decide_by_files(url, FIRST)
    await decide_by_files(url, FIRST)
    assert (await names_in_force(url))["form"] == "form-1"


async def test_who_decides_is_kept_with_his_reason_in_both_records(
    pool: Pool, connection: Connection
) -> None:
    await decide(pool, table("kantor-1", "table-1"))
    decided = await read_decided(pool.url)
    counts = decided.in_force["priority_table"]
    assert (counts.name, counts.decided_by, counts.reason) == (
        "kantor-1", "ratna", "Surat Edaran 12",
    )  # fmt: skip
    assert decided.files["priority_table"] == {"table-1": {"c": 1}, "kantor-1": {"c": "kantor-1"}}
    act = await connection.fetchrow("SELECT by, action, subject, detail FROM audit_log")
    assert tuple(act)[:3] == ("ratna", "office_decided", "priority_table")
    assert msgspec.json.decode(act["detail"]) == {
        "version": "kantor-1",
        "before": "table-1",
        "reason": "Surat Edaran 12",
    }


async def test_the_file_of_a_version_that_was_replaced_does_not_bring_it_back(pool: Pool) -> None:
    await decide(pool, table("kantor-1", "table-1"))
    await decide_by_files(pool.url, FIRST)
    assert (await names_in_force(pool.url))["priority_table"] == "kantor-1"
    await decide_by_files(pool.url, {**FIRST, "priority_table": ("table-2", {"c": 2})})
    assert (await names_in_force(pool.url))["priority_table"] == "table-2"


async def test_who_saw_another_version_decides_nothing(pool: Pool, connection: Connection) -> None:
    await decide(pool, table("kantor-1", "table-1"))
    with pytest.raises(OfficeDecisionStale):
        await decide(pool, table("kantor-2", "table-1"))
    assert (await names_in_force(pool.url))["priority_table"] == "kantor-1"
    assert await connection.fetchval("SELECT count(*) FROM office_files WHERE name='kantor-2'") == 0
    assert await connection.fetchval("SELECT count(*) FROM audit_log") == 1


async def test_of_two_who_decide_at_once_one_is_told_of_the_other(pool: Pool) -> None:
    results = await asyncio.gather(
        *(decide(pool, table(f"kantor-{n}", "table-1")) for n in (1, 2)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in results) == ["NoneType", "OfficeDecisionStale"]


async def test_a_file_that_changed_without_a_new_version_decides_nothing(pool: Pool) -> None:
    changed: dict[Kind, tuple[str, object]] = {**FIRST, "form": ("form-1", {"a": 2})}
    changed["priority_table"] = ("table-2", {"c": 2})
    with pytest.raises(OfficeFileChanged):
        await decide_by_files(pool.url, changed)
    assert (await names_in_force(pool.url))["priority_table"] == "table-1"


@pytest.mark.parametrize(
    "statement",
    ["UPDATE office_decisions SET reason = 'x'", "DELETE FROM office_decisions",
     "TRUNCATE office_decisions"],
)  # fmt: skip
async def test_a_decision_is_only_ever_added(
    pool: Pool, connection: Connection, statement: str
) -> None:
    with pytest.raises(asyncpg.RestrictViolationError):
        await connection.execute(statement)
    assert len(await names_in_force(pool.url)) == 3


async def test_nobody_decides_without_saying_why(pool: Pool, connection: Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(
            "INSERT INTO office_decisions (kind, name, decided_by) VALUES ('form', 'form-1', 'x')"
        )
