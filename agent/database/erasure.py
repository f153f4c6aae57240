"""Erasure of one call's personal data: files first, then every table, and all of it on record.

`COLUMNS` is the one list of where texts are kept and what becomes of each; a test compares it with
the schema, so that whoever adds a column decides here, and one that is to be erased gets its
statement in `STATEMENTS`.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal

import msgspec

from agent.database.access import Access, keep_access
from agent.database.connect import Connection, connected
from agent.database.errors import DatabaseProblem
from agent.database.queries import sql
from agent.domain.identifiers import CallId
from agent.domain.personal_data import Person
from agent.runtime.errors import EffectFailed
from agent.runtime.person_keys import PersonKeys, PersonKeyUnreadable
from agent.runtime.purge import AT_A_TIME, Due, Files, Purged, Remove, Retention, What

STATEMENTS = (
    "erase_call",
    "erase_call_events",
    "erase_form",
    "erase_solved_text",
    "erase_outbox",
    "erase_corrections",
    "erase_ticket",
    "erase_ticket_events",
    "erase_ledger",
)
"""Run in this order with the call's id, after its erasure is on record."""

Fate = Literal["erased", "deleted", "statistic", "office", "technical", "keyed"]
"""erased: a mark stands there afterwards; deleted: the row goes; statistic: numbers, times,
choices, outcomes; office: what the office's own people said or are; technical: names of our own
making; keyed: a hash by a key that is not in the database."""

