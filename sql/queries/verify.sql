-- What breaks a promise, one row for each case: under which word it is counted, and an example.
-- Every query is empty where its promise holds, but for what is only noted. $1 and $2 are the first
-- moment of arrival and the first that is no longer looked at; null does not ask.

-- name: verify_guards
-- Constraints and triggers that the schema has by these names and the database has not, or not on.
SELECT 'guard_missing' AS what, name AS example
FROM unnest($1::text[]) AS name
WHERE NOT EXISTS (
    SELECT FROM pg_constraint
    WHERE conname = name AND convalidated AND connamespace = current_schema()::regnamespace
)
AND NOT EXISTS (
    SELECT FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE tgname = name AND relnamespace = current_schema()::regnamespace
)
UNION ALL
SELECT 'guard_switched_off', coalesce(conname, tgname)
FROM pg_trigger
JOIN pg_class ON pg_class.oid = tgrelid
LEFT JOIN pg_constraint ON pg_constraint.oid = tgconstraint
WHERE relnamespace = current_schema()::regnamespace AND tgenabled NOT IN ('O', 'A')

-- name: verify_consultations
-- Calls without a consultation.
SELECT 'without_consultation' AS what, calls.state ->> 'form_number' AS example
FROM calls
LEFT JOIN consultations USING (call_id)
WHERE ($1::timestamptz IS NULL OR calls.arrived_at >= $1)
  AND ($2::timestamptz IS NULL OR calls.arrived_at < $2)
  AND consultations.call_id IS NULL

-- name: count_outcomes
-- How many calls there were, and how many of each outcome.
SELECT coalesce(consultations.outcome, 'without_outcome') AS outcome, count(*) AS calls
FROM calls
LEFT JOIN consultations USING (call_id)
WHERE ($1::timestamptz IS NULL OR calls.arrived_at >= $1)
  AND ($2::timestamptz IS NULL OR calls.arrived_at < $2)
GROUP BY 1

-- name: verify_outcomes
-- Calls whose outcome is none of $3, or not one of a call of their stage.
SELECT
    CASE
        WHEN consultations.call_id IS NULL THEN 'without_outcome'
        WHEN consultations.outcome <> ALL ($3::text[]) THEN 'unknown_outcome'
        WHEN consultations.outcome = 'in_progress' THEN 'ended_in_progress'
        ELSE 'outcome_too_early'
    END AS what,
    coalesce(consultations.form_number, calls.state ->> 'form_number') AS example
FROM calls
LEFT JOIN consultations USING (call_id)
WHERE ($1::timestamptz IS NULL OR calls.arrived_at >= $1)
  AND ($2::timestamptz IS NULL OR calls.arrived_at < $2)
  AND (
      consultations.call_id IS NULL
      OR consultations.outcome <> ALL ($3::text[])
      OR (consultations.outcome = 'in_progress') = (calls.stage IN ('ended', 'archived'))
  )

-- name: verify_times
-- Calls whose times are not in order by more than $3; greatest() passes over what is null.
SELECT looked.what, coalesce(consultations.form_number, calls.call_id) AS example
FROM calls
LEFT JOIN consultations USING (call_id)
CROSS JOIN LATERAL (
    VALUES
        ('queued_too_early', queued_at + $3::interval < arrived_at),
        ('answered_too_early', answered_at + $3 < greatest(arrived_at, queued_at)),
        ('decided_too_early', decided_at + $3 < greatest(arrived_at, answered_at)),
        ('ended_too_early', ended_at + $3 < greatest(arrived_at, queued_at, answered_at)),
        ('archived_too_early', archived_at + $3 < greatest(arrived_at, ended_at)),
        ('end_without_time', (ended_at IS NULL) = (stage IN ('ended', 'archived'))),
        (
            'archive_without_time',
            -- An archived form's call stays open while its case is not handed over yet.
            consultations.call_id IS NOT NULL
            AND CASE WHEN archived_at IS NULL THEN stage = 'archived'
                ELSE stage NOT IN ('ended', 'archived') END
        )
) AS looked (what, wrong)
WHERE ($1::timestamptz IS NULL OR calls.arrived_at >= $1)
  AND ($2::timestamptz IS NULL OR calls.arrived_at < $2)
  AND looked.wrong

-- name: verify_archiving
-- Ended calls without their form, those of before $3 for too long; and forms later than $4.
SELECT
    CASE
        WHEN consultations.archived_at IS NOT NULL THEN 'archived_late'
        WHEN calls.stage = 'ended' AND calls.ended_at < $3::timestamptz THEN 'not_archived'
        ELSE 'open'
    END AS what,
    coalesce(consultations.form_number, calls.call_id) AS example
