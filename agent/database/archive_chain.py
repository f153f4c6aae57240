"""Whether the archive is what was archived: every file by its hash, every entry by its chain.

Looks, and never changes anything; it may run beside the service.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import PurePosixPath
from typing import Literal

import msgspec
from msgspec.structs import replace

from agent.database.connect import Connection, connected
from agent.database.queries import sql

STATEMENT_S = 60.0
WHOLE_S = 24 * 3600.0
ENTRIES_AT_A_TIME = 500
MADE_AT_A_TIME = 20_000
FILES_AT_ONCE = 8
"""A store far away answers each in its own time."""
PATHS_AT_A_TIME = 1000

Fault = Literal[
    "file_missing",
    "file_changed",
    "file_unknown",
    "file_left",
    "entry_missing",
    "entry_changed",
    "chain_broken",
    "record_differs",
]
SENTENCES: dict[Fault, str] = {
    "file_missing": "the archived file is not there",
    "file_changed": "the archived file has another content than was archived",
    "file_left": "the form was erased, and its file is still there",
    "file_unknown": "nothing on record says that this file was archived",
    "entry_missing": "the chain has no entry of it",
    "entry_changed": "the entry has another content than its hash was made of",
    "chain_broken": "the entry does not follow the one before it",
    "record_differs": "the record names another file, hash or time than the entry",
}


class ArchiveEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One link of the chain, and whether the consultation's own record says the same."""

    sequence: int
    call_id: str
    path: str
    sha256: str
    archived_at: datetime
    previous_chain: str
    chain: str
    form_number: str
    as_recorded: bool
    supplement: bool = False
    """A sheet about a deviation, and not the form itself."""
    erased: bool = False
    """Its time in the archive is over: the file is gone, the entry stays."""


class ArchiveFinding(msgspec.Struct, frozen=True):
    """One thing that is wrong: of which form (none for an unknown file) and which file."""

    fault: Fault
    form_number: str | None
    path: str
    sentence: str


class ArchiveReport(msgspec.Struct, frozen=True):
    """What was looked at; `chain` is the last hash, to be compared with one noted elsewhere."""

    entries: int
    supplements: int
    """How many of the entries are no forms, but sheets that supplement one."""
    chain: str
    findings: tuple[ArchiveFinding, ...]


def chain_of(entry: ArchiveEntry) -> str:
    """The hash that the entry must have; the schema's function archive_chain makes the same."""
    return _chain(
        entry.previous_chain,
        entry.sequence,
        entry.archived_at,
        entry.sha256,
        entry.call_id,
        entry.path,
    )


def _chain(
    previous: str, sequence: int, archived_at: datetime, sha256: str, call_id: str, path: str
) -> str:
    at = archived_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    told = (previous, str(sequence), at, sha256, call_id, path)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


async def chain_all_archived(connection: Connection) -> None:
    """Make the entries of all archived consultations at once, in a transaction; there are none yet.

    For one at a time the table's own trigger does it.
    """
    # One that asyncpg opens stays open and would keep the table from being altered.
    await connection.execute(f"DECLARE archived CURSOR FOR {sql('archived_in_order')}")
    sequence, chain = 0, ""
    while rows := await connection.fetch(f"FETCH {MADE_AT_A_TIME} FROM archived"):
        made = []
        for row in rows:
            call_id, path, sha256, at = row.values()
            sequence, before = sequence + 1, chain
            chain = _chain(before, sequence, at, sha256, call_id, path)
            made.append((sequence, call_id, path, sha256, at, before, chain))
        await connection.copy_records_to_table("archive_entries", records=made)
    await connection.execute("CLOSE archived")


async def check_archive(
    url: str, sha256_of: Callable[[str], str | None], paths: Callable[[], Iterator[str]]
) -> ArchiveReport:
    """Look at every entry and every file; both callables wait and are called in threads.

    Raises DatabaseUnreachable and what the callables raise.
    """
    async with connected(url, STATEMENT_S, WHOLE_S) as connection:
        # Files first: what is archived meanwhile has its entry by the time it is asked for.
        findings = await _unknown_files(connection, paths)
        report = await _check_entries(connection, sha256_of)
        lost = await connection.fetch(sql("archived_without_entry"))
    findings = [*report.findings, *findings]
    findings += [_finding("entry_missing", row["form_number"], row["path"]) for row in lost]
    return replace(report, findings=tuple(findings))


async def _unknown_files(
    connection: Connection, paths: Callable[[], Iterator[str]]
) -> list[ArchiveFinding]:
    found, files = [], paths()
    while page := await asyncio.to_thread(lambda: list(islice(files, PATHS_AT_A_TIME))):
        shown = [path.encode("utf-8", "replace").decode() for path in page]
        # A form has its call's name, a supplement has more behind it.
        calls = [PurePosixPath(path).name.partition(".")[0] for path in shown]
        rows = await connection.fetch(sql("paths_without_entry"), shown, calls)
        found += [_finding("file_unknown", None, row["path"]) for row in rows]
    return found


async def _check_entries(
    connection: Connection, sha256_of: Callable[[str], str | None]
) -> ArchiveReport:
    findings: list[ArchiveFinding] = []
    sequence, supplements, chain = 0, 0, ""
    page = await connection.prepare(sql("archive_entries_after"))
    while rows := await page.fetch(sequence, ENTRIES_AT_A_TIME):
        entries = [msgspec.convert(dict(row), ArchiveEntry) for row in rows]
        kept = await _hashes(entries, sha256_of)
        for entry, sha256 in zip(entries, kept, strict=True):
            faults = _faults(entry, sequence, chain, sha256)
            findings += [_finding(fault, entry.form_number, entry.path) for fault in faults]
            sequence, chain = entry.sequence, entry.chain
            supplements += entry.supplement
    return ArchiveReport(sequence, supplements, chain, tuple(findings))


def _faults(entry: ArchiveEntry, sequence: int, chain: str, sha256: str | None) -> list[Fault]:
    found: list[Fault] = []
    if entry.erased:
        found += ["file_left"] if sha256 else []
    elif sha256 is None:
        found.append("file_missing")
    elif sha256 != entry.sha256:
        found.append("file_changed")
    if entry.chain != chain_of(entry):
        found.append("entry_changed")
    if (entry.sequence, entry.previous_chain) != (sequence + 1, chain):
        found.append("chain_broken")
    if not entry.as_recorded:
        found.append("record_differs")
    return found


async def _hashes(
    entries: list[ArchiveEntry], sha256_of: Callable[[str], str | None]
) -> list[str | None]:
    found: list[str | None] = []
    for place in range(0, len(entries), FILES_AT_ONCE):
        some = entries[place : place + FILES_AT_ONCE]
        found += await asyncio.gather(*(asyncio.to_thread(sha256_of, entry.path) for entry in some))
    return found


def _finding(fault: Fault, form_number: str | None, path: str) -> ArchiveFinding:
    return ArchiveFinding(fault, form_number, path, SENTENCES[fault])
