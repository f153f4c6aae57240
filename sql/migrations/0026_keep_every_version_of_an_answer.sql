-- An answer that is written anew keeps nothing of what stood there before: whoever was told something
-- else a month ago cannot be shown it, and a text that was overwritten is lost.

CREATE TABLE answer_versions (
    id text NOT NULL,
    version integer NOT NULL,
    act text NOT NULL,
    by text NOT NULL,
    at timestamptz NOT NULL,
    title text NOT NULL,
    question text NOT NULL,
    answer text NOT NULL,
    category text,
    application text,
    valid_from date NOT NULL,
    valid_to date,
    source text NOT NULL,
    CONSTRAINT answer_version_twice PRIMARY KEY (id, version),
    CONSTRAINT answer_version_before_the_first CHECK (version > 0),
    CONSTRAINT answer_version_of_unknown_act CHECK (act IN ('added', 'changed', 'retired')),
    CONSTRAINT answer_version_without_answer FOREIGN KEY (id) REFERENCES answers (id)
);

CREATE FUNCTION refuse_change_of_answer_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'answer_versions is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER answer_versions_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON answer_versions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_answer_versions();

-- By the table itself, so that no way of writing an answer goes past it. The row of the answer is
-- locked while this runs, so that no two versions get one number.
CREATE FUNCTION keep_answer_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    did text := CASE
        WHEN TG_OP = 'INSERT' THEN 'added'
        WHEN NEW.retired_at IS DISTINCT FROM OLD.retired_at THEN 'retired'
        ELSE 'changed'
    END;
BEGIN
    INSERT INTO answer_versions (
        id, version, act, by, at,
        title, question, answer, category, application, valid_from, valid_to, source
    )
    SELECT
        NEW.id, coalesce(max(known.version), 0) + 1, did,
        CASE did
            WHEN 'added' THEN NEW.made_by WHEN 'retired' THEN NEW.retired_by ELSE NEW.changed_by
        END,
        CASE did
            WHEN 'added' THEN NEW.made_at WHEN 'retired' THEN NEW.retired_at ELSE NEW.changed_at
        END,
        NEW.title, NEW.question, NEW.answer, NEW.category, NEW.application,
        NEW.valid_from, NEW.valid_to, NEW.source
    FROM answer_versions AS known
    WHERE known.id = NEW.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER answer_has_versions AFTER INSERT OR UPDATE ON answers
    FOR EACH ROW EXECUTE FUNCTION keep_answer_version();

-- Of answers from before this, what stands there now is the first version that is known.
INSERT INTO answer_versions (
    id, version, act, by, at,
    title, question, answer, category, application, valid_from, valid_to, source
)
SELECT
    id, 1,
    CASE
        WHEN retired_at IS NOT NULL THEN 'retired'
        WHEN changed_at IS NOT NULL THEN 'changed'
        ELSE 'added'
    END,
    coalesce(retired_by, changed_by, made_by), coalesce(retired_at, changed_at, made_at),
    title, question, answer, category, application, valid_from, valid_to, source
FROM answers;
