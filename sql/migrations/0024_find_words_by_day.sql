-- Words are looked for among the forms of some days, newest first: so a common word costs no more than
-- the days that fill a page, however many calls there are. An index of words has the day beside the
-- words and leaps over what is of another day.
--
-- This writes every form once more and builds the indexes of words anew: two minutes for a million
-- forms. Calls go on meanwhile; what they record waits in the journal.
DROP INDEX consultation_forms_by_words;
DROP INDEX solved_texts_by_word;
DROP FUNCTION name_words;

ALTER TABLE consultation_forms ADD COLUMN arrived_at timestamptz;

-- Row by row as they lie: forms of one day stay together.
UPDATE consultation_forms
SET arrived_at = (SELECT arrived_at FROM calls WHERE calls.call_id = consultation_forms.call_id);

-- The day since 2000 in UTC. An array, because an index of words takes no bare number.
CREATE FUNCTION day_key(at timestamptz) RETURNS integer[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY[
        floor(extract(epoch FROM at - timestamptz '2000-01-01 00:00:00+00') / 86400)::integer
    ]
$$;

-- Names are found by pieces of three letters: whoever types how a word begins would have every word
-- that begins so collected out of an index of whole words. A form that an older program writes before
-- it is replaced has the day of its change.
CREATE INDEX consultation_forms_by_words
    ON consultation_forms
    USING gin (
        lower(caller_name) gin_trgm_ops, lower(company) gin_trgm_ops, form_words(fields),
        day_key(coalesce(arrived_at, changed_at))
    );

CREATE INDEX solved_texts_by_word
    ON solved_texts USING gin (words, day_key(solved_at)) WITH (fastupdate = off);

-- How often a word comes, and on how many days, is known from the first question on.
ANALYZE consultation_forms, solved_texts;