COLUMNS: dict[str, dict[str, Fate]] = {
    "answers": {
        "id": "office", "title": "office", "question": "office", "answer": "office",
        "category": "office", "application": "office", "source": "office", "made_by": "office",
        "changed_by": "office", "retired_by": "office", "words": "office",
    },
    "answer_versions": {
        "id": "office", "act": "statistic", "by": "office", "title": "office",
        "question": "office", "answer": "office", "category": "office",
        "application": "office", "source": "office",
    },
    "archive_entries": {
        "call_id": "technical", "path": "technical", "sha256": "technical",
        "previous_chain": "technical", "chain": "technical",
    },
    "deviation_words": {
        "call_id": "technical", "kind": "statistic", "step": "statistic", "role": "statistic",
        "verdict": "statistic", "text": "office", "by": "office", "reason": "statistic",
    },
    "equipment_deviations": {
        "kind": "statistic", "subject": "statistic", "proof": "statistic",
    },
    "outbox_messages": {
        "key": "statistic", "way": "statistic", "matter": "statistic", "call_id": "technical",
        "ticket_number": "statistic", "facts": "erased", "last_error": "erased",
        "accepted_as": "erased",
    },
    "recap_erasures": {"by": "office", "why": "office"},
    "recaps": {"path": "technical", "sha256": "technical", "totals": "statistic"},
    "search_words": {"word": "deleted", "stem": "deleted"},
    "solved_texts": {"call_id": "deleted", "words": "deleted"},
    "access_log": {
        "by": "office", "action": "statistic", "forms": "statistic", "person_key": "keyed",
        "purpose": "office",
    },
    "call_events": {
        "call_id": "technical", "source": "technical", "event": "statistic", "body": "erased",
    },
    "calls": {
        "call_id": "technical", "channel": "technical", "line": "technical",
        "caller_raw": "erased", "caller_number": "erased", "caller_shown": "erased",
        "stage": "statistic", "operator": "office", "state": "erased", "pending": "erased",
    },
    "consultation_forms": {
        "call_id": "technical", "form": "technical", "fields": "erased", "caller_name": "erased",
        "company": "erased", "npwp": "erased", "contact_phone": "erased",
        "application": "statistic", "category": "statistic",
    },
    "consultation_steps": {
        "call_id": "technical", "step": "statistic", "activity": "statistic",
        "state": "statistic", "evidence": "statistic",
    },
    "consultations": {
        "call_id": "technical", "form_number": "statistic", "sop": "technical",
        "outcome": "statistic", "decision": "statistic", "ticket_number": "statistic",
        "archive_path": "technical", "archive_sha256": "technical",
    },
    "deviations": {
        "call_id": "technical", "kind": "statistic", "step": "statistic", "operator": "office",
        "reason": "statistic", "standing": "statistic",
    },
    "erasures": {
        "call_id": "technical", "what": "statistic", "by": "office", "why": "office",
    },
    "exchange_ledger": {
        "channel": "deleted", "kind": "deleted", "mark": "deleted", "note": "deleted",
        "linked": "deleted", "entry": "deleted",
    },
    "exchange_ledger_position": {"first_line": "technical"},
    "feed_events": {"key": "technical", "kind": "statistic", "body": "statistic"},
    "form_supplements": {
        "call_id": "technical", "kind": "statistic", "step": "statistic", "path": "technical",
        "sha256": "technical",
    },
    "form_corrections": {
        "call_id": "technical", "by": "office", "field": "statistic", "raw": "erased",
        "value": "erased", "old_digest": "keyed", "new_digest": "keyed", "why": "office",
    },
    "lease": {"holder": "technical"},
    "legal_holds": {
        "form_number": "statistic", "person_key": "keyed", "key_check": "keyed",
        "reason": "office", "by": "office", "lifted_by": "office", "lifted_why": "office",
    },
    "number_reservations": {"kind": "technical", "holder": "technical"},
    "office_files": {
        "kind": "technical", "name": "technical", "content": "office", "sha256": "technical",
    },
    "office_decisions": {
        "kind": "technical", "name": "technical", "decided_by": "office", "reason": "office",
    },
    "operator_presence": {
        "operator": "office", "presence": "statistic", "reason": "statistic",
        "call_id": "technical", "by": "office",
    },
    "accounts": {
        "account": "office", "name": "office", "role": "office", "operator": "office",
        "password_hash": "office", "totp_seed": "office", "made_by": "office",
    },
    "sessions": {"digest": "technical", "account": "office"},
    "api_tokens": {
        "id": "technical", "digest": "technical", "name": "office", "scopes": "statistic",
        "made_by": "office", "operator": "office",
    },
    "audit_log": {
        "by": "office", "action": "statistic", "subject": "office", "detail": "office",
    },
    "operators": {
        "account": "office", "name": "office", "digest_sha256": "office", "digest_md5": "office",
    },
    "purges": {"by": "office"},
    "sop_revisions": {
        "name": "technical", "document": "office", "revision": "office", "content": "office",
        "sha256": "technical",
    },
    "ticket_events": {
        "ticket_number": "statistic", "by": "office", "event": "statistic", "body": "erased",
    },
    "tickets": {
        "ticket_number": "statistic", "call_id": "technical", "stage": "statistic",
        "level": "statistic", "priority": "statistic", "holder": "office",
        "external_number": "erased",
    },
    "webhook_subscriptions": {
        "url": "office", "kinds": "technical", "secret": "technical", "made_by": "office",
        "last_error": "technical",
    },
}  # fmt: skip

STATEMENT_S = 30.0
WHOLE_S = 60.0
NEWS_AT_A_TIME = 5000
NEWS_AT_MOST = 500_000
"""What a run leaves of what is too old to be told, the next one erases."""


class NotArchived(DatabaseProblem, EffectFailed):
    """A call that goes on, or whose form is not archived yet, is not erased."""


