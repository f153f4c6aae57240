-- One agent at a time owns the office's calls; what an owner wrote carries his epoch.

-- The epoch is the key so that a take-over, which changes it, and a record, which locks the key,
-- wait for each other, while a renewal waits for neither.
CREATE TABLE lease (
    epoch integer CONSTRAINT lease_without_epoch PRIMARY KEY,
    the_only_one boolean NOT NULL DEFAULT true CONSTRAINT second_lease UNIQUE,
    holder text,
    taken_at timestamptz NOT NULL DEFAULT now(),
    renewed_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT lease_beside_the_only_one CHECK (the_only_one)
);

INSERT INTO lease (epoch) VALUES (0);

ALTER TABLE calls ADD COLUMN epoch integer NOT NULL DEFAULT 0;
ALTER TABLE call_events ADD COLUMN epoch integer NOT NULL DEFAULT 0;

CREATE FUNCTION refuse_former_owner(writing integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    owning integer;
BEGIN
    SELECT epoch INTO owning FROM lease FOR KEY SHARE;
    IF owning > writing THEN
        RAISE EXCEPTION 'the office''s calls belong to epoch %, not to %', owning, writing
            USING ERRCODE = 'LP001';
    END IF;
END
$$;
