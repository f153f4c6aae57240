-- name: archive_entries_after
-- The next $2 entries of the archive after this sequence, with what the record itself says of them.
SELECT
    archive_entries.sequence, archive_entries.call_id, archive_entries.path,
    archive_entries.sha256, archive_entries.archived_at, archive_entries.previous_chain,
    archive_entries.chain,
    coalesce(consultations.form_number, archive_entries.call_id) AS form_number,
    consultations.archive_path IS NOT DISTINCT FROM archive_entries.path
    AND consultations.archive_sha256 IS NOT DISTINCT FROM archive_entries.sha256
    AND consultations.archived_at IS NOT DISTINCT FROM archive_entries.archived_at AS as_recorded,
    EXISTS (
        SELECT FROM erasures
        WHERE erasures.call_id = archive_entries.call_id AND erasures.what = 'form'
    ) AS erased
FROM archive_entries
LEFT JOIN consultations USING (call_id)
WHERE archive_entries.sequence > $1
ORDER BY archive_entries.sequence
LIMIT $2

-- name: archived_without_entry
-- Consultations that are archived by their record and have no entry in the archive's chain.
SELECT consultations.form_number, coalesce(consultations.archive_path, '') AS path
FROM consultations
WHERE consultations.archived_at IS NOT NULL
  AND NOT EXISTS (
      SELECT FROM archive_entries WHERE archive_entries.call_id = consultations.call_id
  )
ORDER BY consultations.form_number

-- name: paths_without_entry
-- Which of these files no entry names, but for those whose call is about to be recorded as archived.
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
ORDER BY files.path
