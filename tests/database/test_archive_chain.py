"""The chain of archived forms on a real database: made by recording, and what breaks it is told."""

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import asyncpg
import pytest

from agent.database.archive_chain import (
    ENTRIES_AT_A_TIME,
    PATHS_AT_A_TIME,
    ArchiveEntry,
    ArchiveReport,
    chain_of,
    check_archive,
)
from agent.database.connect import Connection
from agent.database.migrations import FOLDER
from agent.database.queries import sql
from agent.database.writer import Writer
from tests.database.agents import running_writer
from tests.database.stories import MORNING, abandoned, escalated, in_turn, solved

FILES = {f"forms/{number}.json": "ab" * 32 for number in (1, 2, 3)}
UNSWITCH = "ALTER TABLE archive_entries DISABLE TRIGGER ALL"


@pytest.fixture
async def filled(url: str) -> str:
    """Three calls at once, archived in their order."""
    stories = [escalated(1), solved(2, MORNING + timedelta(minutes=9)), abandoned(3)]
    async with running_writer(url) as writer:
        for record in in_turn(stories):
            await writer.record(record)
    return url


async def looked_at(url: str, files: dict[str, str] = FILES) -> ArchiveReport:
    def paths() -> Iterator[str]:
        yield from files

    return await check_archive(url, files.get, paths)


def faults(report: ArchiveReport) -> list[tuple[str, str]]:
    return [(finding.fault, finding.path) for finding in report.findings]


async def entries_of(connection: Connection) -> list[ArchiveEntry]:
    rows = await connection.fetch("SELECT * FROM archive_entries ORDER BY sequence")
    return [ArchiveEntry(**dict(row), form_number="", as_recorded=True) for row in rows]


async def test_every_archived_call_is_chained_in_the_order_of_recording(
    filled: str, connection: Connection
) -> None:
    entries = await entries_of(connection)
    assert [entry.sequence for entry in entries] == [1, 2, 3]
    assert sorted(entry.call_id for entry in entries) == ["call-1", "call-2", "call-3"]
    assert entries[0].previous_chain == ""
    for entry, following in pairwise(entries):
        assert following.previous_chain == entry.chain
    assert [entry.chain for entry in entries] == [chain_of(entry) for entry in entries]
    report = await looked_at(filled)
    assert (report.entries, report.chain, report.findings) == (3, entries[-1].chain, ())


async def test_a_record_that_comes_again_makes_no_second_entry(
    url: str, connection: Connection
) -> None:
    records = solved(1).records
    for _ in range(2):
        async with running_writer(url) as writer:
            for record in records:
                await writer.record(record)
    await connection.execute("UPDATE consultations SET archived_at = archived_at")
    assert len(await entries_of(connection)) == 1


async def test_two_writers_at_once_make_one_chain(url: str, connection: Connection) -> None:
    async def record(writer: Writer, numbers: range) -> None:
        for number in numbers:
            for one in solved(number, MORNING + timedelta(hours=number)).records:
                await writer.record(one)

    async with running_writer(url) as one, running_writer(url) as other:
        await asyncio.gather(record(one, range(1, 16)), record(other, range(16, 31)))
    entries = await entries_of(connection)
    assert [entry.sequence for entry in entries] == list(range(1, 31))
    files = {f"forms/{number}.json": "ab" * 32 for number in range(1, 31)}
    assert not (await looked_at(url, files)).findings


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE archive_entries SET sha256 = ''",
        "DELETE FROM archive_entries",
        "TRUNCATE archive_entries",
    ],
)
async def test_entries_are_only_ever_added_to(
    filled: str, connection: Connection, statement: str
) -> None:
    with pytest.raises(asyncpg.RestrictViolationError):
        await connection.execute(statement)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({**FILES, "forms/2.json": "cd" * 32}, [("file_changed", "forms/2.json")]),
        ({k: v for k, v in FILES.items() if "3" not in k}, [("file_missing", "forms/3.json")]),
        ({**FILES, "forms/4.json": "ab" * 32}, [("file_unknown", "forms/4.json")]),
        ({**FILES, "x\udcff\x07": "ab" * 32}, [("file_unknown", "x?\x07")]),
    ],
)
async def test_what_is_wrong_with_a_file_is_told(
    filled: str, files: dict[str, str], told: list[tuple[str, str]]
) -> None:
    assert faults(await looked_at(filled, files)) == told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "UPDATE archive_entries SET sha256 = repeat('cd', 32) WHERE call_id = 'call-2'",
            ["entry_changed", "file_changed", "record_differs"],
        ),
        (
            "UPDATE archive_entries SET archived_at = archived_at - interval '1 minute' "
            "WHERE call_id = 'call-2'",
            ["entry_changed", "record_differs"],
        ),
        (
            "DELETE FROM archive_entries WHERE sequence = 2",
            ["chain_broken", "entry_missing", "file_unknown"],
        ),
        (
            "DELETE FROM archive_entries WHERE sequence = 3",
            ["entry_missing", "file_unknown"],
        ),
        (  # as one would who knows how an entry is made, but cannot make all later ones anew
            "UPDATE archive_entries SET path = 'forms/x.json', chain = archive_chain("
            "previous_chain, sequence, archived_at, sha256, call_id, 'forms/x.json') "
            "WHERE sequence = 1",
            ["chain_broken", "file_missing", "file_unknown", "record_differs"],
        ),
        (
            "UPDATE consultations SET archive_sha256 = repeat('cd', 32) WHERE call_id = 'call-1'",
            ["record_differs"],
        ),
    ],
)
async def test_whatever_is_changed_in_the_record_breaks_the_chain(
    filled: str, connection: Connection, change: str, told: list[str]
) -> None:
    await connection.execute(UNSWITCH)
    await connection.execute(change)
    assert sorted(fault for fault, _ in faults(await looked_at(filled))) == told