class ErasureStore:
    """Implements runtime.purge.Eraser; `removers` remove the files, `keys` tell held persons."""

    def __init__(self, url: str, keys: PersonKeys, removers: Mapping[Files, Remove]) -> None:
        self._url = url
        self._keys = keys
        self._removers = removers

    async def begin(self, by: str, now: datetime, retention: Retention) -> int:
        """Open a run and answer its number. Raises DatabaseUnreachable."""
        async with connected(self._url) as connection, connection.transaction():
            await connection.execute(sql("erasure_turn"))
            run = await connection.fetchval(
                sql("begin_purge"), by, now, retention.audio_days, retention.form_years
            )
        return int(run)

    async def due(
        self, what: What, now: datetime, retention: Retention, after: tuple[datetime, str]
    ) -> Sequence[Due]:
        """The next calls whose time is over. Raises DatabaseUnreachable, PersonKeyUnreadable."""
        query = "due_audio" if what == "audio" else "due_forms"
        kept = retention.audio_days if what == "audio" else retention.form_years
        async with connected(self._url, STATEMENT_S, WHOLE_S) as connection:
            rows = await connection.fetch(sql(query), now, kept, *after, AT_A_TIME)
            held = await self._held(connection, {r["call_id"]: r["form_number"] for r in rows})
        return [msgspec.convert({**row, "held": row["call_id"] in held}, Due) for row in rows]

    async def erase(
        self, call_id: CallId, what: What, *, by: str, why: str, purge: int | None = None
    ) -> bool:
        """Erase the sounds, or the whole form with them; False where a hold stands.

        All in one transaction that ends after the files are gone. Raises NotArchived,
        FileNotRemoved, DatabaseUnreachable.
        """
        async with (
            connected(self._url, STATEMENT_S, WHOLE_S) as connection,
            connection.transaction(),
        ):
            await connection.execute(sql("erasure_turn"))
            call = await connection.fetchrow(sql("files_of_call"), call_id)
            if call is None or not call["archived"]:
                raise NotArchived("Only a call whose form is archived can be erased.")
            if await self._held(connection, {call_id: call["form_number"]}):
                return False
            gone: tuple[What, ...] = ("audio", "form") if what == "form" else ("audio",)
            for part in gone:
                await connection.fetchval(sql("keep_erasure"), call_id, part, by, why, purge)
            if what == "form":
                for statement in STATEMENTS:
                    await connection.execute(sql(statement), call_id)
            access = Access(
                by=by, action="erase", purpose=f"{what}: {why}", forms=(call["form_number"],)
            )
            await keep_access(connection, access)
            for file in call["audio"]:
                await self._removers["audio"](file)
            if what == "form":
                for file in call["documents"]:
                    await self._removers["form"](file)
        return True

    async def due_recaps(self, now: datetime, retention: Retention) -> Sequence[date]:
        """Months whose recap must go, oldest first. Raises DatabaseUnreachable."""
        async with connected(self._url, STATEMENT_S, WHOLE_S) as connection:
            rows = await connection.fetch(sql("due_recaps"), now, retention.form_years)
        return [row["month"] for row in rows]

    async def erase_recap(self, month: date, *, by: str, why: str, purge: int) -> None:
        """Erase the files of a month's recap, in one transaction that ends after they are gone.

        Raises FileNotRemoved, DatabaseUnreachable.
        """
        name = f"{month:%Y-%m}"
        async with (
            connected(self._url, STATEMENT_S, WHOLE_S) as connection,
            connection.transaction(),
        ):
            await connection.execute(sql("erasure_turn"))
            await connection.execute(sql("keep_recap_erasure"), month, by, why, purge)
            await keep_access(
                connection, Access(by=by, action="erase", purpose=f"recap {name}: {why}")
            )
            await self._removers["recap"](name)

    async def end(self, purge: int, purged: Purged) -> None:
        """Keep what a run did. Raises DatabaseUnreachable."""
        async with connected(self._url, STATEMENT_S, WHOLE_S) as connection:
            if purged.forms:
                await connection.execute(sql("forget_words"))
            for _ in range(NEWS_AT_MOST // NEWS_AT_A_TIME):
                if await connection.fetchval(sql("forget_news"), NEWS_AT_A_TIME) < NEWS_AT_A_TIME:
                    break
            await connection.execute(sql("end_purge"), purge, *msgspec.structs.astuple(purged))

    async def _held(self, connection: Connection, calls: Mapping[str, str]) -> set[str]:
        """Which of these calls (id to form number) a hold keeps, by its form or by a person."""
        holds = await connection.fetch(sql("standing_holds"))
        forms = {row["form_number"] for row in holds if row["form_number"]}
        held = {call_id for call_id, form_number in calls.items() if form_number in forms}
        keys = {row["person_key"] for row in holds if row["person_key"]}
        for row in holds:
            if row["key_check"] and row["key_check"] != self._keys.check():
                raise PersonKeyUnreadable(
                    f"Hold {row['id']} was made with another key (person_key_file): "
                    "nothing is erased until that key is back or the hold is lifted."
                )
        if keys:
            for row in await connection.fetch(sql("persons_of"), list(calls)):
                if self._keys.of(Person(row["kind"], row["value"])) in keys:
                    held.add(row["call_id"])
        return held
