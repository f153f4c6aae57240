-- Every archived form has one entry, whose hash takes in the entry before it: who changes, removes or
-- slips in a form must change every later entry too, and the last hash may be written down elsewhere.
CREATE TABLE archive_entries (
    sequence bigint NOT NULL,
    call_id text NOT NULL,
    path text NOT NULL,
    sha256 text NOT NULL,
    archived_at timestamptz NOT NULL,
    previous_chain text NOT NULL,
    chain text NOT NULL,
    CONSTRAINT archive_entry_twice PRIMARY KEY (sequence),
    CONSTRAINT archive_entry_before_the_first CHECK (sequence > 0),
    CONSTRAINT second_archive_entry_of_a_call UNIQUE (call_id),
    CONSTRAINT archive_entry_after_the_same UNIQUE (previous_chain),
    CONSTRAINT archive_entry_without_consultation
        FOREIGN KEY (call_id) REFERENCES consultations (call_id)
);

CREATE INDEX archive_entries_by_path ON archive_entries (path);

CREATE FUNCTION refuse_change_of_archive_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'archive_entries is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER archive_entries_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON archive_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_archive_entries();

-- agent/database/archive_chain.py computes the same; the path is last as it may hold any sign.
CREATE FUNCTION archive_chain(
    previous_chain text, sequence bigint, archived_at timestamptz,
    sha256 text, call_id text, path text
) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(
        E'\n', previous_chain, sequence,
        to_char(archived_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        sha256, call_id, path
    ), 'UTF8')), 'hex')
$$;

-- Entries are chained in the order in which they are recorded. The lock is taken when a record is
-- written whole, and held to its end: one who waits for it holds nothing that its holder still needs.
CREATE FUNCTION enter_into_archive(
    archived_call text, archived_path text, archived_sha256 text, archived_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    last_sequence bigint;
    last_chain text;
BEGIN
    PERFORM pg_advisory_xact_lock(20826);
    IF EXISTS (SELECT FROM archive_entries WHERE call_id = archived_call) THEN
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

-- Forms of before the chain, in the order of their archiving.
DO $$
DECLARE
    archived record;
BEGIN
    FOR archived IN
        SELECT call_id, coalesce(archive_path, '') AS path, archive_sha256, archived_at
        FROM consultations
        WHERE archived_at IS NOT NULL
        ORDER BY archived_at, call_id
    LOOP
        PERFORM enter_into_archive(
            archived.call_id, archived.path, archived.archive_sha256, archived.archived_at
        );
    END LOOP;
END
$$;

CREATE FUNCTION chain_archived_consultation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM enter_into_archive(
        NEW.call_id, coalesce(NEW.archive_path, ''), NEW.archive_sha256, NEW.archived_at
    );
    RETURN NULL;
END
$$;

CREATE TRIGGER consultations_chained_when_archived
    AFTER INSERT ON consultations
    FOR EACH ROW WHEN (NEW.archived_at IS NOT NULL)
    EXECUTE FUNCTION chain_archived_consultation();

CREATE TRIGGER consultations_chained_once_archived
    AFTER UPDATE ON consultations
    FOR EACH ROW WHEN (OLD.archived_at IS NULL AND NEW.archived_at IS NOT NULL)
    EXECUTE FUNCTION chain_archived_consultation();
