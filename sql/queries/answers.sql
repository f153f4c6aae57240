-- name: add_answer
-- Keep a new answer; nothing happens when its id is known.
INSERT INTO answers (
    id, title, question, answer, category, application, valid_from, valid_to, source, made_by
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (id) DO NOTHING
RETURNING id

-- name: read_answer
-- One answer as it is, and since when.
SELECT
    id, title, question, answer, category, application, valid_from, valid_to, source,
    coalesce(changed_at, made_at) AS since
FROM answers
WHERE id = $1 AND retired_at IS NULL
FOR UPDATE

-- name: change_answer
-- Write an answer anew; who made it stays.
UPDATE answers SET
    title = $2, question = $3, answer = $4, category = $5, application = $6,
    valid_from = $7, valid_to = $8, source = $9, changed_by = $10, changed_at = now()
WHERE id = $1

-- name: retire_answer
-- Show an answer to nobody any more; answers its title.
UPDATE answers SET retired_by = $2, retired_at = now()
WHERE id = $1 AND retired_at IS NULL
RETURNING title

-- name: list_answers
-- All answers, or only those that are valid on the day $1.
SELECT
    id, title, question, answer, category, application, valid_from, valid_to, source,
    made_by, made_at, changed_by, changed_at, retired_by, retired_at
FROM answers
WHERE $1::date IS NULL
   OR (retired_at IS NULL AND valid_from <= $1 AND (valid_to IS NULL OR valid_to >= $1))
ORDER BY id

-- name: read_answer_versions
-- Every version of an answer, the newest first.
SELECT
    id, version, act, by, at,
    title, question, answer, category, application, valid_from, valid_to, source
FROM answer_versions
WHERE id = $1
ORDER BY version DESC

-- name: search_answers
-- Answers with all of the words, each in any of its meanings ($2), best first.
-- $1: the words as typed; $3: the text; $4: the day on which they are valid, of all where it is null;
-- $5: what was typed may be an id; $6: at most so many.
SELECT
    id, title, question, answer, category, application, valid_from, valid_to, source,
    made_by, made_at, changed_by, changed_at, retired_by, retired_at
FROM answers
WHERE (words @@ $2::tsquery OR id = $5)
  AND (
      $4::date IS NULL
      OR (retired_at IS NULL AND valid_from <= $4 AND (valid_to IS NULL OR valid_to >= $4))
  )
ORDER BY
    (id = $5) DESC,
    0.6 * ts_rank(words, $1::tsquery) + 0.4 * ts_rank(words, $2::tsquery)
        + 0.2 * word_similarity($3, title || ' ' || question) DESC,
    id
LIMIT $6
