-- Typing errors are found by the pieces of three letters that words have in common. The module comes
-- with every PostgreSQL, and who owns the database may switch it on.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The office's own answers. One that no longer holds is ended or retired, never deleted: forms name
-- the answer that was given.
CREATE TABLE answers (
    id text NOT NULL,
    title text NOT NULL,
    question text NOT NULL,
    answer text NOT NULL,
    category text,
    application text,
    valid_from date NOT NULL,
    valid_to date,
    source text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    changed_by text,
    changed_at timestamptz,
    retired_by text,
    retired_at timestamptz,
    words tsvector GENERATED ALWAYS AS (
        setweight(
            to_tsvector(
                'indonesian'::regconfig,
                regexp_replace(title || ' ' || question, '[^[:alnum:]]+', ' ', 'g')
            ),
            'A'
        )
        || setweight(
            to_tsvector(
                'indonesian'::regconfig, regexp_replace(answer, '[^[:alnum:]]+', ' ', 'g')
            ),
            'C'
        )
    ) STORED,
    CONSTRAINT answer_twice PRIMARY KEY (id),
    CONSTRAINT answer_id_of_another_form CHECK (id ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT answer_that_ends_before_it_begins CHECK (valid_to >= valid_from)
);

CREATE INDEX answers_by_word ON answers USING gin (words);

-- What solved consultations are found by; their text stays on the form. A row is written once a
-- call, when its form is archived, so that filling in a form costs nothing here. Without a list of
-- pending entries, because every search would read that list.
CREATE TABLE solved_texts (
    call_id text NOT NULL,
    solved_at timestamptz NOT NULL,
    words tsvector NOT NULL,
    CONSTRAINT solved_text_twice PRIMARY KEY (call_id),
    CONSTRAINT solved_text_without_form
        FOREIGN KEY (call_id) REFERENCES consultation_forms (call_id) ON DELETE CASCADE
);

CREATE INDEX solved_texts_by_word ON solved_texts USING gin (words) WITH (fastupdate = off);
CREATE INDEX solved_texts_newest ON solved_texts (solved_at DESC);

-- Every word of answers and solved consultations with its stem: a typed word is first looked for
-- here, also when it is not finished or misspelt. Words of answers are known to be written right.
CREATE TABLE search_words (
    word text NOT NULL,
    stem text NOT NULL,
    curated boolean NOT NULL,
    CONSTRAINT search_word_twice PRIMARY KEY (word)
);

CREATE INDEX search_words_by_pieces ON search_words USING gin (word gin_trgm_ops)
    WITH (fastupdate = off);

CREATE FUNCTION keep_search_words(texts text[], curated boolean) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO search_words AS known (word, stem, curated)
    SELECT found.word, coalesce((ts_lexize('indonesian_stem', found.word))[1], found.word), $2
    FROM (
        SELECT DISTINCT word
        FROM unnest($1) AS given (content),
            regexp_split_to_table(lower(given.content), '[^[:alpha:]]+') AS word
        WHERE length(word) BETWEEN 3 AND 30
        -- In one order, so that two writers never wait for each other.
        ORDER BY word
    ) AS found
    ON CONFLICT (word) DO UPDATE SET curated = true WHERE excluded.curated AND NOT known.curated
$$;

CREATE FUNCTION solved_words(fields jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT
        setweight(
            to_tsvector(
                'indonesian', regexp_replace(fields ->> 'problem', '[^[:alnum:]]+', ' ', 'g')
            ),
            'A'
        )
        || setweight(
            to_tsvector(
                'indonesian', regexp_replace(fields ->> 'solution', '[^[:alnum:]]+', ' ', 'g')
            ),
            'C'
        )
$$;

CREATE VIEW solved_consultations AS
SELECT call_id, coalesce(decided_at, archived_at) AS solved_at, fields
FROM consultation_forms
JOIN consultations USING (call_id)
WHERE outcome = 'solved' AND archived_at IS NOT NULL
  AND fields ? 'problem' AND fields ? 'solution';

CREATE FUNCTION solved_text_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    solved solved_consultations%ROWTYPE;
BEGIN
    SELECT * INTO solved FROM solved_consultations WHERE call_id = NEW.call_id;
    IF FOUND THEN
        INSERT INTO solved_texts AS known (call_id, solved_at, words)
        VALUES (solved.call_id, solved.solved_at, solved_words(solved.fields))
        ON CONFLICT (call_id) DO UPDATE SET words = excluded.words;
        PERFORM keep_search_words(
            ARRAY[solved.fields ->> 'problem', solved.fields ->> 'solution'], false
        );
    ELSE
        DELETE FROM solved_texts WHERE call_id = NEW.call_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION answer_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_search_words(ARRAY[NEW.title, NEW.question, NEW.answer], true);
    RETURN NULL;
END
$$;

CREATE TRIGGER consultation_archived_as_solved
    AFTER INSERT OR UPDATE OF outcome, archived_at ON consultations
    FOR EACH ROW WHEN (NEW.outcome = 'solved' AND NEW.archived_at IS NOT NULL)
    EXECUTE FUNCTION solved_text_changed();

-- Before the archive there is nothing to do; a correction after it must be found by its new words.
CREATE TRIGGER consultation_form_corrected
    AFTER UPDATE OF fields ON consultation_forms
    FOR EACH ROW WHEN (
        (OLD.fields -> 'problem', OLD.fields -> 'solution')
            IS DISTINCT FROM (NEW.fields -> 'problem', NEW.fields -> 'solution')
    )
    EXECUTE FUNCTION solved_text_changed();

CREATE TRIGGER answer_has_words
    AFTER INSERT OR UPDATE OF title, question, answer ON answers
    FOR EACH ROW EXECUTE FUNCTION answer_changed();

INSERT INTO solved_texts (call_id, solved_at, words)
SELECT call_id, solved_at, solved_words(fields) FROM solved_consultations ORDER BY solved_at;
SELECT keep_search_words(array_agg(DISTINCT told), false)
FROM solved_consultations, unnest(ARRAY[fields ->> 'problem', fields ->> 'solution']) AS told;