async def test_a_file_whose_record_is_still_on_its_way_is_no_stranger(
    url: str, connection: Connection
) -> None:
    """The archive is written first; the record follows, after an outage much later."""
    story = solved(1)
    async with running_writer(url) as writer:
        for record in story.records[:-1]:
            await writer.record(record)
    files = {"2026/call-1.pdf": "ab" * 32, "2026/call-2.pdf": "ab" * 32}
    assert faults(await looked_at(url, files)) == [("file_unknown", "2026/call-2.pdf")]


async def test_pages_hold_together(url: str, connection: Connection) -> None:
    """More entries and files than are looked at in one piece."""
    many = max(ENTRIES_AT_A_TIME, PATHS_AT_A_TIME) + 3
    await connection.execute(
        "ALTER TABLE archive_entries DROP CONSTRAINT archive_entry_without_consultation"
    )
    await connection.execute(
        "SELECT enter_into_archive('call-' || n, 'forms/' || n, repeat('ab', 32), now())"
        " FROM generate_series(1, $1) AS n",
        many,
    )
    files = {f"forms/{number}": "ab" * 32 for number in range(1, many + 2)}
    report = await looked_at(url, files)
    assert report.entries == many
    assert {fault for fault, _ in faults(report)} == {"record_differs", "file_unknown"}
    assert ("file_unknown", f"forms/{many + 1}") in faults(report)


async def test_forms_of_before_the_chain_are_chained_by_the_migration(
    filled: str, connection: Connection
) -> None:
    before = await entries_of(connection)
    await connection.execute("DROP TABLE archive_entries CASCADE")
    for function in (
        "refuse_change_of_archive_entries",
        "archive_chain",
        "enter_into_archive",
        "chain_archived_consultation",
    ):
        await connection.execute(f"DROP FUNCTION {function} CASCADE")
    [migration] = FOLDER.glob("*_chain_the_archive.sql")
    await connection.execute(migration.read_text())
    entries = await entries_of(connection)
    assert [entry.archived_at for entry in entries] == sorted(e.archived_at for e in before)
    assert not (await looked_at(filled)).findings


def test_the_chains_hash_is_of_everything_in_the_entry() -> None:
    entry = ArchiveEntry(
        sequence=2,
        call_id="c",
        path="p",
        sha256="s",
        archived_at=MORNING,
        previous_chain="before",
        chain="",
        form_number="",
        as_recorded=True,
    )
    told = b"before\n2\n2026-03-02T02:00:00.000000Z\ns\nc\np"
    assert chain_of(entry) == hashlib.sha256(told).hexdigest()


async def test_the_archives_queries_can_be_prepared(connection: Connection) -> None:
    for name in ("archive_entries_after", "archived_without_entry", "paths_without_entry"):
        await connection.prepare(sql(name))
