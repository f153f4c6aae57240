-- name: operators_on_duty
-- Who has a telephone: operators with the numbers and the end of their last call, and supervisors.
SELECT
    operators.account, operators.name, operators.digest_sha256, operators.digest_md5,
    operators.supervises,
    last_call.form_number AS previous_form_number,
    last_call.ticket_number AS previous_ticket_number,
    last_call.ended_at AS last_call_ended_at
FROM operators
LEFT JOIN LATERAL (
    SELECT consultations.form_number, consultations.ticket_number, calls.ended_at
    FROM calls
    JOIN consultations USING (call_id)
    WHERE calls.operator = operators.account AND calls.ended_at IS NOT NULL
    ORDER BY calls.ended_at DESC
    LIMIT 1
) AS last_call ON true
WHERE operators.removed_at IS NULL
ORDER BY operators.account

-- name: free_operators
-- Operators who may take calls and are in none, as far as is on record.
SELECT account FROM operators
WHERE removed_at IS NULL
  AND NOT supervises
  AND NOT EXISTS (
      SELECT FROM calls
      WHERE calls.operator = operators.account AND calls.stage NOT IN ('ended', 'archived')
  )
ORDER BY account

-- name: next_operator_number
-- The lowest number after all accounts that ever were, so that no account means two people.
SELECT coalesce(max(substring(account FROM 4)::integer), 100) + 1 FROM operators

-- name: add_operator
-- Keep a new operator or supervisor.
INSERT INTO operators (account, name, digest_sha256, digest_md5, supervises)
VALUES ($1, $2, $3, $4, $5)

-- name: remove_operator
-- Take an operator off duty; what he did stays his.
UPDATE operators SET removed_at = now() WHERE account = $1 AND removed_at IS NULL RETURNING name

-- name: list_operators
-- All operators who ever were, with how many calls each answered.
SELECT
    operators.account, operators.name, operators.supervises, operators.created_at,
    operators.removed_at,
    count(calls.call_id) AS calls, max(calls.ended_at) AS last_call_ended_at
FROM operators
LEFT JOIN calls ON calls.operator = operators.account
GROUP BY operators.account
ORDER BY operators.account
