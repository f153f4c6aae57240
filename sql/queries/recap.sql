-- name: recap_calls
-- Every call that arrived from $1 until $2, in that order, with its form, ticket, steps and deviations.
SELECT
    consultations.form_number, consultations.outcome,
    calls.arrived_at, calls.queued_at, calls.answered_at, calls.ended_at, consultations.archived_at,
    CASE WHEN calls.caller_number IS NOT NULL AND calls.arrived_at + interval '7 days' <= now()
        THEN EXISTS (
            SELECT FROM calls AS later
            WHERE later.caller_number = calls.caller_number
              AND later.arrived_at > calls.arrived_at
              AND later.arrived_at <= calls.arrived_at + interval '7 days'
        )
    END AS called_again,
    calls.caller_number, calls.caller_shown, calls.operator, operators.name AS operator_name,
    consultation_forms.form, coalesce(consultation_forms.fields, '{}') AS fields,
    consultations.ticket_number, tickets.stage AS ticket_stage, tickets.level AS ticket_level,
    tickets.priority AS ticket_priority, tickets.external_number,
    tickets.confirmed_at AS ticket_confirmed_at,
    (
        SELECT json_agg(json_build_array(step, state, limit_s, seconds))
        FROM consultation_steps
        WHERE consultation_steps.call_id = calls.call_id AND limit_s IS NOT NULL
    ) AS steps,
    -- A decision about another value than the one that stands now decides nothing.
    (
        SELECT json_agg(
            json_build_array(
                kind, step, limit_s, measured_s, excess_s, reason,
                (
                    SELECT text FROM deviation_words AS said
                    WHERE (said.call_id, said.kind, said.step, said.role)
                        = (deviations.call_id, deviations.kind, deviations.step, 'explanation')
                    ORDER BY sequence DESC LIMIT 1
                ),
                (
                    SELECT verdict FROM deviation_words AS said
                    WHERE (said.call_id, said.kind, said.step, said.role)
                        = (deviations.call_id, deviations.kind, deviations.step, 'decision')
                      AND (said.limit_s, said.measured_s, said.reason)
                          IS NOT DISTINCT FROM
                          (deviations.limit_s, deviations.measured_s, deviations.reason)
                    ORDER BY sequence DESC LIMIT 1
                )
            ) ORDER BY step, kind
        )
        FROM deviations
        WHERE deviations.call_id = calls.call_id
    ) AS deviations
FROM calls
JOIN consultations USING (call_id)
LEFT JOIN consultation_forms USING (call_id)
LEFT JOIN tickets ON tickets.call_id = calls.call_id
LEFT JOIN operators ON operators.account = calls.operator
WHERE calls.arrived_at >= $1 AND calls.arrived_at < $2
ORDER BY calls.arrived_at, calls.call_id

-- name: first_call
-- When the first call on record arrived.
SELECT min(arrived_at) FROM calls

-- name: recapped_months
-- The first days of all months that have their recap.
SELECT month FROM recaps

-- name: keep_recap
-- Put a month's recap on record; the first one stays.
INSERT INTO recaps (month, path, sha256, made_at, rows, totals)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (month) DO NOTHING

-- name: log_recap
-- Keep that $1 takes out the calls that arrived from $3 until $4, but for those of the outcomes $5, and why.
INSERT INTO access_log (by, action, purpose, forms)
SELECT $1, 'export', $2,
    coalesce(array_agg(consultations.form_number ORDER BY calls.arrived_at), '{}')
FROM calls
JOIN consultations USING (call_id)
WHERE calls.arrived_at >= $3 AND calls.arrived_at < $4 AND consultations.outcome <> ALL($5::text[])
