-- name: record_batch
-- Make a batch of events durable, and calls and consultations as they are after them.
-- An older state never overwrites a newer one, and what is there already is no error.
-- Whoever is no longer the owner is refused, with all that he brings.
WITH batch AS MATERIALIZED (
    SELECT $1::jsonb AS content FROM refuse_former_owner($2)
),
recorded_calls AS (
    INSERT INTO calls AS known (
        call_id, channel, line, caller_raw, caller_number, caller_shown, stage, arrived_at,
        queued_at, answered_at, ended_at, operator, events, state, pending, by_exchange_at, epoch
    )
    SELECT given.*
    FROM batch, jsonb_to_recordset(batch.content -> 'calls') AS given (
        call_id text, channel text, line text, caller_raw text, caller_number text,
        caller_shown text, stage text, arrived_at timestamptz, queued_at timestamptz,
        answered_at timestamptz, ended_at timestamptz, operator text, events integer,
        state jsonb, pending jsonb, by_exchange_at timestamptz, epoch integer
    )
    ON CONFLICT (call_id) DO UPDATE SET
        stage = excluded.stage,
        queued_at = excluded.queued_at,
        answered_at = excluded.answered_at,
        ended_at = excluded.ended_at,
        operator = excluded.operator,
        by_exchange_at = excluded.by_exchange_at,
        events = excluded.events,
        state = excluded.state,
        pending = excluded.pending,
        epoch = excluded.epoch
    WHERE known.events < excluded.events
    RETURNING call_id
),
recorded_events AS (
    INSERT INTO call_events (call_id, sequence, at, source, event, body, epoch)
    SELECT given.*
    FROM batch, jsonb_to_recordset(batch.content -> 'events') AS given (
        call_id text, sequence integer, at timestamptz, source text, event text, body jsonb,
        epoch integer
    )
    ON CONFLICT (call_id, sequence) DO NOTHING
),
recorded_consultations AS (
    INSERT INTO consultations (
        call_id, form_number, sop, outcome, decision, decided_at, ticket_number,
        handed_over_at, archived_at, archive_path, archive_sha256
    )
    SELECT given.*
    FROM batch, jsonb_to_recordset(batch.content -> 'consultations') AS given (
        call_id text, form_number text, sop text, outcome text, decision text,
        decided_at timestamptz, ticket_number text, handed_over_at timestamptz,
        archived_at timestamptz, archive_path text, archive_sha256 text
    )
    WHERE given.call_id IN (SELECT call_id FROM recorded_calls)
    ON CONFLICT (call_id) DO UPDATE SET
        outcome = excluded.outcome,
        decision = excluded.decision,
        decided_at = excluded.decided_at,
        ticket_number = excluded.ticket_number,
        handed_over_at = excluded.handed_over_at,
        archived_at = excluded.archived_at,
        archive_path = excluded.archive_path,
        archive_sha256 = excluded.archive_sha256
),
recorded_forms AS (
    INSERT INTO consultation_forms (call_id, form, fields, changed_at, arrived_at)
    SELECT given.*
    FROM batch, jsonb_to_recordset(batch.content -> 'forms') AS given (
        call_id text, form text, fields jsonb, changed_at timestamptz, arrived_at timestamptz
    )
    WHERE given.call_id IN (SELECT call_id FROM recorded_calls)
    ON CONFLICT (call_id) DO UPDATE SET
        fields = excluded.fields,
        changed_at = excluded.changed_at
),
recorded_steps AS (
    INSERT INTO consultation_steps (
        call_id, step, activity, state, limit_s, started_at, met_at, seconds, evidence
    )
    SELECT given.*
    FROM batch, jsonb_to_recordset(batch.content -> 'steps') AS given (
        call_id text, step text, activity text, state text, limit_s double precision,
        started_at timestamptz, met_at timestamptz, seconds double precision, evidence jsonb
    )
    WHERE given.call_id IN (SELECT call_id FROM recorded_calls)
    ON CONFLICT (call_id, step) DO UPDATE SET
        state = excluded.state,
        started_at = excluded.started_at,
        met_at = excluded.met_at,
        seconds = excluded.seconds,
        evidence = excluded.evidence
),
standing_deviations AS MATERIALIZED (
    SELECT given.*
    FROM batch, jsonb_to_recordset(batch.content -> 'deviations') AS given (
        call_id text, kind text, step text, limit_s double precision,
        measured_s double precision, excess_s double precision, operator text, reason text,
        events integer[]
    )
    WHERE given.call_id IN (SELECT call_id FROM recorded_calls)
),
withdrawn_deviations AS (
    -- A corrected time (a late word of the answer) can take a deviation away again.
    DELETE FROM deviations AS known
    USING batch, jsonb_array_elements_text(batch.content -> 'judged') AS judged (call_id)
    WHERE known.call_id = judged.call_id
      AND known.call_id IN (SELECT call_id FROM recorded_calls)
      AND NOT EXISTS (
          SELECT FROM standing_deviations AS standing
          WHERE (standing.call_id, standing.kind, standing.step)
              = (known.call_id, known.kind, known.step)
      )
),
recorded_deviations AS (
    INSERT INTO deviations (
        call_id, kind, step, limit_s, measured_s, excess_s, operator, reason, events
    )
    SELECT * FROM standing_deviations
    ON CONFLICT (call_id, kind, step) DO UPDATE SET
        measured_s = excluded.measured_s,
        excess_s = excluded.excess_s,
        operator = excluded.operator,
        reason = excluded.reason,
        events = excluded.events
),
told_news AS (
    INSERT INTO feed_events (key, kind, at, body)
    SELECT given.key, given.kind, given.at, given.body
    FROM batch, jsonb_to_recordset(batch.content -> 'news') AS given (
        call_id text, key text, kind text, at timestamptz, body jsonb
    )
    WHERE given.call_id IN (SELECT call_id FROM recorded_calls)
      AND given.at > now() - feed_kept()
    ON CONFLICT (key) DO NOTHING
)
INSERT INTO tickets (ticket_number, call_id, issued_at)
SELECT given.*
FROM batch, jsonb_to_recordset(batch.content -> 'tickets') AS given (
    ticket_number text, call_id text, issued_at timestamptz
)
WHERE given.call_id IN (SELECT call_id FROM recorded_calls)
ON CONFLICT (call_id) DO NOTHING

-- name: calls_taken_on
-- Of these calls those that an owner after this epoch has gone on with.
SELECT call_id, epoch FROM calls WHERE call_id = ANY($1::text[]) AND epoch > $2

-- name: take_on_unfinished_calls
-- Go on with calls that were not archived, oldest first, with the effects not known to be done.
-- From here on no record of an owner before, found late in a journal, can come between.
WITH taken_on AS (
    UPDATE calls SET epoch = $1
    FROM refuse_former_owner($1)
    WHERE stage <> 'archived'
    RETURNING state, pending, arrived_at, call_id
)
SELECT state, pending FROM taken_on ORDER BY arrived_at, call_id
