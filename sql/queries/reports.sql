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
