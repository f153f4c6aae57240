-- name: operators_on_duty
-- Who has a telephone: operators, each with his last call and his last presence, and supervisors.
SELECT
    operators.account, operators.name, operators.digest_sha256, operators.digest_md5,
    operators.supervises,
    last_call.form_number AS previous_form_number,
    last_call.ticket_number AS previous_ticket_number,
    last_call.ended_at AS last_call_ended_at,
    last_presence.presence, last_presence.at AS presence_at, last_presence.reason AS pause_reason,
    last_presence.call_id AS wrap_up_call_id, last_presence.until AS wrap_up_until
FROM operators
LEFT JOIN LATERAL (
    SELECT consultations.form_number, consultations.ticket_number, calls.ended_at
    FROM calls
    JOIN consultations USING (call_id)
    WHERE calls.operator = operators.account AND calls.ended_at IS NOT NULL
    ORDER BY calls.ended_at DESC
    LIMIT 1
) AS last_call ON true
LEFT JOIN LATERAL (
    SELECT * FROM operator_presence
    WHERE operator_presence.operator = operators.account
    ORDER BY sequence DESC
    LIMIT 1
) AS last_presence ON true
WHERE operators.removed_at IS NULL
ORDER BY operators.account

-- name: free_operators
-- Operators who may take calls and are in none, nor paused or in wrap-up, as far as is on record.
SELECT operators.account FROM operators
LEFT JOIN LATERAL (
    SELECT * FROM operator_presence
    WHERE operator_presence.operator = operators.account
    ORDER BY sequence DESC
    LIMIT 1
) AS last_presence ON true
WHERE operators.removed_at IS NULL
  AND last_presence.presence IS DISTINCT FROM 'paused'
  AND (last_presence.until > now()) IS NOT TRUE
  AND NOT operators.supervises
  AND NOT EXISTS (
      SELECT FROM calls
      WHERE calls.operator = operators.account AND calls.stage NOT IN ('ended', 'archived')
  )
ORDER BY operators.account

-- name: operator_names
-- What operators are called, also those who were removed.
SELECT account, name FROM operators WHERE account = ANY ($1::text[])

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
-- All operators who ever were, with how many calls each answered and how each is present now.
SELECT
    operators.account, operators.name, operators.supervises, operators.created_at,
    operators.removed_at,
    count(calls.call_id) AS calls, max(calls.ended_at) AS last_call_ended_at,
    CASE
        WHEN operators.removed_at IS NOT NULL THEN NULL
        WHEN last_presence.until <= now() THEN 'ready'
        ELSE last_presence.presence
    END AS presence,
    CASE
        WHEN operators.removed_at IS NOT NULL THEN NULL
        WHEN last_presence.until <= now() THEN last_presence.until
        ELSE last_presence.at
    END AS present_since,
    CASE WHEN operators.removed_at IS NULL THEN last_presence.reason END AS pause_reason
FROM operators
LEFT JOIN calls ON calls.operator = operators.account
LEFT JOIN LATERAL (
    SELECT * FROM operator_presence
    WHERE operator_presence.operator = operators.account
    ORDER BY sequence DESC
    LIMIT 1
) AS last_presence ON true
GROUP BY operators.account, last_presence.presence, last_presence.at, last_presence.until,
    last_presence.reason
ORDER BY operators.account

-- name: keep_presence
-- Add a change of an operator's presence after all before; one that is there already is no error.
INSERT INTO operator_presence (operator, sequence, at, presence, reason, call_id, until, by)
SELECT
    $1, coalesce((SELECT max(sequence) FROM operator_presence WHERE operator = $1), 0) + 1,
    $2, $3, $4, $5, $6, $7
ON CONFLICT ON CONSTRAINT operator_presence_told_twice DO NOTHING

-- name: presence_of_period
-- How many seconds of a period each operator was how; who talks does only that.
WITH entries AS (
    SELECT
        operator, presence, reason, at, until,
        -- A clock that was set back between two entries makes no negative time.
        greatest(at, coalesce(
            lead(at) OVER (PARTITION BY operator ORDER BY sequence), operators.removed_at, 'infinity'
        )) AS next_at
    FROM operator_presence
    JOIN operators ON operators.account = operator_presence.operator
),
spans AS (
    SELECT operator, presence, reason, tstzrange(at, least(next_at, until)) AS span FROM entries
    UNION ALL
    SELECT operator, 'ready', NULL, tstzrange(until, next_at) FROM entries WHERE until < next_at
),
talks AS (
    SELECT operator, range_agg(tstzrange(answered_at, ended_at) * tstzrange($1, $2)) AS talked
    FROM calls
    WHERE answered_at < $2 AND (ended_at IS NULL OR ended_at > $1) AND operator IS NOT NULL
    GROUP BY operator
),
times AS (
    SELECT
        operator, presence, reason,
        range_agg(span * tstzrange($1, $2)) - coalesce(
            (SELECT talked FROM talks WHERE talks.operator = spans.operator), '{}'
        ) AS spent
    FROM spans
    GROUP BY operator, presence, reason
    UNION ALL
    SELECT operator, 'talking', NULL, talked FROM talks
)
SELECT
    operator, presence, reason,
    (SELECT sum(extract(epoch FROM upper(span) - lower(span))) FROM unnest(spent) AS span)::float8
        AS seconds
FROM times
WHERE NOT isempty(spent)
ORDER BY operator, presence, reason
