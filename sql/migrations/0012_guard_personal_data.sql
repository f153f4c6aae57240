-- Personal data by the law (UU 27/2022): who saw it and why, what may not be erased, what was, and
-- what a person had corrected.

-- Whoever read, exported, corrected or erased; whose data it was is told by form numbers and by a
-- keyed hash of what was searched for, never by the data itself. Only ever added to.
CREATE TABLE access_log (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT access_twice PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    action text NOT NULL,
    forms text[] NOT NULL,
    person_key text,
    purpose text NOT NULL,
    CONSTRAINT access_of_unknown_kind CHECK (
        action IN ('read', 'search', 'export', 'correct', 'hold', 'lift', 'erase')
    ),
    CONSTRAINT access_by_nobody CHECK (by ~ '\S'),
    CONSTRAINT access_without_purpose CHECK (purpose ~ '\S')
);

CREATE INDEX access_log_by_form ON access_log USING gin (forms);
CREATE INDEX access_log_by_person ON access_log (person_key) WHERE person_key IS NOT NULL;

-- Nothing of this form, or of this person, is erased while the hold stands.
CREATE TABLE legal_holds (
    id integer CONSTRAINT legal_hold_twice PRIMARY KEY,
    form_number text CONSTRAINT legal_hold_of_unknown_form REFERENCES consultations (form_number),
    person_key text,
    -- Of the key by which the person is told: with another one nobody could be recognised.
    key_check text,
    reason text NOT NULL,
    by text NOT NULL,
    held_at timestamptz NOT NULL DEFAULT now(),
    lifted_at timestamptz,
    lifted_by text,
    lifted_why text,
    CONSTRAINT legal_hold_of_one CHECK (num_nonnulls(form_number, person_key) = 1),
    CONSTRAINT legal_hold_of_unknown_key CHECK ((person_key IS NULL) = (key_check IS NULL)),
    CONSTRAINT legal_hold_lifted_by_nobody CHECK (
        num_nonnulls(lifted_at, lifted_by, lifted_why) IN (0, 3)
    )
);

CREATE INDEX legal_holds_standing ON legal_holds (form_number) WHERE lifted_at IS NULL;

-- One run of the purge; without an end it was interrupted, and the next one goes on.
CREATE TABLE purges (
    id integer CONSTRAINT purge_twice PRIMARY KEY,
    by text NOT NULL,
    began_at timestamptz NOT NULL,
    audio_before timestamptz NOT NULL,
    forms_before timestamptz NOT NULL,
    ended_at timestamptz,
    audio_erased integer,
    forms_erased integer,
    held integer,
    failed integer
);

-- What was erased of a call: without this row the logs below let nothing be erased.
CREATE TABLE erasures (
    call_id text NOT NULL CONSTRAINT erasure_without_call REFERENCES calls (call_id),
    what text NOT NULL CONSTRAINT erasure_of_unknown_kind CHECK (what IN ('audio', 'form')),
    at timestamptz NOT NULL DEFAULT now(),
    by text NOT NULL,
    why text NOT NULL,
    purge integer CONSTRAINT erasure_by_unknown_purge REFERENCES purges (id),
    CONSTRAINT erasure_twice PRIMARY KEY (call_id, what)
);

-- An archived form is never changed: what a person had corrected stands beside it. The digests are
-- keyed, so that they prove both values and tell neither.
CREATE TABLE form_corrections (
    call_id text NOT NULL CONSTRAINT form_correction_without_consultation
        REFERENCES consultations (call_id),
    sequence integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    by text NOT NULL,
    field text NOT NULL,
    raw text NOT NULL,
    value text,
    old_digest text NOT NULL,
    new_digest text NOT NULL,
    why text NOT NULL,
    CONSTRAINT form_correction_twice PRIMARY KEY (call_id, sequence),
    CONSTRAINT form_correction_before_the_first CHECK (sequence > 0)
);

CREATE INDEX form_corrections_by_value ON form_corrections (value) WHERE value IS NOT NULL;
CREATE INDEX consultation_forms_by_nik ON consultation_forms ((fields ->> 'nik'))
    WHERE fields ? 'nik';
CREATE INDEX consultation_forms_by_email ON consultation_forms (lower(fields ->> 'email'))
    WHERE fields ? 'email';
CREATE INDEX consultations_by_archiving ON consultations (archived_at, call_id);
CREATE INDEX calls_by_raw_caller ON calls (caller_raw)
    WHERE caller_number IS NULL AND caller_raw IS NOT NULL;
CREATE INDEX calls_with_voicemail ON calls (ended_at, call_id) WHERE state ? 'voicemail_recording';

