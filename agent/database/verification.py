"""Whether a live database keeps the promises of its record; looks, and never changes anything.

Everything is seen at one moment (one read-only transaction), so calls may go on meanwhile. What
concerns tables is asked in SQL; what concerns a call's log is looked at call by call, in a stream.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from agent.database.call_check import CallCheck
from agent.database.connect import Connection, connected
from agent.database.findings import Finding, Promise, Tally
from agent.database.queries import sql
from agent.database.rejudging import stored_calls
from agent.database.schema import FILE as SCHEMA_FILE
from agent.database.sops import changed_sops, read_sops
from agent.database.ticket_check import check_tickets
from agent.domain.consultation import Outcome
from agent.domain.fairness import TOLERANCE
from agent.domain.rules import CallRules
from agent.runtime import clock

ARCHIVED_WITHIN = timedelta(minutes=10)
"""What SOP step 7 allows."""
LONGEST_TALK = timedelta(hours=8)
"""Nothing ends a conversation but the people in it; one of a working day has no people in it."""
BESIDES_WAITING = timedelta(minutes=15)
"""Welcome, ringing, apology and closing, and an agent that was restarted and began a wait anew."""

STATEMENT_S = 900.0
WHOLE_S = 3 * 3600.0
ROWS_AT_A_TIME = 1000

_GUARDS = re.compile(r"(?:ADD CONSTRAINT|CREATE TRIGGER) (\w+)")


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls are looked at, by their arrival, and what is allowed of them.

    `until` is the first moment no longer wanted; `looked_at` is the present where it is not given.
    `sha256_of` tells the hash of an archived file, or None where there is none; without it no file
    is looked at.
    """

    since: datetime | None = None
    until: datetime | None = None
    archived_within: timedelta = ARCHIVED_WITHIN
    longest_talk: timedelta = LONGEST_TALK
    looked_at: datetime | None = None
    sha256_of: Callable[[str], str | None] | None = None


async def verify(url: str, scope: Scope | None = None) -> list[Finding]:
    """Look at every promise, in an order that people read. Raises DatabaseUnreachable."""
    scope = scope or Scope()
    async with (
        connected(url, STATEMENT_S, WHOLE_S) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        tables = await _look_at_tables(connection, scope)
        tickets = await check_tickets(connection, scope.since, scope.until)
        check = CallCheck(await read_sops(connection), tables["times_in_order"])
        documents = await _look_at_calls(connection, scope, check)
    findings = [tally.finding() for tally in (*tables.values(), tickets)] + check.findings()
    return [*findings, documents.finding()] if scope.sha256_of else findings


Question = tuple[str, tuple[object, ...]]
"""A named query with what it is asked about."""


def questions(scope: Scope) -> dict[Promise, Question]:
    """What each promise that concerns whole tables asks of the database."""
    now = scope.looked_at or clock.now()
    period = scope.since, scope.until
    too_long_ago = now - scope.archived_within
    # A day on each side, because a year begins at the office's midnight.
    first_year = (scope.since - timedelta(days=1)).year if scope.since else 0
    last_year = (scope.until + timedelta(days=1)).year if scope.until else 9999
    limits = now - scope.longest_talk, now, BESIDES_WAITING, CallRules(sop="").longest_wait_seconds
    return {
        "guards_in_place": ("verify_guards", (_GUARDS.findall(SCHEMA_FILE.read_text()),)),
        "one_consultation": ("verify_consultations", period),
        "outcomes_add_up": ("verify_outcomes", (*period, list(Outcome))),
        "times_in_order": ("verify_times", (*period, TOLERANCE)),
        "archived_in_time": ("verify_archiving", (*period, too_long_ago, scope.archived_within)),
        "none_endless": ("verify_endless", (*period, *limits)),
        "numbers_closed": ("verify_numbers", (first_year, last_year)),
        "tickets_of_escalated": ("verify_tickets", (*period, too_long_ago)),
        "deviations_as_said": ("verify_standings", period),
        "no_orphans": ("verify_orphans", ()),
    }


async def _look_at_tables(connection: Connection, scope: Scope) -> dict[Promise, Tally]:
    tallies: dict[Promise, Tally] = {"procedures_unchanged": Tally("procedures_unchanged")}
    for name in await changed_sops(connection):
        tallies["procedures_unchanged"].add("procedure_changed", name)
    for promise, (query, arguments) in questions(scope).items():
        tallies[promise] = Tally(promise)
        async for row in connection.cursor(sql(query), *arguments, prefetch=ROWS_AT_A_TIME):
            tallies[promise].add(row["what"], row["example"])
    counted = await connection.fetch(sql("count_outcomes"), scope.since, scope.until)
    tallies["outcomes_add_up"].measure("offered", sum(row["calls"] for row in counted))
    for row in counted:
        tallies["outcomes_add_up"].measure(row["outcome"], row["calls"])
    return tallies


async def _look_at_calls(connection: Connection, scope: Scope, check: CallCheck) -> Tally:
    """Every call in the order of arrival; answers what was found of the archived files."""
    documents = Tally("documents_kept")
    async for example, document, erased in stored_calls(connection, scope.since, scope.until):
        whole = check.look(example, document)
        form = whole.consultation if whole else None
        if form and form.archive_path and scope.sha256_of:
            sha256 = await asyncio.to_thread(scope.sha256_of, form.archive_path)
            if erased:
                if sha256:
                    documents.add("document_left", example)
            elif sha256 != form.archive_sha256:
                documents.add("document_changed" if sha256 else "document_missing", example)
    return documents
