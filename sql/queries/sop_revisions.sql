-- name: load_sop_revision
-- Keep a revision of the procedure unless it is there already.
INSERT INTO sop_revisions (name, document, revision, content, sha256)
VALUES ($1, $2, $3, $4::text::jsonb, $5)
ON CONFLICT (name) DO NOTHING

-- name: sop_revision_hash
-- The hash of the content that a revision of this name has.
SELECT sha256 FROM sop_revisions WHERE name = $1

-- name: all_sop_revisions
-- Every revision that ever ran.
SELECT name, content FROM sop_revisions ORDER BY loaded_at, name
