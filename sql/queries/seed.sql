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
ON CONFLICT (call_id) DO NOTHING

-- name: keep_words_of_solved_texts
-- Keep the words of all solved consultations, by which typed ones are understood.
SELECT keep_search_words(array_agg(DISTINCT told), false)
FROM solved_consultations, unnest(ARRAY[fields ->> 'problem', fields ->> 'solution']) AS told
