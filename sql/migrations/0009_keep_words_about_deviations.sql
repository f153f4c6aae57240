-- What people say about deviations, and deviations of the equipment beyond a single call.

-- No key towards deviations: a recomputation may withdraw one, and what was said of it stays. So
-- each word keeps the values that it was about.
CREATE TABLE deviation_words (
    call_id text NOT NULL,
    kind text NOT NULL,
    step text NOT NULL,
    sequence integer NOT NULL,
    role text NOT NULL,
    verdict text,
    text text NOT NULL,
    by text NOT NULL,
    at timestamptz NOT NULL,
    limit_s double precision,
    measured_s double precision,
    reason text NOT NULL,
    CONSTRAINT deviation_word_twice PRIMARY KEY (call_id, kind, step, sequence),
    CONSTRAINT deviation_word_before_the_first CHECK (sequence > 0),
    CONSTRAINT deviation_word_without_consultation
        FOREIGN KEY (call_id) REFERENCES consultations (call_id),
    CONSTRAINT deviation_word_of_unknown_kind CHECK (kind IN ('time', 'output', 'equipment')),
    CONSTRAINT deviation_word_of_unknown_role CHECK (role IN ('explanation', 'decision')),
    CONSTRAINT deviation_word_of_unknown_verdict CHECK (verdict IN ('excused', 'upheld')),
    CONSTRAINT deviation_decision_without_verdict
        CHECK ((role = 'decision') = (verdict IS NOT NULL)),
    CONSTRAINT deviation_word_that_says_nothing CHECK (text ~ '\S' AND by ~ '\S')
);

CREATE FUNCTION refuse_change_of_deviation_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'deviation_words is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER deviation_words_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON deviation_words
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_deviation_words();

-- Computed from stored facts, so it may be computed anew at any time.
CREATE TABLE equipment_deviations (
    kind text NOT NULL,
    subject text NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    proof jsonb NOT NULL,
    CONSTRAINT equipment_deviation_twice PRIMARY KEY (kind, subject),
    CONSTRAINT equipment_deviation_of_unknown_kind
        CHECK (kind IN ('form_service', 'recap', 'archive')),
    CONSTRAINT equipment_deviation_that_ends_before_it_began CHECK (ended_at >= began_at)
);

CREATE INDEX equipment_deviations_by_time ON equipment_deviations (began_at);

-- Calls that the service did not handle are few; without this they are sought among all.
CREATE INDEX deviations_of_equipment ON deviations (call_id) WHERE kind = 'equipment';
