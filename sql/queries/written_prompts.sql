-- What the office wrote in place of the prompts' file; kept beside its other decisions.

-- name: add_written_prompt
-- Keep a version; that it is there already is an error.
INSERT INTO office_files (kind, name, content, sha256) VALUES ('prompt', $1, $2::jsonb, $3)

-- name: all_written_prompts
-- Every version of every prompt.
SELECT content, loaded_at FROM office_files WHERE kind = 'prompt' ORDER BY loaded_at, name
