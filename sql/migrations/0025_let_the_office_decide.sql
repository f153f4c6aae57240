-- Which version of the office's hours, priority table and form counts is decided by an administrator
-- on the pages, or by a file that brings a version which never was; the newest line of a kind is in
-- force. Before the first start after this nothing is decided, and then the files' versions are.
CREATE TABLE office_decisions (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    name text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    decided_by text,
    reason text,
    CONSTRAINT office_decision_twice PRIMARY KEY (id),
    CONSTRAINT office_decision_without_version
        FOREIGN KEY (kind, name) REFERENCES office_files (kind, name),
    CONSTRAINT office_decision_without_reason
        CHECK ((decided_by IS NULL) = (reason IS NULL) AND reason ~ '\S')
);

CREATE INDEX office_decisions_by_kind ON office_decisions (kind, id DESC);

CREATE FUNCTION refuse_change_of_office_decisions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'office_decisions is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER office_decisions_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON office_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_office_decisions();
