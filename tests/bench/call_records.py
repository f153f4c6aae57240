"""What became of the callers' calls: their records in PostgreSQL and Asterisk's own journal."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from agent.asterisk.cel_entries import parse_line
from agent.database.connect import connected

STATEMENT_S = 30.0

# A record is complete when every one of its events, its consultation and all steps are there.
_RECORDS = """
SELECT calls.caller_raw, calls.channel, calls.answered_at IS NOT NULL AS reached,
    extract(epoch FROM calls.arrived_at)::float8 AS arrived,
    extract(epoch FROM pg_xact_commit_timestamp(opening.xmin))::float8 AS durable,
    calls.stage = 'archived'
        AND consultations.archived_at IS NOT NULL
        AND consultations.outcome <> 'in_progress'
        AND opening.event = 'CallArrived'
        AND (
            SELECT (count(*), max(sequence)) = (calls.events, calls.events)
            FROM call_events WHERE call_events.call_id = calls.call_id
        )
        AND (
            SELECT count(*) FROM consultation_steps WHERE consultation_steps.call_id = calls.call_id
        ) = (
            SELECT jsonb_array_length(content -> 'steps')
            FROM sop_revisions WHERE sop_revisions.name = consultations.sop
        ) AS complete,
    consultations.archive_path, consultations.archive_sha256
FROM calls
LEFT JOIN consultations USING (call_id)
LEFT JOIN call_events AS opening ON opening.call_id = calls.call_id AND opening.sequence = 1
WHERE calls.caller_raw = ANY ($1)
"""


@dataclass(frozen=True)
class Outcome:
    """The calls of one round: how they are on record, and how long the first word of it took.

    Milliseconds from Asterisk's first look at the INVITE (CHAN_START) to the commit of the record
    that opens the consultation, and to the 200 OK that the agent sends only after that record.
    """

    wrong: dict[str, int]
    wrong_numbers: frozenset[str]
    reached: int
    recorded_ms: list[float]
    agent_ms: list[float]
    answered_ms: list[float]


async def unfinished(url: str) -> int:
    """How many calls are not archived yet."""
    async with connected(url, STATEMENT_S, STATEMENT_S) as connection:
        found = await connection.fetchval("SELECT count(*) FROM calls WHERE stage <> 'archived'")
    return int(found)


async def outcome_of(url: str, archive: Path, journal: Path, numbers: list[str]) -> Outcome:
    """Compare the calls that were made, each from a number of its own, with what is on record."""
    async with connected(url, STATEMENT_S, STATEMENT_S) as connection:
        rows = await connection.fetch(_RECORDS, numbers)
    started, answered = _journal_of(journal, {row["channel"] for row in rows})
    times = Counter(row["caller_raw"] for row in rows)
    wrong: dict[str, set[str]] = {
        "without a record": {number for number in numbers if not times[number]},
        "recorded twice": {number for number, count in times.items() if count > 1},
        "incomplete": set(),
        "without its document": set(),
        "without a time": set(),
    }
    recorded, agent, answer = [], [], []
    for row in rows:
        if not row["complete"]:
            wrong["incomplete"].add(row["caller_raw"])
        elif not _is_archived(archive / row["archive_path"], row["archive_sha256"]):
            wrong["without its document"].add(row["caller_raw"])
        entered = started.get(row["channel"])
        if entered is None or row["durable"] is None:
            wrong["without a time"].add(row["caller_raw"])
            continue
        recorded.append((row["durable"] - entered) * 1000)
        agent.append((row["durable"] - row["arrived"]) * 1000)
        if row["channel"] in answered:
            answer.append((answered[row["channel"]] - entered) * 1000)
    reached = sum(1 for row in rows if row["reached"])
    counts = {what: len(found) for what, found in wrong.items() if found}
    return Outcome(counts, frozenset().union(*wrong.values()), reached, recorded, agent, answer)


async def write_ahead_flush_ms(url: str) -> float | None:
    """The mean time of making the write-ahead log durable, in ms; None where nothing is known."""
    async with connected(url, STATEMENT_S, STATEMENT_S) as connection:
        found = await connection.fetchval(
            "SELECT sum(fsync_time) / nullif(sum(fsyncs), 0) FROM pg_stat_io WHERE object = 'wal'"
        )
    return None if found is None else float(found)


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of all lies; not a number when there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def _is_archived(file: Path, sha256: str) -> bool:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest() == sha256
    except OSError:
        return False


def _journal_of(
    journal: Path, channels: Iterable[str]
) -> tuple[dict[str, float], dict[str, float]]:
    """When each channel came to be and was answered, by Asterisk's microseconds."""
    wanted = set(channels)
    moments: dict[str, dict[str, float]] = {"began": {}, "answered": {}}
    for line in journal.read_bytes().splitlines():
        entry = parse_line(line)
        if entry and entry.kind in moments and entry.channel in wanted:
            moments[entry.kind][entry.channel] = entry.at.timestamp()
    return moments["began"], moments["answered"]
