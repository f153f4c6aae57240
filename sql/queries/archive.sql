-- name: archive_entries_after
-- The next $2 entries of the archive after this sequence, with what the record itself says of them.
SELECT
    archive_entries.sequence, archive_entries.call_id, archive_entries.path,
    archive_entries.sha256, archive_entries.archived_at, archive_entries.previous_chain,
    archive_entries.chain,
    coalesce(consultations.form_number, archive_entries.call_id) AS form_number,
    CASE WHEN sheets.path IS NULL THEN
        consultations.archive_path IS NOT DISTINCT FROM archive_entries.path
        AND consultations.archive_sha256 IS NOT DISTINCT FROM archive_entries.sha256
        AND consultations.archived_at IS NOT DISTINCT FROM archive_entries.archived_at
    ELSE
        sheets.sha256 = archive_entries.sha256 AND sheets.archived_at = archive_entries.archived_at
    END AS as_recorded,
    sheets.path IS NOT NULL AS supplement,
    EXISTS (
        SELECT FROM erasures
        WHERE erasures.call_id = archive_entries.call_id AND erasures.what = 'form'
    ) AS erased
FROM archive_entries
LEFT JOIN consultations USING (call_id)
LEFT JOIN form_supplements AS sheets USING (call_id, path)
WHERE archive_entries.sequence > $1
ORDER BY archive_entries.sequence
LIMIT $2

-- name: archived_without_entry
-- What is archived by its record, forms and their supplements, and has no entry in the chain.
SELECT consultations.form_number, coalesce(consultations.archive_path, '') AS path
FROM consultations
WHERE consultations.archived_at IS NOT NULL
  AND NOT EXISTS (
      SELECT FROM archive_entries
      LEFT JOIN form_supplements USING (call_id, path)
      WHERE archive_entries.call_id = consultations.call_id AND form_supplements.kind IS NULL
  )
UNION ALL
SELECT consultations.form_number, form_supplements.path
FROM form_supplements
JOIN consultations USING (call_id)
LEFT JOIN archive_entries USING (call_id, path)
WHERE archive_entries.sequence IS NULL
ORDER BY form_number, path

-- name: paths_without_entry
-- Which of these files no entry names, but for those that are about to be recorded.
-- That is the form of a call that ended, and the sheet of a word that has none yet.
SELECT files.path
FROM unnest($1::text[], $2::text[]) AS files (path, call_id)
WHERE NOT EXISTS (SELECT FROM archive_entries WHERE archive_entries.path = files.path)
  AND NOT EXISTS (
      SELECT FROM calls
      LEFT JOIN consultations USING (call_id)
      WHERE calls.call_id = files.call_id
        AND calls.ended_at IS NOT NULL
        AND consultations.archived_at IS NULL
  )
  AND NOT EXISTS (
      SELECT FROM deviation_words AS said
      JOIN consultations USING (call_id)
      WHERE said.call_id = files.call_id
        AND files.path = supplement_path(
            consultations.archive_path, said.call_id, said.kind, said.step, said.sequence
        )
        AND NOT EXISTS (
            SELECT FROM form_supplements AS sheets
            WHERE (sheets.call_id, sheets.kind, sheets.step, sheets.sequence)
                = (said.call_id, said.kind, said.step, said.sequence)
        )
  )
ORDER BY files.path
