-- What the office decides by a file, in every version that was used.

-- name: keep_office_file
-- Keep a version; one that is there already stays as it is.
INSERT INTO office_files (kind, name, content, sha256) VALUES ($1, $2, $3::jsonb, $4)
ON CONFLICT (kind, name) DO NOTHING

-- name: office_file_hash
-- The hash of a version's content as it was kept.
SELECT sha256 FROM office_files WHERE kind = $1 AND name = $2

-- name: all_office_files
-- Every version of one kind.
SELECT name, content FROM office_files WHERE kind = $1 ORDER BY loaded_at, name
