-- What the office decides by a file (its form, priority table and hours) is kept as it was, in every
-- version that a consultation or ticket was made under; a version never changes its content.
CREATE TABLE office_files (
    kind text NOT NULL,
    name text NOT NULL,
    content jsonb NOT NULL,
    sha256 text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT office_file_twice PRIMARY KEY (kind, name),
    CONSTRAINT office_file_of_unknown_kind
        CHECK (kind IN ('form', 'priority_table', 'office_hours'))
);

-- What stands on a consultation's form; each change is an event of the call. Offices may have forms
-- of their own, so the fields are one document; those by which people search are columns too.
CREATE TABLE consultation_forms (
    call_id text NOT NULL,
    form text NOT NULL,
    fields jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    caller_name text GENERATED ALWAYS AS (fields ->> 'caller_name') STORED,
    company text GENERATED ALWAYS AS (
        coalesce(fields ->> 'business_name', fields ->> 'institution')
    ) STORED,
    npwp text GENERATED ALWAYS AS (fields ->> 'npwp') STORED,
    contact_phone text GENERATED ALWAYS AS (fields ->> 'contact_phone') STORED,
    application text GENERATED ALWAYS AS (fields ->> 'application') STORED,
    category text GENERATED ALWAYS AS (fields ->> 'category') STORED,
    CONSTRAINT consultation_form_twice PRIMARY KEY (call_id),
    CONSTRAINT consultation_form_without_consultation
        FOREIGN KEY (call_id) REFERENCES consultations (call_id)
);

CREATE INDEX consultation_forms_by_npwp ON consultation_forms (npwp) WHERE npwp IS NOT NULL;
CREATE INDEX consultation_forms_by_phone ON consultation_forms (contact_phone)
    WHERE contact_phone IS NOT NULL;
CREATE INDEX calls_by_caller ON calls (caller_number, arrived_at DESC)
    WHERE caller_number IS NOT NULL;

ALTER TABLE consultations ADD COLUMN handed_over_at timestamptz;

-- A ticket lives on after its call; its log is its record, the columns are what the log gives.
ALTER TABLE tickets
    ADD COLUMN events integer NOT NULL DEFAULT 0,
    ADD COLUMN stage text NOT NULL DEFAULT 'new',
    ADD COLUMN level text NOT NULL DEFAULT 'helpdesk',
    ADD COLUMN priority text,
    ADD COLUMN holder text,
    ADD COLUMN first_response_at timestamptz,
    ADD COLUMN target_at timestamptz,
    ADD COLUMN stage_closes_at timestamptz,
    ADD COLUMN solved_at timestamptz,
    ADD COLUMN confirmed_at timestamptz,
    ADD COLUMN external_number text,
    ADD CONSTRAINT ticket_of_unknown_stage CHECK (
        stage IN ('new', 'taken', 'waiting_for_user', 'solved', 'confirmed', 'reopened')
    ),
    ADD CONSTRAINT ticket_of_unknown_level CHECK (level IN ('helpdesk', 'admin_ppe', 'lkpp')),
    ADD CONSTRAINT ticket_of_unknown_priority CHECK (priority IN ('high', 'medium', 'low'));

CREATE INDEX tickets_open ON tickets (target_at) WHERE confirmed_at IS NULL;
CREATE INDEX tickets_by_external_number ON tickets (external_number)
    WHERE external_number IS NOT NULL;

CREATE TABLE ticket_events (
    ticket_number text NOT NULL,
    sequence integer NOT NULL,
    at timestamptz NOT NULL,
    by text NOT NULL,
    event text NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT ticket_event_twice PRIMARY KEY (ticket_number, sequence),
    CONSTRAINT ticket_event_before_the_first CHECK (sequence > 0),
    CONSTRAINT ticket_event_without_ticket
        FOREIGN KEY (ticket_number) REFERENCES tickets (ticket_number)
);

CREATE FUNCTION refuse_change_of_ticket_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ticket_events is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER ticket_events_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ticket_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_ticket_events();
