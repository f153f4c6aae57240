-- name: is_in_use
-- Whether there are calls or numbers that an agent reserved, so that nothing may be made up here.
SELECT EXISTS (SELECT FROM calls) OR EXISTS (SELECT FROM number_reservations)

-- name: add_former_operator
-- Keep somebody whom made-up calls name; he is off duty and no telephone is his.
INSERT INTO operators (account, name, digest_sha256, digest_md5, removed_at)
VALUES ($1, $2, '', '', now())

-- name: keep_solved_texts
-- Let search find all solved consultations; for one at a time the tables' own triggers do it.
INSERT INTO solved_texts (call_id, solved_at, words)
SELECT call_id, solved_at, solved_words(fields) FROM solved_consultations ORDER BY solved_at

-- name: archived_in_order
-- What the archive's chain is made of, in the order of archiving.
SELECT call_id, coalesce(archive_path, '') AS path, archive_sha256 AS sha256, archived_at
FROM consultations
WHERE archived_at IS NOT NULL
ORDER BY archived_at, call_id

-- name: keep_words_of_solved_texts
-- Keep the words of all solved consultations, by which typed ones are understood.
SELECT keep_search_words(array_agg(DISTINCT told), false)
FROM solved_consultations, unnest(ARRAY[fields ->> 'problem', fields ->> 'solution']) AS told

-- name: constraints_laid_aside
-- Keys of these tables and references to them, each after what it refers to.
SELECT
    conrelid::regclass::text AS of_table, quote_ident(conname) AS name,
    pg_get_constraintdef(oid) AS definition
FROM pg_constraint
WHERE contype IN ('p', 'u', 'f')
  AND (
      conrelid = ANY ($1::text[]::regclass[]) OR confrelid = ANY ($1::text[]::regclass[])
  )
ORDER BY contype = 'f', oid

-- name: indexes_laid_aside
-- Indexes of these tables that are no key of theirs.
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index
WHERE indrelid = ANY ($1::text[]::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
ORDER BY indexrelid
