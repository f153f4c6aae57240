-- What the procedure says of each call: form, outcome, steps with proof, deviations, ticket.

-- Year and sequence are read out of the written number, so that the two can never disagree.
CREATE TABLE consultations (
    call_id text CONSTRAINT consultation_twice PRIMARY KEY,
    form_number text NOT NULL CONSTRAINT form_number_twice UNIQUE,
    form_year integer NOT NULL
        GENERATED ALWAYS AS (substring(form_number FROM '/([0-9]{4})$')::integer) STORED,
    form_sequence integer NOT NULL
        GENERATED ALWAYS AS (substring(form_number FROM '^([0-9]+)/')::integer) STORED,
    sop text NOT NULL,
    outcome text NOT NULL,
    decision text,
    decided_at timestamptz,
    ticket_number text,
    archived_at timestamptz,
    archive_path text,
    archive_sha256 text,
    CONSTRAINT consultation_without_call FOREIGN KEY (call_id) REFERENCES calls (call_id),
    CONSTRAINT consultation_under_unknown_sop FOREIGN KEY (sop) REFERENCES sop_revisions (name),
    CONSTRAINT form_sequence_twice UNIQUE (form_year, form_sequence),
    CONSTRAINT consultation_of_unknown_decision CHECK (decision IN ('solved', 'escalated')),
    CONSTRAINT archive_without_proof CHECK ((archived_at IS NULL) = (archive_sha256 IS NULL))
);

CREATE INDEX consultations_by_outcome ON consultations (outcome);

CREATE TABLE consultation_steps (
    call_id text NOT NULL,
    step text NOT NULL,
    activity text NOT NULL,
    state text NOT NULL,
    limit_s double precision,
    started_at timestamptz,
    met_at timestamptz,
    seconds double precision,
    evidence jsonb NOT NULL,
    CONSTRAINT consultation_step_twice PRIMARY KEY (call_id, step),
    CONSTRAINT consultation_step_without_consultation
        FOREIGN KEY (call_id) REFERENCES consultations (call_id),
    CONSTRAINT consultation_step_of_unknown_state
        CHECK (state IN ('met', 'running', 'unmet', 'not_applicable')),
    CONSTRAINT consultation_step_met_without_time CHECK (state <> 'met' OR met_at IS NOT NULL),
    CONSTRAINT consultation_step_of_negative_length CHECK (seconds >= 0)
);

CREATE TABLE deviations (
    call_id text NOT NULL,
    kind text NOT NULL,
    step text NOT NULL,
    limit_s double precision,
    measured_s double precision,
    excess_s double precision,
    operator text,
    reason text NOT NULL,
    events integer[] NOT NULL,
    CONSTRAINT deviation_twice PRIMARY KEY (call_id, kind, step),
    CONSTRAINT deviation_without_consultation
        FOREIGN KEY (call_id) REFERENCES consultations (call_id),
    CONSTRAINT deviation_of_unknown_kind CHECK (kind IN ('time', 'output', 'equipment'))
);

CREATE TABLE tickets (
    ticket_number text CONSTRAINT ticket_number_twice PRIMARY KEY,
    year integer NOT NULL
        GENERATED ALWAYS AS (2000 + split_part(ticket_number, '-', 1)::integer) STORED,
    sequence integer NOT NULL
        GENERATED ALWAYS AS (split_part(ticket_number, '-', 2)::integer) STORED,
    call_id text NOT NULL CONSTRAINT second_ticket_of_a_call UNIQUE,
    issued_at timestamptz NOT NULL,
    CONSTRAINT ticket_without_consultation
        FOREIGN KEY (call_id) REFERENCES consultations (call_id),
    CONSTRAINT ticket_sequence_twice UNIQUE (year, sequence)
);