FROM calls
LEFT JOIN consultations USING (call_id)
WHERE ($1::timestamptz IS NULL OR calls.arrived_at >= $1)
  AND ($2::timestamptz IS NULL OR calls.arrived_at < $2)
  AND (consultations.archived_at IS NULL OR consultations.archived_at > calls.ended_at + $4::interval)

-- name: verify_endless
-- Calls without an end: answered before $3, or arrived longer ago than their waits and $5 take.
SELECT
    CASE WHEN calls.answered_at IS NULL THEN 'endless_wait' ELSE 'endless_talk' END AS what,
    coalesce(consultations.form_number, calls.call_id) AS example
FROM calls
LEFT JOIN consultations USING (call_id)
WHERE ($1::timestamptz IS NULL OR calls.arrived_at >= $1)
  AND ($2::timestamptz IS NULL OR calls.arrived_at < $2)
  AND calls.stage NOT IN ('ended', 'archived')
  AND CASE
      WHEN calls.answered_at IS NULL
          THEN calls.arrived_at < $4::timestamptz - $5::interval - make_interval(
              secs => coalesce((calls.state #>> '{rules,longest_wait_seconds}')::float8, $6::float8)
          )
      ELSE calls.answered_at < $3::timestamptz
  END

-- name: verify_numbers
-- Numbers of the years from $1 to $2 that were given twice, and gaps that no reservation explains.
WITH given AS MATERIALIZED (
    SELECT kind, year, sequence, count(*) AS times
    FROM numbers_given
    WHERE year BETWEEN $1 AND $2
    GROUP BY kind, year, sequence
),
known AS (
    SELECT kind, year, sequence FROM given
    UNION
    SELECT kind, year, sequence FROM number_reservations WHERE year BETWEEN $1 AND $2
),
following AS (
    SELECT
        kind, year, sequence,
        lag(sequence, 1, 0) OVER (PARTITION BY kind, year ORDER BY sequence) AS before
    FROM known
)
SELECT kind || '_twice' AS what, format('%s %s/%s', kind, sequence, year) AS example
FROM given
WHERE times > 1
UNION ALL
SELECT
    kind || '_missing',
    CASE
        WHEN sequence = before + 2 THEN format('%s %s/%s', kind, before + 1, year)
        ELSE format('%s %s–%s/%s', kind, before + 1, sequence - 1, year)
    END
FROM following
WHERE sequence > before + 1
UNION ALL
SELECT 'set_aside', format('%s %s', kind, year)
FROM number_reservations
WHERE year BETWEEN $1 AND $2
  AND NOT EXISTS (
      SELECT FROM given
      WHERE given.kind = number_reservations.kind
        AND given.year = number_reservations.year
        AND given.sequence = number_reservations.sequence
  )

-- name: verify_tickets
-- Calls whose ticket and decision do not agree; a ticket may be on its way for a call not ended by $3.
SELECT looked.what, consultations.form_number AS example
FROM calls
JOIN consultations USING (call_id)
LEFT JOIN tickets USING (call_id)
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN tickets.call_id IS NULL
                THEN CASE
                    WHEN consultations.decision IS DISTINCT FROM 'escalated' THEN NULL
                    WHEN calls.stage = 'archived' OR calls.ended_at < $3::timestamptz
                        THEN 'ticket_missing'
                    ELSE 'ticket_awaited'
                END
            WHEN consultations.decision IS DISTINCT FROM 'escalated' THEN 'ticket_unwanted'
            WHEN tickets.ticket_number IS DISTINCT FROM consultations.ticket_number
                THEN 'ticket_of_another'
        END AS what
) AS looked
WHERE ($1::timestamptz IS NULL OR calls.arrived_at >= $1)
  AND ($2::timestamptz IS NULL OR calls.arrived_at < $2)
  AND looked.what IS NOT NULL

-- name: tickets_with_logs
-- Tickets of calls of the period, each as one document with its log.
SELECT
    tickets.ticket_number,
    json_build_object(
        'ticket', tickets,
        'log', (
            SELECT json_agg(
                json_build_object('place', log.sequence, 'event', log.body) ORDER BY log.sequence
            )
            FROM ticket_events AS log
            WHERE log.ticket_number = tickets.ticket_number
        )
    ) AS document
FROM tickets
JOIN calls USING (call_id)
WHERE ($1::timestamptz IS NULL OR calls.arrived_at >= $1)
  AND ($2::timestamptz IS NULL OR calls.arrived_at < $2)

-- name: verify_standings
-- Deviations that the list finds where their words do not put them, or at another time than their call.
SELECT looked.what, coalesce(consultations.form_number, calls.call_id) AS example
FROM deviations
JOIN calls USING (call_id)
LEFT JOIN consultations USING (call_id)
CROSS JOIN LATERAL (
    SELECT coalesce(min(said.role), 'nothing') AS standing
    FROM deviation_words AS said
    WHERE (said.call_id, said.kind, said.step)
        = (deviations.call_id, deviations.kind, deviations.step)
      AND said.limit_s IS NOT DISTINCT FROM deviations.limit_s
      AND said.measured_s IS NOT DISTINCT FROM deviations.measured_s
      AND said.reason = deviations.reason
) AS heard
CROSS JOIN LATERAL (
    VALUES
        ('standing_differs', deviations.standing <> heard.standing),
        ('arrival_differs', deviations.arrived_at <> calls.arrived_at)
) AS looked (what, wrong)
WHERE ($1::timestamptz IS NULL OR calls.arrived_at >= $1)
  AND ($2::timestamptz IS NULL OR calls.arrived_at < $2)
  AND looked.wrong

-- name: verify_orphans
-- Rows whose call or consultation is not there: the keys forbid it, but can be switched off.
SELECT 'event_orphaned' AS what, call_id AS example
FROM (SELECT DISTINCT call_id FROM call_events) AS logs
WHERE NOT EXISTS (SELECT FROM calls WHERE calls.call_id = logs.call_id)
UNION ALL
SELECT 'consultation_orphaned', form_number
FROM consultations
WHERE NOT EXISTS (SELECT FROM calls WHERE calls.call_id = consultations.call_id)
UNION ALL
SELECT 'step_orphaned', call_id
FROM (SELECT DISTINCT call_id FROM consultation_steps) AS steps
WHERE NOT EXISTS (SELECT FROM consultations WHERE consultations.call_id = steps.call_id)
UNION ALL
SELECT 'deviation_orphaned', call_id
FROM (SELECT DISTINCT call_id FROM deviations) AS known
WHERE NOT EXISTS (SELECT FROM consultations WHERE consultations.call_id = known.call_id)
UNION ALL
SELECT 'ticket_orphaned', ticket_number
FROM tickets
WHERE NOT EXISTS (SELECT FROM consultations WHERE consultations.call_id = tickets.call_id)
UNION ALL
SELECT 'procedure_unknown', form_number
FROM consultations
WHERE NOT EXISTS (SELECT FROM sop_revisions WHERE sop_revisions.name = consultations.sop)

-- name: whole_calls
-- The next $4 calls after this arrival and id, each as one document with its log and judgement.
-- Pages and no cursor: without a limit the planner would make every document before it sorts them.
SELECT
    calls.arrived_at, calls.call_id,
    coalesce(consultations.form_number, calls.call_id) AS example,
    EXISTS (
        SELECT FROM erasures WHERE erasures.call_id = calls.call_id AND erasures.what = 'form'
    ) AS erased,
    json_build_object(
        'call', calls,
        'consultation', consultations,
        'log', (
            SELECT json_agg(
                json_build_object('place', log.sequence, 'event', log.body, 'epoch', log.epoch)
            )
            FROM (
                SELECT sequence, body, epoch FROM call_events
                WHERE call_events.call_id = calls.call_id
                ORDER BY sequence
            ) AS log
        ),
        'steps', (
            SELECT json_agg(consultation_steps) FROM consultation_steps
            WHERE consultation_steps.call_id = calls.call_id
        ),
        'deviations', (
            SELECT json_agg(deviations) FROM deviations WHERE deviations.call_id = calls.call_id
        ),
        'form', (
            SELECT json_build_object(
                'call_id', call_id, 'form', form, 'fields', fields, 'changed_at', changed_at,
                -- An older program that ran on after the migration did not write it.
                'arrived_at', coalesce(consultation_forms.arrived_at, calls.arrived_at)
            )
            FROM consultation_forms WHERE consultation_forms.call_id = calls.call_id
        ),
        'tickets', (SELECT json_agg(tickets) FROM tickets WHERE tickets.call_id = calls.call_id)
    ) AS document
FROM calls
LEFT JOIN consultations USING (call_id)
WHERE (calls.arrived_at, calls.call_id) > ($1::timestamptz, $2::text)
  AND calls.arrived_at < $3::timestamptz
ORDER BY calls.arrived_at, calls.call_id
LIMIT $4
