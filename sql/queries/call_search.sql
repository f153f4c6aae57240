-- name: show_calls
-- These calls as a list shows them, newest first.
SELECT
    calls.call_id, consultations.form_number, consultations.ticket_number,
    calls.caller_shown AS caller, consultation_forms.caller_name, consultation_forms.company,
    consultation_forms.category, calls.operator, consultations.outcome,
    calls.arrived_at, calls.answered_at, calls.ended_at,
    (SELECT count(*) FROM deviations WHERE deviations.call_id = calls.call_id) AS deviations
FROM calls
JOIN consultations USING (call_id)
LEFT JOIN consultation_forms USING (call_id)
WHERE calls.call_id = ANY ($1::text[])
ORDER BY calls.arrived_at DESC, calls.call_id DESC

-- name: newest_call
-- When the last call arrived.
SELECT max(arrived_at) FROM calls
