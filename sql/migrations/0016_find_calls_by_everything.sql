-- The list of calls is searched by the last digits of a telephone: the same digits read backwards begin it.
CREATE INDEX calls_by_last_digits
    ON calls (reverse(coalesce(caller_number, caller_raw)) text_pattern_ops, arrived_at);

CREATE INDEX calls_by_operator_and_arrival ON calls (operator, arrived_at DESC, call_id DESC);

-- Words of a name or a company, as they are written.
CREATE FUNCTION name_words(name text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT to_tsvector('simple', regexp_replace(name, '[^[:alnum:]]+', ' ', 'g'))
$$;

-- Words of what was written on a form in sentences, solved or not.
CREATE FUNCTION form_words(fields jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT to_tsvector(
        'indonesian',
        regexp_replace(
            coalesce(fields ->> 'problem', '') || ' ' || coalesce(fields ->> 'error_code', '')
                || ' ' || coalesce(fields ->> 'solution', ''),
            '[^[:alnum:]]+', ' ', 'g'
        )
    )
$$;

-- One index for the three: a form that is saved again is entered once. What is new waits in a short
-- list, so that the one who writes does not wait for the index.
CREATE INDEX consultation_forms_by_words
    ON consultation_forms
    USING gin (name_words(caller_name), name_words(company), form_words(fields));

CREATE INDEX consultation_forms_by_category
    ON consultation_forms (category) WHERE category IS NOT NULL;

CREATE INDEX consultation_forms_by_application
    ON consultation_forms (application) WHERE application IS NOT NULL;

-- What seldom happens is found by these; what happens all day is found among the newest calls.
CREATE INDEX deviations_by_step ON deviations (step, kind, call_id);

CREATE INDEX consultation_steps_unmet ON consultation_steps (step, call_id) WHERE state = 'unmet';
