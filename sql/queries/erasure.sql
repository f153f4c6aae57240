-- How personal data ends. $1 is the call everywhere; what a statement of erasure leaves stands in
-- agent/database/erasure.py, column by column.

-- name: erasure_turn
-- Holds are made and lifted, and calls erased, one after the other.
SELECT pg_advisory_xact_lock(20820)

-- name: begin_purge
-- A run of the purge, with the moments before which data is too old.
INSERT INTO purges (id, by, began_at, audio_before, forms_before)
SELECT
    coalesce(max(id), 0) + 1, $1, $2::timestamptz, $2::timestamptz - make_interval(days => $3),
    $2::timestamptz - make_interval(years => $4)
FROM purges
RETURNING id

-- name: end_purge
-- What a run of the purge did in the end.
UPDATE purges SET
    ended_at = clock_timestamp(), audio_erased = $2, forms_erased = $3, held = $4, failed = $5,
    recaps_erased = $6
WHERE id = $1

-- name: due_audio
-- Calls whose sounds are too old, oldest first, the next $5 after a moment and call.
SELECT call_id, form_number, recorded_at AS since
FROM (
    SELECT call_id, min(recorded_at) AS recorded_at
    FROM audio_of_calls
    WHERE recorded_at < $1::timestamptz - make_interval(days => $2)
      AND (recorded_at, call_id) > ($3::timestamptz, $4::text)
      AND NOT EXISTS (
          SELECT FROM erasures
          WHERE erasures.call_id = audio_of_calls.call_id AND what = 'audio'
      )
    GROUP BY call_id
) AS audio
JOIN consultations USING (call_id)
ORDER BY recorded_at, call_id
LIMIT $5

-- name: due_forms
-- Archived forms that are too old, oldest first, the next $5 after a moment and call.
SELECT call_id, form_number, archived_at AS since
FROM consultations
WHERE archived_at < $1::timestamptz - make_interval(years => $2)
  AND (archived_at, call_id) > ($3::timestamptz, $4::text)
  AND NOT EXISTS (
      SELECT FROM erasures WHERE erasures.call_id = consultations.call_id AND what = 'form'
  )
ORDER BY archived_at, call_id
LIMIT $5

-- name: due_recaps
-- Months so old that all their forms have gone, and whose recap has not, oldest first.
SELECT month
FROM recaps
WHERE (month + interval '1 month') AT TIME ZONE 'UTC'
        < $1::timestamptz - make_interval(years => $2)
  AND NOT EXISTS (SELECT FROM recap_erasures WHERE recap_erasures.month = recaps.month)
  -- The office's days begin 9 to 7 hours before those of UTC.
  AND NOT EXISTS (
      SELECT FROM calls
      JOIN consultations USING (call_id)
      WHERE calls.arrived_at >= month AT TIME ZONE 'UTC' - interval '9 hours'
        AND calls.arrived_at < (month + interval '1 month') AT TIME ZONE 'UTC' - interval '7 hours'
        AND consultations.archived_at IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM erasures WHERE erasures.call_id = calls.call_id AND what = 'form'
        )
  )
ORDER BY month

-- name: keep_recap_erasure
-- That the recap of a month is erased, by whom, why and in which purge.
INSERT INTO recap_erasures (month, by, why, purge) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING

-- name: persons_of
-- By what the people of these calls are found.
SELECT call_id, kind, value FROM persons_of_calls WHERE call_id = ANY($1::text[])

-- name: standing_holds
-- What no purge touches now.
SELECT id, form_number, person_key, key_check FROM legal_holds WHERE lifted_at IS NULL

-- name: files_of_call
-- The archived documents, the form and what supplements it, and the sounds of a call.
SELECT
    consultations.form_number, calls.stage = 'archived' AS archived,
    ARRAY(
        SELECT consultations.archive_path WHERE consultations.archive_path <> ''
        UNION ALL
        SELECT path FROM form_supplements WHERE form_supplements.call_id = $1
    ) AS documents,
    coalesce(
        (SELECT array_agg(file) FROM audio_of_calls WHERE audio_of_calls.call_id = $1), '{}'
    ) AS audio
FROM calls
JOIN consultations USING (call_id)
WHERE call_id = $1

-- name: keep_erasure
-- That this ($2) of a call is erased, by whom, why and in which purge; no row when it was before.
INSERT INTO erasures (call_id, what, by, why, purge) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
RETURNING call_id

-- name: erase_call
-- The call itself: who called.
UPDATE calls SET
    caller_raw = NULL, caller_number = NULL, caller_shown = erased_mark(),
    state = without_person(state, statistical_fields()), pending = '[]'
WHERE call_id = $1

-- name: erase_call_events
-- The call's log: who called, and what was written on the form.
UPDATE call_events SET body = without_person(body, statistical_fields()) WHERE call_id = $1

-- name: erase_form
-- The form: all but its choices.
UPDATE consultation_forms SET fields = (
    SELECT coalesce(
        jsonb_object_agg(
            key,
            CASE WHEN key = ANY (statistical_fields()) THEN value ELSE to_jsonb(erased_mark()) END
        ),
        '{}'
    )
    FROM jsonb_each(fields)
)
WHERE call_id = $1

-- name: erase_solved_text
-- By its words nobody finds it any more.
DELETE FROM solved_texts WHERE call_id = $1

-- name: forget_words
-- Words that stand in no answer and no solved consultation any more; once after a purge.
DELETE FROM search_words
WHERE NOT curated
  AND stem NOT IN (SELECT word FROM ts_stat('SELECT words FROM solved_texts'))

-- name: erase_outbox
-- What messages told of the case, and as what their receivers took it.
UPDATE outbox_messages SET
    facts = '{}', last_error = NULL,
    accepted_as = CASE WHEN accepted_as IS NOT NULL THEN erased_mark() END
WHERE call_id = $1

-- name: erase_corrections
-- What was corrected on the form.
UPDATE form_corrections SET
    raw = CASE WHEN raw = '' OR field = ANY (statistical_fields()) THEN raw ELSE erased_mark() END,
    value = CASE
        WHEN value = '' OR value IS NULL OR field = ANY (statistical_fields()) THEN value
        ELSE erased_mark()
    END
WHERE call_id = $1

-- name: erase_ticket
-- The user's own number at LPSE Support leads to him.
UPDATE tickets SET external_number = erased_mark()
WHERE call_id = $1 AND external_number IS NOT NULL

-- name: erase_ticket_events
-- What was asked, answered and solved.
UPDATE ticket_events SET body = without_person(body, statistical_fields())
WHERE ticket_number = (SELECT ticket_number FROM tickets WHERE call_id = $1)

-- name: erase_ledger
-- The exchange's own lines about the call.
DELETE FROM exchange_ledger WHERE linked = (SELECT channel FROM calls WHERE call_id = $1)
