-- The files of a monthly recap name people: they go when the month's forms have gone.
CREATE TABLE recap_erasures (
    month date NOT NULL CONSTRAINT recap_erasure_without_recap REFERENCES recaps (month),
    at timestamptz NOT NULL DEFAULT now(),
    by text NOT NULL,
    why text NOT NULL,
    purge integer NOT NULL CONSTRAINT recap_erasure_by_unknown_purge REFERENCES purges (id),
    CONSTRAINT recap_erasure_twice PRIMARY KEY (month)
);

CREATE TRIGGER recap_erasures_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON recap_erasures
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_log();

ALTER TABLE purges ADD COLUMN recaps_erased integer;
