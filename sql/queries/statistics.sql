-- name: statistics_of_service
-- What the service figures of the calls from $1 until $2 are made of, by span ($4, local by the offset $3) and as a whole.
-- The definitions are those of agent/domain/recap_tally.py, whose counts a test compares with these.
WITH counted AS (
    SELECT
        date_trunc($4, calls.arrived_at AT TIME ZONE $3::interval)::date AS span,
        consultations.outcome,
        calls.queued_at IS NOT NULL AS queued,
        calls.answered_at IS NOT NULL AS answered,
        -- An adopted call may have been answered before it is known to have arrived.
        CASE WHEN calls.answered_at IS NOT NULL THEN greatest(0.0, date_part(
            'epoch', calls.answered_at - coalesce(calls.queued_at, calls.arrived_at)
        )) END AS wait_s,
        CASE WHEN calls.answered_at IS NOT NULL AND calls.ended_at IS NOT NULL THEN greatest(
            0.0, date_part('epoch', calls.ended_at - calls.answered_at)
        ) END AS talk_s,
        CASE WHEN calls.answered_at IS NOT NULL AND calls.ended_at IS NOT NULL
                AND consultations.archived_at IS NOT NULL THEN greatest(
            0.0, date_part('epoch', consultations.archived_at - calls.ended_at)
        ) END AS after_call_s,
        CASE WHEN calls.caller_number IS NOT NULL AND calls.arrived_at + interval '7 days' <= now()
            THEN EXISTS (
                SELECT FROM calls AS later
                WHERE later.caller_number = calls.caller_number
                  AND later.arrived_at > calls.arrived_at
                  AND later.arrived_at <= calls.arrived_at + interval '7 days'
            )
        END AS called_again,
        date_part('epoch', calls.answered_at - calls.arrived_at) AS from_arrival_s,
        date_part('epoch', calls.ended_at - calls.arrived_at) AS whole_s,
        date_part('epoch', calls.ended_at - calls.queued_at) AS in_queue_s,
        calls.answered_at IS NOT NULL AND consultations.outcome <> ALL ($7::text[]) AS judged,
        EXISTS (SELECT FROM deviations WHERE deviations.call_id = calls.call_id) AS deviates
    FROM calls
    JOIN consultations USING (call_id)
    WHERE calls.arrived_at >= $1 AND calls.arrived_at < $2
      AND consultations.outcome <> 'in_progress'
)
SELECT
    span,
    count(*) AS received,
    count(*) FILTER (
        WHERE NOT answered AND whole_s <= $6
          AND outcome IN ('abandoned_in_welcome', 'abandoned_waiting')
    ) AS dropped_soon,
    count(*) FILTER (WHERE answered) AS answered,
    count(*) FILTER (WHERE wait_s <= $5) AS in_time,
    count(*) FILTER (WHERE from_arrival_s <= $5) AS in_time_from_arrival,
    count(*) FILTER (WHERE queued) AS queued,
    count(*) FILTER (
        WHERE NOT answered AND queued AND outcome = 'abandoned_waiting'
    ) AS left_queue,
    count(*) FILTER (
        WHERE NOT answered AND outcome = 'abandoned_waiting' AND in_queue_s <= $6
    ) AS left_queue_soon,
    count(*) FILTER (WHERE outcome = 'solved') AS solved,
    count(*) FILTER (WHERE outcome IN ('solved', 'referred', 'escalated')) AS decided,
    count(*) FILTER (WHERE judged) AS judged,
    count(*) FILTER (WHERE judged AND NOT deviates) AS without_deviation,
    count(*) FILTER (WHERE judged AND called_again IS NOT NULL) AS followed,
    count(*) FILTER (WHERE judged AND called_again) AS called_again,
    count(*) FILTER (
        WHERE judged AND called_again IS NOT NULL
          AND outcome IN ('solved', 'referred', 'escalated')
    ) AS decided_followed,
    count(*) FILTER (WHERE judged AND NOT called_again AND outcome = 'solved') AS solved_once,
    coalesce(sum(wait_s), 0) AS wait_total_s,
    percentile_disc(ARRAY[0.5, 0.9, 1]) WITHIN GROUP (ORDER BY wait_s) AS wait_ranks_s,
    count(talk_s) AS talks,
    coalesce(sum(talk_s), 0) AS talk_total_s,
    percentile_disc(ARRAY[0.5, 0.9, 1]) WITHIN GROUP (ORDER BY talk_s) AS talk_ranks_s,
    count(after_call_s) AS after_calls,
    coalesce(sum(after_call_s), 0) AS after_call_total_s,
    coalesce(sum(talk_s + after_call_s), 0) AS handling_total_s
FROM counted
GROUP BY GROUPING SETS ((span), ())
ORDER BY span NULLS LAST

-- name: statistics_of_outcomes
-- How many calls came from $1 until $2, by span ($4, local by the offset $3) and outcome.
SELECT
    date_trunc($4, calls.arrived_at AT TIME ZONE $3::interval)::date AS span,
    consultations.outcome, count(*) AS calls
FROM calls
JOIN consultations USING (call_id)
WHERE calls.arrived_at >= $1 AND calls.arrived_at < $2
GROUP BY span, consultations.outcome

-- name: statistics_of_hours
-- How many calls came from $1 until $2 in each hour of the week, and on how many days, local by the offset $3.
SELECT
    (extract(isodow FROM day) - 1)::integer AS weekday, hour,
    sum(calls)::bigint AS calls, count(*) AS days
