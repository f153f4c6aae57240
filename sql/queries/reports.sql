-- name: list_calls
-- Calls newest first, by period, caller, operator, outcome and deviation; a page at a time.
SELECT
    calls.call_id, consultations.form_number, consultations.ticket_number,
    calls.caller_shown AS caller, calls.operator, consultations.outcome,
    calls.arrived_at, calls.answered_at, calls.ended_at,
    (SELECT count(*) FROM deviations WHERE deviations.call_id = calls.call_id) AS deviations
FROM calls
JOIN consultations USING (call_id)
WHERE ($1::timestamptz IS NULL OR calls.arrived_at >= $1)
  AND ($2::timestamptz IS NULL OR calls.arrived_at < $2)
  AND ($3::text IS NULL OR calls.caller_number LIKE '%' || $3 OR calls.caller_raw LIKE '%' || $3)
  AND ($4::text IS NULL OR calls.operator = $4)
  AND ($5::text IS NULL OR consultations.outcome = $5)
  AND (
      $6::boolean IS NULL
      OR $6 = EXISTS (SELECT FROM deviations WHERE deviations.call_id = calls.call_id)
  )
  AND (
      $7::text IS NULL
      OR (calls.arrived_at, calls.call_id)
          < (SELECT page.arrived_at, page.call_id FROM calls AS page WHERE page.call_id = $7)
  )
ORDER BY calls.arrived_at DESC, calls.call_id DESC
LIMIT $8

-- name: find_call_by_ticket
-- The call for which this ticket was issued.
SELECT call_id FROM tickets WHERE ticket_number = $1

-- name: find_call_by_form
-- The call whose form has this place in this year.
SELECT call_id FROM consultations WHERE form_year = $1 AND form_sequence = $2

-- name: read_call
-- A call as it is now, with its outcome.
SELECT calls.state, consultations.outcome
FROM calls
JOIN consultations USING (call_id)
WHERE calls.call_id = $1

-- name: read_steps
-- A consultation's steps in the order of the procedure.
SELECT step, activity, state, limit_s, started_at, met_at, seconds, evidence
FROM consultation_steps
WHERE call_id = $1
ORDER BY substring(step FROM '^[0-9]+')::integer, step

-- name: read_deviations
-- A consultation's deviations in the order of the procedure.
SELECT kind, step, limit_s, measured_s, excess_s, operator, reason, events
FROM deviations
WHERE call_id = $1
ORDER BY substring(step FROM '^[0-9]+')::integer, step, kind DESC

-- name: read_events
-- A call's log in its order.
SELECT sequence, body FROM call_events WHERE call_id = $1 ORDER BY sequence
