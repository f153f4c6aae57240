-- How far what was said of a deviation's present values has come (nothing, an explanation, a decision)
-- stands beside it, and so does its call's arrival: each state's newest are found through an index,
-- however many are of another.
--
-- This writes every deviation once more: twenty seconds for a million. Calls go on meanwhile; what
-- they record waits in the journal.
ALTER TABLE deviations
    ADD COLUMN arrived_at timestamptz,
    ADD COLUMN standing text NOT NULL DEFAULT 'nothing'
        CONSTRAINT deviation_of_unknown_standing
        CHECK (standing IN ('nothing', 'explanation', 'decision'));

UPDATE deviations
SET arrived_at = calls.arrived_at,
    standing = coalesce(
        (
            -- A decision comes first, also by the alphabet.
            SELECT min(said.role) FROM deviation_words AS said
            WHERE (said.call_id, said.kind, said.step)
                = (deviations.call_id, deviations.kind, deviations.step)
              AND said.limit_s IS NOT DISTINCT FROM deviations.limit_s
              AND said.measured_s IS NOT DISTINCT FROM deviations.measured_s
              AND said.reason = deviations.reason
        ),
        'nothing'
    )
FROM calls
WHERE calls.call_id = deviations.call_id;

ALTER TABLE deviations ALTER COLUMN arrived_at SET NOT NULL;

-- Whoever writes a deviation, an older program or a hand too: it stands where its words put it. So one
-- that does not is put right by any UPDATE of it.
CREATE FUNCTION keep_standing_of_deviation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.arrived_at := (SELECT arrived_at FROM calls WHERE call_id = NEW.call_id);
    NEW.standing := coalesce(
        (
            -- A decision comes first, also by the alphabet.
            SELECT min(said.role) FROM deviation_words AS said
            WHERE (said.call_id, said.kind, said.step) = (NEW.call_id, NEW.kind, NEW.step)
              AND said.limit_s IS NOT DISTINCT FROM NEW.limit_s
              AND said.measured_s IS NOT DISTINCT FROM NEW.measured_s
              AND said.reason = NEW.reason
        ),
        'nothing'
    );
    RETURN NEW;
END
$$;

CREATE TRIGGER deviations_keep_standing
    BEFORE INSERT OR UPDATE ON deviations
    FOR EACH ROW EXECUTE FUNCTION keep_standing_of_deviation();

CREATE FUNCTION move_standing_of_deviation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Its own trigger looks what was said, this word among it.
    UPDATE deviations SET standing = standing
    WHERE (call_id, kind, step) = (NEW.call_id, NEW.kind, NEW.step);
    RETURN NULL;
END
$$;

CREATE TRIGGER deviation_words_move_standing
    AFTER INSERT ON deviation_words
    FOR EACH ROW EXECUTE FUNCTION move_standing_of_deviation();

-- One for each state that is asked for, in the order of the page.
CREATE INDEX deviations_by_arrival ON deviations (arrived_at, call_id);

CREATE INDEX deviations_open ON deviations (arrived_at, call_id) WHERE standing <> 'decision';

CREATE INDEX deviations_explained
    ON deviations (arrived_at, call_id) WHERE standing = 'explanation';

CREATE INDEX deviations_decided ON deviations (arrived_at, call_id) WHERE standing = 'decision';

-- How many stand where is known from the first question on.
ANALYZE deviations;