FROM (
    SELECT local::date AS day, extract(hour FROM local)::integer AS hour, count(*) AS calls
    FROM (
        SELECT calls.arrived_at AT TIME ZONE $3::interval AS local
        FROM calls
        WHERE calls.arrived_at >= $1 AND calls.arrived_at < $2
    ) AS arrived
    GROUP BY GROUPING SETS ((local::date, extract(hour FROM local)::integer), (local::date))
) AS counted
GROUP BY weekday, hour

-- name: statistics_of_steps
-- The times of the steps $4 that have a limit, of the consultations from $1 until $2; $3 are no consultations.
SELECT
    of_step.step,
    array_agg(DISTINCT of_step.limit_s) AS limits_s,
    count(*) FILTER (WHERE of_step.state = 'met' AND of_step.seconds <= of_step.limit_s) AS within,
    count(*) FILTER (WHERE of_step.state = 'unmet') AS unmet,
    count(of_step.seconds) FILTER (WHERE of_step.state = 'met') AS met,
    percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY of_step.seconds)
        FILTER (WHERE of_step.state = 'met') AS ranks_s
FROM (
    SELECT
        steps.step, steps.limit_s, steps.seconds,
        -- What is late or missing counts where it is a deviation.
        CASE WHEN (steps.state = 'met' AND steps.seconds <= steps.limit_s) OR EXISTS (
            SELECT FROM deviations
            WHERE deviations.call_id = steps.call_id AND deviations.step = steps.step
              AND deviations.kind <> 'equipment'
        ) THEN steps.state END AS state
    FROM calls
    JOIN consultations USING (call_id)
    JOIN consultation_steps AS steps USING (call_id)
    WHERE calls.arrived_at >= $1 AND calls.arrived_at < $2
      AND consultations.outcome <> ALL ($3::text[])
      AND steps.step = ANY ($4::text[])
      AND steps.limit_s IS NOT NULL
) AS of_step
GROUP BY of_step.step

-- name: statistics_of_subjects
-- Consultations from $1 until $2 by category and by application, the empty text where the form has none; $3 are no consultations.
SELECT
    CASE WHEN grouping(category) = 0 THEN 'category' ELSE 'application' END AS field,
    coalesce(category, application) AS choice,
    count(*) AS consultations
FROM (
    SELECT
        coalesce(consultation_forms.category, '') AS category,
        coalesce(consultation_forms.application, '') AS application
    FROM calls
    JOIN consultations USING (call_id)
    LEFT JOIN consultation_forms USING (call_id)
    WHERE calls.arrived_at >= $1 AND calls.arrived_at < $2
      AND consultations.outcome <> ALL ($3::text[])
) AS chosen
GROUP BY GROUPING SETS ((category), (application))
ORDER BY consultations DESC, choice

-- name: statistics_of_deviations
-- Deviations of the consultations from $1 until $2 by kind and step, last how many consultations have one; $3 are no consultations.
SELECT deviations.kind, deviations.step, count(DISTINCT deviations.call_id) AS deviations
FROM calls
JOIN consultations USING (call_id)
JOIN deviations USING (call_id)
WHERE calls.arrived_at >= $1 AND calls.arrived_at < $2
  AND consultations.outcome <> ALL ($3::text[])
GROUP BY GROUPING SETS ((deviations.kind, deviations.step), ())
ORDER BY deviations.step NULLS LAST, deviations.kind

-- name: statistics_of_operators
-- What each operator answered from $1 until $2: talk, work on the form afterwards, consultations with deviations; $3 are no consultations.
SELECT
    counted.operator AS account, operators.name,
    count(*) AS answered,
    count(talk_s) AS talks, coalesce(sum(talk_s), 0) AS talk_total_s,
    percentile_disc(ARRAY[0.5, 0.9, 1]) WITHIN GROUP (ORDER BY talk_s) AS talk_ranks_s,
    count(after_call_s) AS after_calls,
    coalesce(sum(after_call_s), 0) AS after_call_total_s,
    percentile_disc(ARRAY[0.5, 0.9, 1]) WITHIN GROUP (ORDER BY after_call_s)
        AS after_call_ranks_s,
    count(*) FILTER (WHERE judged) AS judged,
    count(*) FILTER (WHERE judged AND NOT deviates) AS without_deviation
FROM (
    SELECT
        calls.operator,
        CASE WHEN calls.ended_at IS NOT NULL THEN greatest(
            0.0, date_part('epoch', calls.ended_at - calls.answered_at)
        ) END AS talk_s,
        CASE WHEN calls.ended_at IS NOT NULL AND consultations.archived_at IS NOT NULL THEN greatest(
            0.0, date_part('epoch', consultations.archived_at - calls.ended_at)
        ) END AS after_call_s,
        consultations.outcome <> ALL ($3::text[]) AS judged,
        EXISTS (SELECT FROM deviations WHERE deviations.call_id = calls.call_id) AS deviates
    FROM calls
    JOIN consultations USING (call_id)
    WHERE calls.arrived_at >= $1 AND calls.arrived_at < $2
      AND calls.answered_at IS NOT NULL AND consultations.outcome <> 'in_progress'
) AS counted
LEFT JOIN operators ON operators.account = counted.operator
GROUP BY counted.operator, operators.name
ORDER BY answered DESC, account
