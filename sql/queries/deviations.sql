-- name: hold_call
-- How many events a call has on record; nobody writes it until the transaction is over.
SELECT events FROM calls WHERE call_id = $1 FOR UPDATE

-- name: rewrite_state
-- Make a call's state what its log gives; an older program knew less of it.
UPDATE calls SET state = given.state
FROM jsonb_to_recordset($1::jsonb) AS given (call_id text, state jsonb)
WHERE calls.call_id = given.call_id

-- name: rewrite_consultation
-- Make a consultation what its log gives.
INSERT INTO consultations (
    call_id, form_number, sop, outcome, decision, decided_at, ticket_number,
    handed_over_at, archived_at, archive_path, archive_sha256
)
SELECT given.*
FROM jsonb_to_recordset($1::jsonb) AS given (
    call_id text, form_number text, sop text, outcome text, decision text,
    decided_at timestamptz, ticket_number text, handed_over_at timestamptz,
    archived_at timestamptz, archive_path text, archive_sha256 text
)
ON CONFLICT (call_id) DO UPDATE SET
    form_number = excluded.form_number,
    sop = excluded.sop,
    outcome = excluded.outcome,
    decision = excluded.decision,
    decided_at = excluded.decided_at,
    ticket_number = excluded.ticket_number,
    handed_over_at = excluded.handed_over_at,
    archived_at = excluded.archived_at,
    archive_path = excluded.archive_path,
    archive_sha256 = excluded.archive_sha256

-- name: forget_steps
-- Take away the steps of a call that are about to be written anew.
DELETE FROM consultation_steps WHERE call_id = $1

-- name: rewrite_steps
-- Write the steps that a call's log gives.
INSERT INTO consultation_steps (
    call_id, step, activity, state, limit_s, started_at, met_at, seconds, evidence
)
SELECT given.*
FROM jsonb_to_recordset($1::jsonb) AS given (
    call_id text, step text, activity text, state text, limit_s double precision,
    started_at timestamptz, met_at timestamptz, seconds double precision, evidence jsonb
)

-- name: forget_deviations
-- Take away the deviations of a call that are about to be written anew.
DELETE FROM deviations WHERE call_id = $1

-- name: rewrite_deviations
-- Write the deviations that a call's log gives.
INSERT INTO deviations (
    call_id, kind, step, limit_s, measured_s, excess_s, operator, reason, events
)
SELECT given.*
FROM jsonb_to_recordset($1::jsonb) AS given (
    call_id text, kind text, step text, limit_s double precision,
    measured_s double precision, excess_s double precision, operator text, reason text,
    events integer[]
)

-- name: hold_deviations
-- The deviations of a call's step; none is changed or withdrawn until the transaction is over.
SELECT kind, step, limit_s, measured_s, excess_s, operator, reason, events
FROM deviations
WHERE call_id = $1 AND step = $2
ORDER BY kind DESC
FOR UPDATE

-- name: read_deviation_words
-- What was said of a call's deviations, in the order in which it was said.
SELECT kind, step, role, verdict, text, by, at, limit_s, measured_s, reason
FROM deviation_words
WHERE call_id = $1
ORDER BY substring(step FROM '^[0-9]+')::integer, step, kind DESC, sequence

-- name: add_deviation_word
-- Keep one more word about a deviation.
INSERT INTO deviation_words (
    call_id, kind, step, sequence, role, verdict, text, by, at, limit_s, measured_s, reason
)
SELECT
    $1::text, $2::text, $3::text, coalesce(max(sequence), 0) + 1, $4::text, $5::text, $6::text,
    $7::text, $8::timestamptz, $9::double precision, $10::double precision, $11::text
FROM deviation_words
WHERE call_id = $1 AND kind = $2 AND step = $3

-- name: list_deviations
-- Deviations of calls that arrived in this time, newest first, each with all that was said of it.
-- At most $9 calls, with all of theirs that are wanted, from the one after ($7, $8).
-- $6 is how far what was said of its present values has come: nothing, explanation, decision.
WITH wanted AS NOT MATERIALIZED (
    SELECT * FROM deviations
    WHERE ($1::timestamptz IS NULL OR arrived_at >= $1)
      AND ($2::timestamptz IS NULL OR arrived_at < $2)
      AND ($3::text IS NULL OR operator = $3)
      AND ($4::text IS NULL OR kind = $4)
      AND ($5::text IS NULL OR step = $5)
      AND ($6::text[] IS NULL OR standing = ANY ($6))
),
departed AS (
    SELECT DISTINCT arrived_at, call_id
    FROM wanted
    WHERE ($7::timestamptz IS NULL OR (arrived_at, call_id) < ($7, $8::text))
    ORDER BY arrived_at DESC, call_id DESC
    LIMIT $9
)
SELECT
    wanted.call_id, wanted.arrived_at, consultations.form_number,
    wanted.kind, wanted.step, wanted.limit_s, wanted.measured_s,
    wanted.excess_s, wanted.operator, wanted.reason, wanted.events,
    coalesce(
        (
            SELECT json_agg(words ORDER BY words.sequence)
            FROM deviation_words AS words
            WHERE (words.call_id, words.kind, words.step)
                = (wanted.call_id, wanted.kind, wanted.step)
        ),
        '[]'
    ) AS words
FROM departed
JOIN wanted USING (arrived_at, call_id)
JOIN consultations USING (call_id)
ORDER BY wanted.arrived_at DESC, wanted.call_id DESC,
    substring(wanted.step FROM '^[0-9]+')::integer, wanted.step, wanted.kind DESC
