-- The monthly recap is equipment that the SOP requires: which months have theirs, and where it lies.
CREATE TABLE recaps (
    month date NOT NULL,
    path text NOT NULL,
    sha256 text NOT NULL,
    made_at timestamptz NOT NULL,
    rows integer NOT NULL,
    totals jsonb NOT NULL,
    CONSTRAINT recap_twice PRIMARY KEY (month),
    CONSTRAINT recap_that_begins_within_a_month CHECK (extract(day FROM month) = 1),
    CONSTRAINT recap_without_proof CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT recap_of_fewer_than_no_rows CHECK (rows >= 0)
);

-- Who alters a recap must not be able to make its record agree.
CREATE FUNCTION refuse_change_of_recaps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'recaps is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER recaps_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON recaps
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_recaps();
