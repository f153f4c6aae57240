"""Calls of the recap's tests put into a database as rows, without the events that tell of them."""

import msgspec

from agent.database.connect import Connection
from agent.domain.recap import RecapCall
from tests.database.stories import SOP_NAME

_CALLS = """
INSERT INTO calls (
    call_id, channel, line, caller_shown, stage, arrived_at, queued_at, answered_at, ended_at,
    operator, caller_number, events, state, pending
) VALUES ($1, $1, '1500', '0812', 'archived', $2, $3, $4, $5, $6, $7, 1, '{}', '[]')
"""
_CONSULTATIONS = """
INSERT INTO consultations (
    call_id, form_number, sop, outcome, archived_at, archive_path, archive_sha256
) VALUES ($1, $2, $3, $4, $5, $1, 'ab')
"""
_FORMS = """
INSERT INTO consultation_forms (call_id, form, fields, changed_at) VALUES ($1, $2, $3, now())
"""
_STEPS = """
INSERT INTO consultation_steps (call_id, step, activity, state, limit_s, met_at, seconds, evidence)
VALUES ($1, $2, '', $3, $4, $5, $6, '[]')
"""
_DEVIATIONS = """
INSERT INTO deviations (call_id, kind, step, reason, events) VALUES ($1, $2, $3, $4, '{1}')
"""


async def keep(connection: Connection, calls: list[RecapCall]) -> None:
    """Put these calls on record; each is known by its form number."""
    await connection.executemany(
        _CALLS,
        [
            (
                *(c.form_number, c.arrived_at, c.queued_at, c.answered_at, c.ended_at),
                *(c.operator, c.caller_number),
            )
            for c in calls
        ],
    )
    await connection.executemany(
        _CONSULTATIONS,
        [
            (c.form_number, c.form_number, SOP_NAME, c.outcome, c.archived_at or c.arrived_at)
            for c in calls
        ],
    )
    await connection.executemany(
        _FORMS,
        [
            (c.form_number, c.form, msgspec.json.encode(c.fields).decode())
            for c in calls
            if c.fields
        ],
    )
    await connection.executemany(
        _STEPS,
        [
            (c.form_number, of.step, of.state, of.limit_s, c.arrived_at, of.seconds)
            for c in calls
            for of in c.steps
        ],
    )
    await connection.executemany(
        _DEVIATIONS,
        [(c.form_number, of.kind, of.step, of.reason) for c in calls for of in c.deviations],
    )
