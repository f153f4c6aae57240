-- name: words_meant
-- The stems that each typed word may mean, with how alike they are.
-- Its own; those of words that begin with it, where its end ($2 is its place) is not typed yet; those
-- of words much like it, where no answer of the office has it.
SELECT
    typed.place, typed.word,
    coalesce((ts_lexize('indonesian_stem', typed.word))[1], typed.word) AS stem,
    1.0::real AS likeness
FROM unnest($1::text[]) WITH ORDINALITY AS typed (word, place)
UNION ALL
SELECT typed.place, begun.word, begun.stem, 1.0::real
FROM unnest($1::text[]) WITH ORDINALITY AS typed (word, place),
    LATERAL (
        SELECT word, stem FROM search_words
        WHERE word LIKE typed.word || '%'
        ORDER BY curated DESC, length(word), word
        LIMIT 12
    ) AS begun
WHERE typed.place = $2 AND length(typed.word) >= 2
UNION ALL
SELECT typed.place, alike.word, alike.stem, alike.likeness
FROM unnest($1::text[]) WITH ORDINALITY AS typed (word, place),
    LATERAL (
        SELECT word, stem, similarity(word, typed.word) AS likeness FROM search_words
        WHERE word % typed.word
        ORDER BY curated DESC, likeness DESC, word
        LIMIT 4
    ) AS alike
WHERE length(typed.word) >= 4
  AND NOT EXISTS (SELECT FROM search_words WHERE curated AND word = typed.word)

-- name: suggest_answers
-- Answers that are valid on the day $4, best first.
-- They have one of the words: $1 as typed, $2 with what they may mean; $3 is the text.
SELECT
    id, title, answer, source, valid_from,
    0.6 * ts_rank(words, $1::tsquery) + 0.4 * ts_rank(words, $2::tsquery)
        + 0.2 * word_similarity($3, title || ' ' || question) AS rank
FROM answers
WHERE words @@ $2::tsquery
  AND retired_at IS NULL AND valid_from <= $4 AND (valid_to IS NULL OR valid_to >= $4)
ORDER BY rank DESC, id
LIMIT $5

-- name: suggest_solved
-- Solved consultations, best first.
-- The newest with one of the words ($2), some with all of them ($4): first those of the days $8, then of
-- $9, and of before $10 where these are too few. So no common word makes it look at all there ever were.
WITH recent AS MATERIALIZED (
    SELECT * FROM solved_texts
    WHERE words @@ $4::tsquery AND day_key(solved_at) && $8::integer[]
    UNION ALL
    SELECT * FROM solved_texts
    WHERE words @@ $4::tsquery AND day_key(solved_at) && $9::integer[]
    LIMIT $7
),
candidates AS (
    SELECT call_id, solved_at, words
    FROM (SELECT * FROM solved_texts ORDER BY solved_at DESC LIMIT $6) AS newest
    WHERE words @@ $2::tsquery
    UNION ALL
    SELECT call_id, solved_at, words
    FROM (
        SELECT * FROM recent
        UNION ALL
        SELECT * FROM solved_texts
        WHERE words @@ $4::tsquery AND solved_at < $10::timestamptz
          AND (SELECT count(*) FROM recent) < $5
        LIMIT $7
    ) AS with_all
),
best AS (
    SELECT DISTINCT ON (rank, solved_at, call_id)
        call_id, solved_at,
        0.6 * ts_rank(words, $1::tsquery) + 0.4 * ts_rank(words, $2::tsquery) AS rank
    FROM candidates
    ORDER BY rank DESC, solved_at DESC, call_id
    LIMIT $5 * 3
)
SELECT
    consultations.form_number, best.solved_at, consultation_forms.fields,
    best.rank + 0.2 * word_similarity($3, consultation_forms.fields ->> 'problem') AS rank
FROM best
JOIN consultation_forms USING (call_id)
JOIN consultations USING (call_id)
ORDER BY rank DESC, best.solved_at DESC, consultations.form_number
LIMIT $5

-- name: earlier_consultations
-- Consultations of these telephones ($1, in E.164) or tax number ($2), newest first, but call $3.
WITH found AS (
    SELECT of_telephone.call_id
    FROM unnest($1::text[]) AS telephones (number)
    CROSS JOIN LATERAL (
        (
            SELECT call_id FROM calls
            WHERE caller_number = telephones.number
            ORDER BY arrived_at DESC
            LIMIT $4 + 1
        )
        UNION ALL
        (
            SELECT call_id FROM consultation_forms
            WHERE contact_phone = telephones.number
            ORDER BY coalesce(arrived_at, changed_at) DESC
            LIMIT $4 + 1
        )
    ) AS of_telephone
    UNION
    SELECT call_id
    FROM (
        SELECT call_id FROM consultation_forms
        WHERE npwp = $2::text
        ORDER BY coalesce(arrived_at, changed_at) DESC
        LIMIT $4 + 1
    ) AS of_tax_number
)
SELECT
    consultations.form_number, calls.arrived_at, consultations.outcome,
    consultation_forms.category, consultation_forms.application,
    consultation_forms.fields ->> 'problem' AS problem,
    tickets.ticket_number, tickets.stage AS ticket_stage,
    tickets.call_id IS NOT NULL AND tickets.confirmed_at IS NULL AS ticket_open
FROM found
JOIN calls USING (call_id)
JOIN consultations USING (call_id)
LEFT JOIN consultation_forms USING (call_id)
LEFT JOIN tickets USING (call_id)
WHERE found.call_id IS DISTINCT FROM $3::text
ORDER BY calls.arrived_at DESC, found.call_id DESC
LIMIT $4

-- name: count_earlier_consultations
-- How many there are of these telephones ($1, in E.164) or tax number ($2) in all, but call $3.
SELECT count(*)
FROM consultations
JOIN (
    SELECT call_id FROM calls
    WHERE caller_number = any($1::text[])
    UNION
    SELECT call_id FROM consultation_forms
    WHERE contact_phone = any($1::text[])
    UNION
    SELECT call_id FROM consultation_forms
    WHERE npwp = $2::text
) AS found USING (call_id)
WHERE found.call_id IS DISTINCT FROM $3::text
