-- A form is archived minutes after its call; what people say of its deviations comes later. Each word
-- has a sheet in the same archive, chained like the forms.
CREATE TABLE form_supplements (
    call_id text NOT NULL,
    kind text NOT NULL,
    step text NOT NULL,
    sequence integer NOT NULL,
    path text NOT NULL,
    sha256 text NOT NULL,
    archived_at timestamptz NOT NULL,
    CONSTRAINT form_supplement_twice PRIMARY KEY (call_id, kind, step, sequence),
    CONSTRAINT form_supplements_at_one_path UNIQUE (path),
    CONSTRAINT form_supplement_without_word FOREIGN KEY (call_id, kind, step, sequence)
        REFERENCES deviation_words (call_id, kind, step, sequence),
    CONSTRAINT form_supplement_without_proof CHECK (sha256 ~ '^[0-9a-f]{64}$')
);

CREATE TRIGGER form_supplements_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON form_supplements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_log();

-- Beside its form, by the word that it tells.
CREATE FUNCTION supplement_path(
    form_path text, call_id text, kind text, step text, sequence integer
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(form_path, '[^/]*$', '')
        || call_id || '.' || kind || '-' || replace(step, '/', '_') || '-' || sequence || '.pdf'
$$;

-- A call has its form's entry and one for each sheet.
ALTER TABLE archive_entries
    DROP CONSTRAINT second_archive_entry_of_a_call,
    ADD CONSTRAINT second_archive_entry_of_a_file UNIQUE (call_id, path);

CREATE OR REPLACE FUNCTION enter_into_archive(
    archived_call text, archived_path text, archived_sha256 text, archived_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    last_sequence bigint;
    last_chain text;
BEGIN
    PERFORM pg_advisory_xact_lock(20826);
    IF EXISTS (
        SELECT FROM archive_entries WHERE call_id = archived_call AND path = archived_path
    ) THEN
        RETURN;
    END IF;
    SELECT sequence, chain INTO last_sequence, last_chain
    FROM archive_entries ORDER BY sequence DESC LIMIT 1;
    last_sequence := coalesce(last_sequence, 0) + 1;
    last_chain := coalesce(last_chain, '');
    INSERT INTO archive_entries
        (sequence, call_id, path, sha256, archived_at, previous_chain, chain)
    VALUES (
        last_sequence, archived_call, archived_path, archived_sha256,
        enter_into_archive.archived_at, last_chain,
        archive_chain(
            last_chain, last_sequence, enter_into_archive.archived_at,
            archived_sha256, archived_call, archived_path
        )
    );
END
$$;

CREATE FUNCTION chain_form_supplement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM enter_into_archive(NEW.call_id, NEW.path, NEW.sha256, NEW.archived_at);
    RETURN NULL;
END
$$;

CREATE TRIGGER form_supplements_chained
    AFTER INSERT ON form_supplements
    FOR EACH ROW EXECUTE FUNCTION chain_form_supplement();
