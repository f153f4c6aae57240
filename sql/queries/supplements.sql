-- name: supplements_due
-- The next $6 words, oldest first, about deviations of archived forms that have no sheet yet.
-- Each with all that its sheet tells, operators' names among it; from the one after $1 to $5.
SELECT
    said.call_id, said.kind, said.step, said.sequence, said.at,
    supplement_path(
        consultations.archive_path, said.call_id, said.kind, said.step, said.sequence
    ) AS path,
    consultations.archive_path AS form_path, consultations.archive_sha256 AS form_sha256,
    json_build_object(
        'call', calls.state,
        'words', (
            SELECT json_agg(words ORDER BY words.sequence)
            FROM deviation_words AS words
            WHERE (words.call_id, words.kind, words.step) = (said.call_id, said.kind, said.step)
              AND words.sequence <= said.sequence
        ),
        'deviation', deviations,
        'proof', coalesce(
            (
                SELECT json_agg(
                    json_build_object('place', log.sequence, 'event', log.body)
                    ORDER BY log.sequence
                )
                FROM call_events AS log
                WHERE log.call_id = said.call_id AND log.sequence = ANY (deviations.events)
            ),
            '[]'
        ),
        'names', coalesce(
            (
                SELECT json_object_agg(account, name)
                FROM operators
                WHERE account = deviations.operator OR account IN (
                    SELECT words.by FROM deviation_words AS words
                    WHERE words.call_id = said.call_id
                )
            ),
            '{}'
        )
    ) AS document
FROM deviation_words AS said
JOIN consultations USING (call_id)
JOIN calls USING (call_id)
LEFT JOIN deviations
    ON (deviations.call_id, deviations.kind, deviations.step)
        = (said.call_id, said.kind, said.step)
WHERE (said.at, said.call_id, said.kind, said.step, said.sequence)
        > ($1::timestamptz, $2::text, $3::text, $4::text, $5::integer)
  AND consultations.archive_path IS NOT NULL
  AND NOT EXISTS (
      SELECT FROM form_supplements AS sheets
      WHERE (sheets.call_id, sheets.kind, sheets.step, sheets.sequence)
          = (said.call_id, said.kind, said.step, said.sequence)
  )
  AND NOT EXISTS (
      SELECT FROM erasures WHERE erasures.call_id = said.call_id AND erasures.what = 'form'
  )
ORDER BY said.at, said.call_id, said.kind, said.step, said.sequence
LIMIT $6

-- name: supplement_wanted
-- Whether a word's sheet may be kept: it is not there, and the form was not erased meanwhile.
SELECT NOT EXISTS (
    SELECT FROM form_supplements
    WHERE (call_id, kind, step, sequence) = ($1, $2, $3, $4::integer)
) AND NOT EXISTS (SELECT FROM erasures WHERE call_id = $1 AND what = 'form')

-- name: keep_supplement
-- A sheet that lies in the archive; its entry is chained by the table.
INSERT INTO form_supplements (call_id, kind, step, sequence, path, sha256, archived_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
