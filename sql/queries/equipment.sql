-- name: unserved_calls
-- Calls that the service did not handle, and whether it took one since the one before.
SELECT
    unserved.form_number, unserved.began_at, unserved.ended_at,
    EXISTS (
        SELECT FROM calls AS taken
        WHERE taken.arrived_at > unserved.before_at AND taken.arrived_at < unserved.began_at
    ) AS served_since
FROM (
    SELECT
        consultations.form_number, calls.call_id, calls.ended_at,
        coalesce(calls.by_exchange_at, calls.arrived_at) AS began_at,
        lag(coalesce(calls.by_exchange_at, calls.arrived_at)) OVER in_order AS before_at
    FROM deviations
    JOIN calls USING (call_id)
    JOIN consultations USING (call_id)
    WHERE deviations.kind = 'equipment'
    WINDOW in_order AS (
        ORDER BY coalesce(calls.by_exchange_at, calls.arrived_at), calls.call_id
    )
) AS unserved
ORDER BY unserved.began_at, unserved.call_id

-- name: overdue_forms
-- Consultations whose form became overdue from $1 until $2, $3 after their end.
SELECT consultations.form_number, calls.ended_at, consultations.archived_at
FROM calls
JOIN consultations USING (call_id)
WHERE calls.arrived_at >= $1::timestamptz - interval '2 days'
  AND calls.ended_at + $3::interval >= $1
  AND calls.ended_at + $3 <= $2::timestamptz
  AND (consultations.archived_at IS NULL OR consultations.archived_at > calls.ended_at + $3)

-- name: months_with_calls
-- Closed months, by the office's distance $1 from UTC and the present $2, with their first recap.
SELECT
    months.month::date AS month,
    (
        SELECT min(recaps.made_at) FROM recaps
        WHERE date_trunc('month', recaps.month::timestamp) = months.month
    ) AS made_at
FROM generate_series(
    date_trunc('month', (SELECT min(arrived_at) FROM calls) AT TIME ZONE $1::interval),
    date_trunc('month', $2::timestamptz AT TIME ZONE $1) - interval '1 month',
    interval '1 month'
) AS months (month)
WHERE EXISTS (
    SELECT FROM calls
    WHERE calls.arrived_at >= months.month AT TIME ZONE $1
      AND calls.arrived_at < (months.month + interval '1 month') AT TIME ZONE $1
)
ORDER BY months.month

-- name: equipment_still_missing
-- When the equipment of this kind that is still missing began to be.
SELECT min(began_at) FROM equipment_deviations WHERE kind = $1 AND ended_at IS NULL

-- name: stored_equipment_deviations
-- Deviations of the equipment that a computation of archives from $1 on replaces.
SELECT kind, subject, began_at, ended_at, proof
FROM equipment_deviations
WHERE kind <> 'archive' OR began_at >= $1::timestamptz

-- name: keep_equipment_deviation
-- Keep a deviation of the equipment as it is now.
INSERT INTO equipment_deviations (kind, subject, began_at, ended_at, proof)
VALUES ($1, $2, $3, $4, $5::text::jsonb)
ON CONFLICT (kind, subject) DO UPDATE SET
    began_at = excluded.began_at, ended_at = excluded.ended_at, proof = excluded.proof

-- name: withdraw_equipment_deviation
-- Take a deviation of the equipment away: a fact that was learnt later contradicts it.
DELETE FROM equipment_deviations WHERE kind = $1 AND subject = $2

-- name: list_equipment_deviations
-- Deviations of the equipment that lasted into this time, or last still, newest first.
SELECT kind, subject, began_at, ended_at, proof
FROM equipment_deviations
WHERE ($1::timestamptz IS NULL OR ended_at IS NULL OR ended_at >= $1)
  AND ($2::timestamptz IS NULL OR began_at < $2)
  AND (NOT $3::boolean OR ended_at IS NULL)
ORDER BY began_at DESC, kind, subject
LIMIT $4
