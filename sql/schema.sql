-- Generated from sql/migrations by `python -m agent.database.schema`; do not edit.

CREATE EXTENSION pg_trgm;

CREATE TABLE answers (
    id text NOT NULL,
    title text NOT NULL,
    question text NOT NULL,
    answer text NOT NULL,
    category text,
    application text,
    valid_from date NOT NULL,
    valid_to date,
    source text NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL DEFAULT now(),
    changed_by text,
    changed_at timestamp with time zone,
    retired_by text,
    retired_at timestamp with time zone,
    words tsvector GENERATED ALWAYS AS ((setweight(to_tsvector('indonesian'::regconfig, regexp_replace(((title || ' '::text) || question), '[^[:alnum:]]+'::text, ' '::text, 'g'::text)), 'A'::"char") || setweight(to_tsvector('indonesian'::regconfig, regexp_replace(answer, '[^[:alnum:]]+'::text, ' '::text, 'g'::text)), 'C'::"char"))) STORED
);

CREATE TABLE call_events (
    call_id text NOT NULL,
    sequence integer NOT NULL,
    at timestamp with time zone NOT NULL,
    source text NOT NULL,
    event text NOT NULL,
    body jsonb NOT NULL,
    epoch integer NOT NULL DEFAULT 0
);

CREATE TABLE calls (
    call_id text NOT NULL,
    channel text NOT NULL,
    line text NOT NULL,
    caller_raw text,
    caller_number text,
    caller_shown text NOT NULL,
    stage text NOT NULL,
    arrived_at timestamp with time zone NOT NULL,
    queued_at timestamp with time zone,
    answered_at timestamp with time zone,
    ended_at timestamp with time zone,
    operator text,
    events integer NOT NULL,
    state jsonb NOT NULL,
    pending jsonb NOT NULL,
    by_exchange_at timestamp with time zone,
    epoch integer NOT NULL DEFAULT 0
);

CREATE TABLE consultation_forms (
    call_id text NOT NULL,
    form text NOT NULL,
    fields jsonb NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    caller_name text GENERATED ALWAYS AS ((fields ->> 'caller_name'::text)) STORED,
    company text GENERATED ALWAYS AS (COALESCE((fields ->> 'business_name'::text), (fields ->> 'institution'::text))) STORED,
    npwp text GENERATED ALWAYS AS ((fields ->> 'npwp'::text)) STORED,
    contact_phone text GENERATED ALWAYS AS ((fields ->> 'contact_phone'::text)) STORED,
    application text GENERATED ALWAYS AS ((fields ->> 'application'::text)) STORED,
    category text GENERATED ALWAYS AS ((fields ->> 'category'::text)) STORED
);

CREATE TABLE consultation_steps (
    call_id text NOT NULL,
    step text NOT NULL,
    activity text NOT NULL,
    state text NOT NULL,
    limit_s double precision,
    started_at timestamp with time zone,
    met_at timestamp with time zone,
    seconds double precision,
    evidence jsonb NOT NULL
);

CREATE TABLE consultations (
    call_id text NOT NULL,
    form_number text NOT NULL,
    form_year integer NOT NULL GENERATED ALWAYS AS (("substring"(form_number, '/([0-9]{4})$'::text))::integer) STORED,
    form_sequence integer NOT NULL GENERATED ALWAYS AS (("substring"(form_number, '^([0-9]+)/'::text))::integer) STORED,
    sop text NOT NULL,
    outcome text NOT NULL,
    decision text,
    decided_at timestamp with time zone,
    ticket_number text,
    archived_at timestamp with time zone,
    archive_path text,
    archive_sha256 text,
    handed_over_at timestamp with time zone
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
    events integer[] NOT NULL
);

CREATE TABLE exchange_ledger (
    channel text NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    mark text NOT NULL,
    note text NOT NULL,
    linked text NOT NULL,
    entry jsonb NOT NULL,
    settled boolean NOT NULL DEFAULT false
);

CREATE TABLE exchange_ledger_position (
    one boolean NOT NULL DEFAULT true,
    inode numeric(20,0) NOT NULL,
    first_line text NOT NULL,
    file_offset bigint NOT NULL
);

