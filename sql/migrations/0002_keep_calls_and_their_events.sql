-- A call as the telephone knows it, and the log of its events, which is the truth behind all else.

CREATE TABLE calls (
    call_id text CONSTRAINT call_twice PRIMARY KEY,
    channel text NOT NULL,
    line text NOT NULL,
    caller_raw text,
    caller_number text,
    caller_shown text NOT NULL,
    stage text NOT NULL,
    arrived_at timestamptz NOT NULL,
    queued_at timestamptz,
    answered_at timestamptz,
    ended_at timestamptz,
    -- Not a reference: what the telephone did is kept even when the list of operators was lost.
    operator text,
    events integer NOT NULL,
    state jsonb NOT NULL,
    pending jsonb NOT NULL,
    CONSTRAINT call_without_events CHECK (events > 0),
    CONSTRAINT call_of_unknown_stage CHECK (
        stage IN (
            'welcoming', 'queueing', 'ringing', 'connecting', 'talking', 'closing', 'ended', 'archived'
        )
    )
);

-- Keyset paging of the list of calls, newest first.
CREATE INDEX calls_by_arrival ON calls (arrived_at DESC, call_id DESC);
CREATE INDEX calls_by_operator ON calls (operator, ended_at DESC);
CREATE INDEX calls_unfinished ON calls (arrived_at) WHERE stage <> 'archived';

CREATE TABLE call_events (
    call_id text NOT NULL,
    sequence integer NOT NULL,
    at timestamptz NOT NULL,
    source text NOT NULL,
    event text NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT call_event_twice PRIMARY KEY (call_id, sequence),
    CONSTRAINT call_event_without_call FOREIGN KEY (call_id) REFERENCES calls (call_id),
    CONSTRAINT call_event_before_the_first CHECK (sequence > 0)
);

CREATE FUNCTION refuse_change_of_call_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'call_events is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER call_events_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON call_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_call_events();
