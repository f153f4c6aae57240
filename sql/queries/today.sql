-- name: read_today
-- Counts of the calls that are over and arrived since a moment; limits in seconds.
SELECT
    count(*) AS received,
    count(calls.answered_at) AS answered,
    count(*) FILTER (
        WHERE calls.answered_at - coalesce(calls.queued_at, calls.arrived_at)
            <= make_interval(secs => $2)
    ) AS in_time,
    count(*) FILTER (
        WHERE consultations.outcome IN ('abandoned_in_welcome', 'abandoned_waiting')
          AND calls.ended_at - calls.arrived_at <= make_interval(secs => $3)
    ) AS dropped_soon,
    count(*) FILTER (WHERE consultations.outcome = 'abandoned_waiting') AS abandoned,
    (
        SELECT count(*) FROM deviations JOIN calls AS theirs USING (call_id)
        WHERE theirs.arrived_at >= $1
    ) AS deviations
FROM calls
JOIN consultations USING (call_id)
WHERE calls.arrived_at >= $1 AND consultations.outcome <> 'in_progress'