CREATE TABLE lease (
    epoch integer NOT NULL,
    the_only_one boolean NOT NULL DEFAULT true,
    holder text,
    taken_at timestamp with time zone NOT NULL DEFAULT now(),
    renewed_at timestamp with time zone NOT NULL DEFAULT now(),
    expires_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE number_reservations (
    kind text NOT NULL,
    year integer NOT NULL,
    sequence integer NOT NULL,
    holder text NOT NULL,
    reserved_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE office_files (
    kind text NOT NULL,
    name text NOT NULL,
    content jsonb NOT NULL,
    sha256 text NOT NULL,
    loaded_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE operators (
    account text NOT NULL,
    name text NOT NULL,
    digest_sha256 text NOT NULL,
    digest_md5 text NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    removed_at timestamp with time zone
);

CREATE TABLE search_words (
    word text NOT NULL,
    stem text NOT NULL,
    curated boolean NOT NULL
);

CREATE TABLE solved_texts (
    call_id text NOT NULL,
    solved_at timestamp with time zone NOT NULL,
    words tsvector NOT NULL
);

CREATE TABLE sop_revisions (
    name text NOT NULL,
    document text NOT NULL,
    revision text NOT NULL,
    content jsonb NOT NULL,
    sha256 text NOT NULL,
    loaded_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE ticket_events (
    ticket_number text NOT NULL,
    sequence integer NOT NULL,
    at timestamp with time zone NOT NULL,
    by text NOT NULL,
    event text NOT NULL,
    body jsonb NOT NULL
);

CREATE TABLE tickets (
    ticket_number text NOT NULL,
    year integer NOT NULL GENERATED ALWAYS AS ((2000 + (split_part(ticket_number, '-'::text, 1))::integer)) STORED,
    sequence integer NOT NULL GENERATED ALWAYS AS ((split_part(ticket_number, '-'::text, 2))::integer) STORED,
    call_id text NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    events integer NOT NULL DEFAULT 0,
    stage text NOT NULL DEFAULT 'new'::text,
    level text NOT NULL DEFAULT 'helpdesk'::text,
    priority text,
    holder text,
    first_response_at timestamp with time zone,
    target_at timestamp with time zone,
    stage_closes_at timestamp with time zone,
    solved_at timestamp with time zone,
    confirmed_at timestamp with time zone,
    external_number text
);

ALTER TABLE answers ADD CONSTRAINT answer_id_of_another_form
    CHECK ((id ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text));

ALTER TABLE answers ADD CONSTRAINT answer_that_ends_before_it_begins
    CHECK ((valid_to >= valid_from));

ALTER TABLE answers ADD CONSTRAINT answer_twice
    PRIMARY KEY (id);

ALTER TABLE call_events ADD CONSTRAINT call_event_before_the_first
    CHECK ((sequence > 0));

ALTER TABLE call_events ADD CONSTRAINT call_event_twice
    PRIMARY KEY (call_id, sequence);

ALTER TABLE calls ADD CONSTRAINT call_of_unknown_stage
    CHECK ((stage = ANY (ARRAY['welcoming'::text, 'queueing'::text, 'ringing'::text, 'connecting'::text, 'talking'::text, 'handed'::text, 'closing'::text, 'ended'::text, 'archived'::text])));

ALTER TABLE calls ADD CONSTRAINT call_twice
    PRIMARY KEY (call_id);

ALTER TABLE calls ADD CONSTRAINT call_without_events
    CHECK ((events > 0));

ALTER TABLE consultation_forms ADD CONSTRAINT consultation_form_twice
    PRIMARY KEY (call_id);

ALTER TABLE consultation_steps ADD CONSTRAINT consultation_step_met_without_time
    CHECK (((state <> 'met'::text) OR (met_at IS NOT NULL)));

ALTER TABLE consultation_steps ADD CONSTRAINT consultation_step_of_negative_length
    CHECK ((seconds >= (0)::double precision));

ALTER TABLE consultation_steps ADD CONSTRAINT consultation_step_of_unknown_state
    CHECK ((state = ANY (ARRAY['met'::text, 'running'::text, 'unmet'::text, 'not_applicable'::text])));

ALTER TABLE consultation_steps ADD CONSTRAINT consultation_step_twice
    PRIMARY KEY (call_id, step);

ALTER TABLE consultations ADD CONSTRAINT archive_without_proof
    CHECK (((archived_at IS NULL) = (archive_sha256 IS NULL)));

ALTER TABLE consultations ADD CONSTRAINT consultation_of_unknown_decision
    CHECK ((decision = ANY (ARRAY['solved'::text, 'escalated'::text])));

ALTER TABLE consultations ADD CONSTRAINT consultation_twice
    PRIMARY KEY (call_id);

ALTER TABLE consultations ADD CONSTRAINT form_number_twice
    UNIQUE (form_number);

ALTER TABLE consultations ADD CONSTRAINT form_sequence_twice
    UNIQUE (form_year, form_sequence);

ALTER TABLE deviations ADD CONSTRAINT deviation_of_unknown_kind
    CHECK ((kind = ANY (ARRAY['time'::text, 'output'::text, 'equipment'::text])));

ALTER TABLE deviations ADD CONSTRAINT deviation_twice
    PRIMARY KEY (call_id, kind, step);

ALTER TABLE exchange_ledger ADD CONSTRAINT ledger_entry_twice
    PRIMARY KEY (channel, at, kind, mark, note);

ALTER TABLE exchange_ledger_position ADD CONSTRAINT exchange_ledger_position_one_check
    CHECK (one);

ALTER TABLE exchange_ledger_position ADD CONSTRAINT second_ledger_position
    PRIMARY KEY (one);

ALTER TABLE lease ADD CONSTRAINT lease_beside_the_only_one
    CHECK (the_only_one);

ALTER TABLE lease ADD CONSTRAINT lease_without_epoch
    PRIMARY KEY (epoch);

ALTER TABLE lease ADD CONSTRAINT second_lease
    UNIQUE (the_only_one);

ALTER TABLE number_reservations ADD CONSTRAINT number_before_the_first
    CHECK ((sequence > 0));

ALTER TABLE number_reservations ADD CONSTRAINT number_of_unknown_kind
    CHECK ((kind = ANY (ARRAY['form'::text, 'ticket'::text])));

ALTER TABLE number_reservations ADD CONSTRAINT number_reserved_twice
    PRIMARY KEY (kind, year, sequence);

ALTER TABLE office_files ADD CONSTRAINT office_file_of_unknown_kind
    CHECK ((kind = ANY (ARRAY['form'::text, 'priority_table'::text, 'office_hours'::text])));

ALTER TABLE office_files ADD CONSTRAINT office_file_twice
    PRIMARY KEY (kind, name);

ALTER TABLE operators ADD CONSTRAINT operator_account_of_another_form
    CHECK ((account ~ '^op-[0-9]+$'::text));

ALTER TABLE operators ADD CONSTRAINT operator_account_twice
    PRIMARY KEY (account);

ALTER TABLE operators ADD CONSTRAINT operator_without_name
    CHECK ((name ~ '\S'::text));

ALTER TABLE search_words ADD CONSTRAINT search_word_twice
    PRIMARY KEY (word);

ALTER TABLE solved_texts ADD CONSTRAINT solved_text_twice
    PRIMARY KEY (call_id);

ALTER TABLE sop_revisions ADD CONSTRAINT sop_revision_twice
    PRIMARY KEY (name);

ALTER TABLE ticket_events ADD CONSTRAINT ticket_event_before_the_first
    CHECK ((sequence > 0));

ALTER TABLE ticket_events ADD CONSTRAINT ticket_event_twice
    PRIMARY KEY (ticket_number, sequence);

ALTER TABLE tickets ADD CONSTRAINT second_ticket_of_a_call
    UNIQUE (call_id);

ALTER TABLE tickets ADD CONSTRAINT ticket_number_twice
    PRIMARY KEY (ticket_number);

ALTER TABLE tickets ADD CONSTRAINT ticket_of_unknown_level
    CHECK ((level = ANY (ARRAY['helpdesk'::text, 'admin_ppe'::text, 'lkpp'::text])));

ALTER TABLE tickets ADD CONSTRAINT ticket_of_unknown_priority
    CHECK ((priority = ANY (ARRAY['high'::text, 'medium'::text, 'low'::text])));

ALTER TABLE tickets ADD CONSTRAINT ticket_of_unknown_stage
    CHECK ((stage = ANY (ARRAY['new'::text, 'taken'::text, 'waiting_for_user'::text, 'solved'::text, 'confirmed'::text, 'reopened'::text])));

ALTER TABLE tickets ADD CONSTRAINT ticket_sequence_twice
    UNIQUE (year, sequence);

ALTER TABLE call_events ADD CONSTRAINT call_event_without_call
    FOREIGN KEY (call_id) REFERENCES calls(call_id);

ALTER TABLE consultation_forms ADD CONSTRAINT consultation_form_without_consultation
    FOREIGN KEY (call_id) REFERENCES consultations(call_id);

ALTER TABLE consultation_steps ADD CONSTRAINT consultation_step_without_consultation
    FOREIGN KEY (call_id) REFERENCES consultations(call_id);

ALTER TABLE consultations ADD CONSTRAINT consultation_under_unknown_sop
    FOREIGN KEY (sop) REFERENCES sop_revisions(name);

ALTER TABLE consultations ADD CONSTRAINT consultation_without_call
    FOREIGN KEY (call_id) REFERENCES calls(call_id);

ALTER TABLE deviations ADD CONSTRAINT deviation_without_consultation
    FOREIGN KEY (call_id) REFERENCES consultations(call_id);

ALTER TABLE solved_texts ADD CONSTRAINT solved_text_without_form
    FOREIGN KEY (call_id) REFERENCES consultation_forms(call_id) ON DELETE CASCADE;

ALTER TABLE ticket_events ADD CONSTRAINT ticket_event_without_ticket
    FOREIGN KEY (ticket_number) REFERENCES tickets(ticket_number);

ALTER TABLE tickets ADD CONSTRAINT ticket_without_consultation
    FOREIGN KEY (call_id) REFERENCES consultations(call_id);

CREATE INDEX answers_by_word ON public.answers USING gin (words);

CREATE INDEX calls_by_arrival ON public.calls USING btree (arrived_at DESC, call_id DESC);

CREATE INDEX calls_by_caller ON public.calls USING btree (caller_number, arrived_at DESC) WHERE (caller_number IS NOT NULL);

CREATE INDEX calls_by_channel ON public.calls USING btree (channel);

CREATE INDEX calls_by_operator ON public.calls USING btree (operator, ended_at DESC);

CREATE INDEX calls_unfinished ON public.calls USING btree (arrived_at) WHERE (stage <> 'archived'::text);

CREATE INDEX consultation_forms_by_npwp ON public.consultation_forms USING btree (npwp) WHERE (npwp IS NOT NULL);

CREATE INDEX consultation_forms_by_phone ON public.consultation_forms USING btree (contact_phone) WHERE (contact_phone IS NOT NULL);

CREATE INDEX consultations_by_outcome ON public.consultations USING btree (outcome);

CREATE INDEX exchange_ledger_by_age ON public.exchange_ledger USING btree (at);

CREATE INDEX exchange_ledger_by_caller ON public.exchange_ledger USING btree (linked, at);

CREATE INDEX exchange_ledger_unsettled ON public.exchange_ledger USING btree (channel) WHERE ((kind = 'began'::text) AND (channel = linked) AND (NOT settled));

CREATE INDEX search_words_by_pieces ON public.search_words USING gin (word gin_trgm_ops) WITH (fastupdate=off);

CREATE INDEX solved_texts_by_word ON public.solved_texts USING gin (words) WITH (fastupdate=off);

CREATE INDEX solved_texts_newest ON public.solved_texts USING btree (solved_at DESC);

CREATE INDEX tickets_by_external_number ON public.tickets USING btree (external_number) WHERE (external_number IS NOT NULL);

CREATE INDEX tickets_open ON public.tickets USING btree (target_at) WHERE (confirmed_at IS NULL);

CREATE VIEW numbers_given AS
 SELECT 'form'::text AS kind,
    consultations.form_year AS year,
    consultations.form_sequence AS sequence
   FROM consultations
UNION ALL
 SELECT 'ticket'::text AS kind,
    tickets.year,
    tickets.sequence
   FROM tickets;

CREATE VIEW solved_consultations AS
 SELECT consultation_forms.call_id,
    COALESCE(consultations.decided_at, consultations.archived_at) AS solved_at,
    consultation_forms.fields
   FROM (consultation_forms
     JOIN consultations USING (call_id))
  WHERE ((consultations.outcome = 'solved'::text) AND (consultations.archived_at IS NOT NULL) AND (consultation_forms.fields ? 'problem'::text) AND (consultation_forms.fields ? 'solution'::text));

CREATE OR REPLACE FUNCTION public.answer_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM keep_search_words(ARRAY[NEW.title, NEW.question, NEW.answer], true);
    RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION public.keep_search_words(texts text[], curated boolean)
 RETURNS void
 LANGUAGE sql
AS $function$
    INSERT INTO search_words AS known (word, stem, curated)
    SELECT found.word, coalesce((ts_lexize('indonesian_stem', found.word))[1], found.word), $2
    FROM (
        SELECT DISTINCT word
        FROM unnest($1) AS given (content),
            regexp_split_to_table(lower(given.content), '[^[:alpha:]]+') AS word
        WHERE length(word) BETWEEN 3 AND 30
        -- In one order, so that two writers never wait for each other.
        ORDER BY word
    ) AS found
    ON CONFLICT (word) DO UPDATE SET curated = true WHERE excluded.curated AND NOT known.curated
$function$;

CREATE OR REPLACE FUNCTION public.refuse_change_of_call_events()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'call_events is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE OR REPLACE FUNCTION public.refuse_change_of_ticket_events()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'ticket_events is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE OR REPLACE FUNCTION public.refuse_former_owner(writing integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
    owning integer;
BEGIN
    SELECT epoch INTO owning FROM lease FOR KEY SHARE;
    IF owning > writing THEN
        RAISE EXCEPTION 'the office''s calls belong to epoch %, not to %', owning, writing
            USING ERRCODE = 'LP001';
    END IF;
END
$function$;

CREATE OR REPLACE FUNCTION public.solved_text_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
    solved solved_consultations%ROWTYPE;
BEGIN
    SELECT * INTO solved FROM solved_consultations WHERE call_id = NEW.call_id;
    IF FOUND THEN
        INSERT INTO solved_texts AS known (call_id, solved_at, words)
        VALUES (solved.call_id, solved.solved_at, solved_words(solved.fields))
        ON CONFLICT (call_id) DO UPDATE SET words = excluded.words;
        PERFORM keep_search_words(
            ARRAY[solved.fields ->> 'problem', solved.fields ->> 'solution'], false
        );
    ELSE
        DELETE FROM solved_texts WHERE call_id = NEW.call_id;
    END IF;
    RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION public.solved_words(fields jsonb)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE
AS $function$
    SELECT
        setweight(
            to_tsvector(
                'indonesian', regexp_replace(fields ->> 'problem', '[^[:alnum:]]+', ' ', 'g')
            ),
            'A'
        )
        || setweight(
            to_tsvector(
                'indonesian', regexp_replace(fields ->> 'solution', '[^[:alnum:]]+', ' ', 'g')
            ),
            'C'
        )
$function$;

CREATE TRIGGER answer_has_words AFTER INSERT OR UPDATE OF title, question, answer ON public.answers FOR EACH ROW EXECUTE FUNCTION answer_changed();

CREATE TRIGGER call_events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.call_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_call_events();

CREATE TRIGGER consultation_form_corrected AFTER UPDATE OF fields ON public.consultation_forms FOR EACH ROW WHEN ((((old.fields -> 'problem'::text) IS DISTINCT FROM (new.fields -> 'problem'::text)) OR ((old.fields -> 'solution'::text) IS DISTINCT FROM (new.fields -> 'solution'::text)))) EXECUTE FUNCTION solved_text_changed();

CREATE TRIGGER consultation_archived_as_solved AFTER INSERT OR UPDATE OF outcome, archived_at ON public.consultations FOR EACH ROW WHEN (((new.outcome = 'solved'::text) AND (new.archived_at IS NOT NULL))) EXECUTE FUNCTION solved_text_changed();

CREATE TRIGGER ticket_events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ticket_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_ticket_events();