-- By what a person is found, in normal form; a company's tax number and a person's are one kind,
-- because a person's is his identity number.
CREATE VIEW persons_of_calls AS
SELECT call_id, 'number' AS kind, caller_number AS value
FROM calls WHERE caller_number IS NOT NULL
UNION ALL
SELECT call_id, 'number', caller_raw
FROM calls WHERE caller_number IS NULL AND caller_raw IS NOT NULL
UNION ALL
SELECT call_id, 'number', contact_phone FROM consultation_forms WHERE contact_phone IS NOT NULL
UNION ALL
SELECT call_id, 'identity', npwp FROM consultation_forms WHERE npwp IS NOT NULL
UNION ALL
SELECT call_id, 'identity', fields ->> 'nik' FROM consultation_forms WHERE fields ? 'nik'
UNION ALL
SELECT call_id, 'email', lower(fields ->> 'email') FROM consultation_forms WHERE fields ? 'email'
UNION ALL
SELECT call_id, 'name', caller_name FROM consultation_forms WHERE caller_name IS NOT NULL
UNION ALL
SELECT
    call_id,
    CASE field
        WHEN 'contact_phone' THEN 'number'
        WHEN 'email' THEN 'email'
        WHEN 'caller_name' THEN 'name'
        ELSE 'identity'
    END,
    CASE field WHEN 'email' THEN lower(value) ELSE value END
FROM form_corrections
WHERE value IS NOT NULL AND field IN ('contact_phone', 'npwp', 'nik', 'email', 'caller_name');

-- Every sound that was kept of a call: messages today; a table of recordings joins here.
CREATE VIEW audio_of_calls AS
SELECT
    call_id, 'voicemail' AS kind, state ->> 'voicemail_recording' AS file,
    ended_at AS recorded_at
FROM calls WHERE state ? 'voicemail_recording' AND ended_at IS NOT NULL;

CREATE FUNCTION erased_mark() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '(dihapus)' $$;

-- What a form's fields tell without telling who it was: those taken from a list, in every version.
CREATE FUNCTION statistical_fields() RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(id), '{}')
    FROM (
        SELECT field ->> 'id' AS id
        FROM office_files
        CROSS JOIN LATERAL jsonb_path_query(content, '$.sections[*].fields[*]') AS field
        WHERE kind = 'form'
        GROUP BY field ->> 'id'
        HAVING bool_and(field ->> 'type' IN ('choice', 'yes_no'))
    ) AS listed
$$;

-- The same document with nothing personal in it: numbers, times, keys and choices stay, so that a
-- replay of it is judged the same. What is empty stays empty: it says that nothing was there.
CREATE FUNCTION without_person(document jsonb, kept text[]) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF jsonb_typeof(document) = 'array' THEN
        RETURN coalesce(
            (
                SELECT jsonb_agg(without_person(item, kept) ORDER BY place)
                FROM jsonb_array_elements(document) WITH ORDINALITY AS items (item, place)
            ),
            '[]'
        );
    ELSIF jsonb_typeof(document) <> 'object' THEN
        RETURN document;
    END IF;
    RETURN coalesce(
        (
            SELECT jsonb_object_agg(
                key,
                CASE
                    WHEN key = 'caller' AND jsonb_typeof(value) = 'object'
                        THEN jsonb_build_object('shown', erased_mark())
                    WHEN jsonb_typeof(value) = 'string' AND value <> '""' AND (
                        key IN (
                            'caller_shown', 'question', 'answer', 'solution', 'reason',
                            'external_number'
                        )
                        OR (
                            key IN ('raw', 'value') AND document ? 'field'
                            AND document ->> 'field' <> ALL (kept)
                            AND document ->> 'tells_outcome' IS DISTINCT FROM 'true'
                        )
                    ) THEN to_jsonb(erased_mark())
                    ELSE without_person(value, kept)
                END
            )
            FROM jsonb_each(document)
        ),
        '{}'
    );
END
$$;

-- The one door in the logs: a row may become what erasure makes of it, and nothing else, once the
-- erasure of its call is on record.
CREATE FUNCTION refuse_change_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    known jsonb := to_jsonb(OLD);
    owner text := coalesce(
        known ->> 'call_id',
        (SELECT call_id FROM tickets WHERE ticket_number = known ->> 'ticket_number')
    );
BEGIN
    IF EXISTS (SELECT FROM erasures WHERE call_id = owner AND what = 'form')
        AND to_jsonb(NEW) = without_person(known, statistical_fields())
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is only ever added to: UPDATE is refused', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE FUNCTION refuse_change_of_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

DROP TRIGGER call_events_append_only ON call_events;
CREATE TRIGGER call_events_append_only BEFORE DELETE OR TRUNCATE ON call_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_call_events();
CREATE TRIGGER call_events_erased_only BEFORE UPDATE ON call_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_erasure();

DROP TRIGGER ticket_events_append_only ON ticket_events;
CREATE TRIGGER ticket_events_append_only BEFORE DELETE OR TRUNCATE ON ticket_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_ticket_events();
CREATE TRIGGER ticket_events_erased_only BEFORE UPDATE ON ticket_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_erasure();

CREATE TRIGGER form_corrections_append_only BEFORE DELETE OR TRUNCATE ON form_corrections
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_log();
CREATE TRIGGER form_corrections_erased_only BEFORE UPDATE ON form_corrections
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_erasure();

CREATE TRIGGER access_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_log();
CREATE TRIGGER erasures_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON erasures
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_log();
