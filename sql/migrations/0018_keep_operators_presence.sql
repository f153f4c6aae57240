-- Who took calls when, and why not: each change of an operator's presence, in its order. A wrap-up
-- ends by itself at `until` unless a later entry ends it; `away` is a ready operator whose telephone
-- cannot be reached. An operator without an entry was never there.
CREATE TABLE operator_presence (
    operator text NOT NULL,
    sequence integer NOT NULL,
    at timestamptz NOT NULL,
    presence text NOT NULL,
    reason text,
    call_id text,
    until timestamptz,
    by text NOT NULL,
    CONSTRAINT operator_presence_entry_twice PRIMARY KEY (operator, sequence),
    -- What is told again because its acknowledgement was lost.
    CONSTRAINT operator_presence_told_twice UNIQUE (operator, at, presence),
    CONSTRAINT operator_presence_of_nobody
        FOREIGN KEY (operator) REFERENCES operators (account),
    CONSTRAINT operator_presence_before_the_first CHECK (sequence > 0),
    CONSTRAINT operator_presence_unknown
        CHECK (presence IN ('ready', 'paused', 'wrap_up', 'away')),
    CONSTRAINT operator_pause_without_reason CHECK ((presence = 'paused') = (reason IS NOT NULL)),
    CONSTRAINT operator_wrap_up_without_end CHECK ((presence = 'wrap_up') = (until IS NOT NULL)),
    CONSTRAINT operator_wrap_up_without_call CHECK ((presence = 'wrap_up') = (call_id IS NOT NULL)),
    CONSTRAINT operator_presence_by_nobody CHECK (by ~ '\S')
);

CREATE FUNCTION refuse_change_of_operator_presence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'operator_presence is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER operator_presence_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON operator_presence
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_operator_presence();
