-- Generated from sql/migrations by `python -m agent.database.schema`; do not edit.

CREATE EXTENSION pg_trgm;

CREATE TABLE access_log (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    action text NOT NULL,
    forms text[] NOT NULL,
    person_key text,
    purpose text NOT NULL
);

CREATE TABLE accounts (
    account text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    operator text,
    password_hash text NOT NULL,
    password_once boolean NOT NULL DEFAULT true,
    totp_seed text,
    totp_confirmed boolean NOT NULL DEFAULT false,
    totp_used bigint NOT NULL DEFAULT 0,
    made_at timestamp with time zone NOT NULL DEFAULT now(),
    made_by text NOT NULL,
    removed_at timestamp with time zone
);

CREATE TABLE answer_versions (
    id text NOT NULL,
    version integer NOT NULL,
    act text NOT NULL,
    by text NOT NULL,
    at timestamp with time zone NOT NULL,
    title text NOT NULL,
    question text NOT NULL,
    answer text NOT NULL,
    category text,
    application text,
    valid_from date NOT NULL,
    valid_to date,
    source text NOT NULL
);

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

CREATE TABLE api_tokens (
    id text NOT NULL,
    digest bytea NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL DEFAULT now(),
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    used_at timestamp with time zone,
    operator text
);

CREATE TABLE archive_entries (
    sequence bigint NOT NULL,
    call_id text NOT NULL,
    path text NOT NULL,
    sha256 text NOT NULL,
    archived_at timestamp with time zone NOT NULL,
    previous_chain text NOT NULL,
    chain text NOT NULL
);

CREATE TABLE audit_log (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL DEFAULT ''::text,
    detail jsonb NOT NULL DEFAULT '{}'::jsonb
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
    category text GENERATED ALWAYS AS ((fields ->> 'category'::text)) STORED,
    arrived_at timestamp with time zone
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

CREATE TABLE deviation_words (
    call_id text NOT NULL,
    kind text NOT NULL,
    step text NOT NULL,
    sequence integer NOT NULL,
    role text NOT NULL,
    verdict text,
    text text NOT NULL,
    by text NOT NULL,
    at timestamp with time zone NOT NULL,
    limit_s double precision,
    measured_s double precision,
    reason text NOT NULL
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
    arrived_at timestamp with time zone NOT NULL,
    standing text NOT NULL DEFAULT 'nothing'::text
);

CREATE TABLE equipment_deviations (
    kind text NOT NULL,
    subject text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    proof jsonb NOT NULL
);

CREATE TABLE erasures (
    call_id text NOT NULL,
    what text NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT now(),
    by text NOT NULL,
    why text NOT NULL,
    purge integer
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

CREATE TABLE feed_events (
    xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
    id bigint NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    at timestamp with time zone NOT NULL,
    body jsonb NOT NULL
);

CREATE TABLE form_corrections (
    call_id text NOT NULL,
    sequence integer NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT now(),
    by text NOT NULL,
    field text NOT NULL,
    raw text NOT NULL,
    value text,
    old_digest text NOT NULL,
    new_digest text NOT NULL,
    why text NOT NULL
);

CREATE TABLE form_supplements (
    call_id text NOT NULL,
    kind text NOT NULL,
    step text NOT NULL,
    sequence integer NOT NULL,
    path text NOT NULL,
    sha256 text NOT NULL,
    archived_at timestamp with time zone NOT NULL
);

CREATE TABLE lease (
    epoch integer NOT NULL,
    the_only_one boolean NOT NULL DEFAULT true,
    holder text,
    taken_at timestamp with time zone NOT NULL DEFAULT now(),
    renewed_at timestamp with time zone NOT NULL DEFAULT now(),
    expires_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE legal_holds (
    id integer NOT NULL,
    form_number text,
    person_key text,
    key_check text,
    reason text NOT NULL,
    by text NOT NULL,
    held_at timestamp with time zone NOT NULL DEFAULT now(),
    lifted_at timestamp with time zone,
    lifted_by text,
    lifted_why text
);

CREATE TABLE number_reservations (
    kind text NOT NULL,
    year integer NOT NULL,
    sequence integer NOT NULL,
    holder text NOT NULL,
    reserved_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE office_decisions (
    id bigint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    decided_at timestamp with time zone NOT NULL DEFAULT now(),
    decided_by text,
    reason text
);

CREATE TABLE office_files (
    kind text NOT NULL,
    name text NOT NULL,
    content jsonb NOT NULL,
    sha256 text NOT NULL,
    loaded_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE operator_presence (
    operator text NOT NULL,
    sequence integer NOT NULL,
    at timestamp with time zone NOT NULL,
    presence text NOT NULL,
    reason text,
    call_id text,
    until timestamp with time zone,
    by text NOT NULL
);

CREATE TABLE operators (
    account text NOT NULL,
    name text NOT NULL,
    digest_sha256 text NOT NULL,
    digest_md5 text NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    removed_at timestamp with time zone,
    supervises boolean NOT NULL DEFAULT false
);

CREATE TABLE outbox_messages (
    key text NOT NULL,
    way text NOT NULL,
    matter text NOT NULL,
    call_id text NOT NULL,
    ticket_number text NOT NULL,
    facts jsonb NOT NULL,
    put_at timestamp with time zone NOT NULL DEFAULT now(),
    next_try_at timestamp with time zone NOT NULL DEFAULT now(),
    tries integer NOT NULL DEFAULT 0,
    last_error text,
    sending_since timestamp with time zone,
    accepted_at timestamp with time zone,
    accepted_as text,
    gave_up_at timestamp with time zone,
    resent_at timestamp with time zone
);

CREATE TABLE purges (
    id integer NOT NULL,
    by text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    audio_before timestamp with time zone NOT NULL,
    forms_before timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    audio_erased integer,
    forms_erased integer,
    held integer,
    failed integer,
    recaps_erased integer
);

CREATE TABLE recap_erasures (
    month date NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT now(),
    by text NOT NULL,
    why text NOT NULL,
    purge integer NOT NULL
);

CREATE TABLE recaps (
    month date NOT NULL,
    path text NOT NULL,
    sha256 text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    rows integer NOT NULL,
    totals jsonb NOT NULL
);

CREATE TABLE search_words (
    word text NOT NULL,
    stem text NOT NULL,
    curated boolean NOT NULL
);

CREATE TABLE sessions (
    digest bytea NOT NULL,
    account text NOT NULL,
    began_at timestamp with time zone NOT NULL DEFAULT now(),
    seen_at timestamp with time zone NOT NULL DEFAULT now(),
    ends_at timestamp with time zone NOT NULL
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
    external_number text,
    first_taken_at timestamp with time zone,
    user_acts_since timestamp with time zone
);

CREATE TABLE webhook_subscriptions (
    id integer NOT NULL,
    url text NOT NULL,
    kinds text[] NOT NULL,
    secret text NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    told_xact xid8 NOT NULL DEFAULT pg_snapshot_xmin(pg_current_snapshot()),
    told_id bigint NOT NULL DEFAULT 0,
    told_at timestamp with time zone,
    failing_since timestamp with time zone,
    last_error text,
    disabled_at timestamp with time zone
);

ALTER TABLE access_log ADD CONSTRAINT access_by_nobody
    CHECK ((by ~ '\S'::text));

ALTER TABLE access_log ADD CONSTRAINT access_of_unknown_kind
    CHECK ((action = ANY (ARRAY['read'::text, 'search'::text, 'export'::text, 'correct'::text, 'hold'::text, 'lift'::text, 'erase'::text])));

ALTER TABLE access_log ADD CONSTRAINT access_twice
    PRIMARY KEY (id);

ALTER TABLE access_log ADD CONSTRAINT access_without_purpose
    CHECK ((purpose ~ '\S'::text));

ALTER TABLE accounts ADD CONSTRAINT account_confirmed_without_seed
    CHECK (((NOT totp_confirmed) OR (totp_seed IS NOT NULL)));

ALTER TABLE accounts ADD CONSTRAINT account_of_another_form
    CHECK ((account ~ '^[a-z0-9][a-z0-9._-]{0,59}$'::text));

ALTER TABLE accounts ADD CONSTRAINT account_of_unknown_role
    CHECK ((role = ANY (ARRAY['operator'::text, 'supervisor'::text, 'auditor'::text, 'administrator'::text])));

ALTER TABLE accounts ADD CONSTRAINT account_twice
    PRIMARY KEY (account);

ALTER TABLE answer_versions ADD CONSTRAINT answer_version_before_the_first
    CHECK ((version > 0));

ALTER TABLE answer_versions ADD CONSTRAINT answer_version_of_unknown_act
    CHECK ((act = ANY (ARRAY['added'::text, 'changed'::text, 'retired'::text])));

ALTER TABLE answer_versions ADD CONSTRAINT answer_version_twice
    PRIMARY KEY (id, version);

ALTER TABLE answers ADD CONSTRAINT answer_id_of_another_form
    CHECK ((id ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text));

ALTER TABLE answers ADD CONSTRAINT answer_that_ends_before_it_begins
    CHECK ((valid_to >= valid_from));

ALTER TABLE answers ADD CONSTRAINT answer_twice
    PRIMARY KEY (id);

ALTER TABLE api_tokens ADD CONSTRAINT api_token_that_expires_before_it_is_made
    CHECK ((expires_at > made_at));

ALTER TABLE api_tokens ADD CONSTRAINT api_token_twice
    PRIMARY KEY (id);

ALTER TABLE api_tokens ADD CONSTRAINT api_token_without_scope
    CHECK ((cardinality(scopes) > 0));

ALTER TABLE archive_entries ADD CONSTRAINT archive_entry_after_the_same
    UNIQUE (previous_chain);

ALTER TABLE archive_entries ADD CONSTRAINT archive_entry_before_the_first
    CHECK ((sequence > 0));

ALTER TABLE archive_entries ADD CONSTRAINT archive_entry_twice
    PRIMARY KEY (sequence);

ALTER TABLE archive_entries ADD CONSTRAINT second_archive_entry_of_a_file
    UNIQUE (call_id, path);

ALTER TABLE audit_log ADD CONSTRAINT audit_twice
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

ALTER TABLE deviation_words ADD CONSTRAINT deviation_decision_without_verdict
    CHECK (((role = 'decision'::text) = (verdict IS NOT NULL)));

ALTER TABLE deviation_words ADD CONSTRAINT deviation_word_before_the_first
    CHECK ((sequence > 0));

ALTER TABLE deviation_words ADD CONSTRAINT deviation_word_of_unknown_kind
    CHECK ((kind = ANY (ARRAY['time'::text, 'output'::text, 'equipment'::text])));

ALTER TABLE deviation_words ADD CONSTRAINT deviation_word_of_unknown_role
    CHECK ((role = ANY (ARRAY['explanation'::text, 'decision'::text])));

ALTER TABLE deviation_words ADD CONSTRAINT deviation_word_of_unknown_verdict
    CHECK ((verdict = ANY (ARRAY['excused'::text, 'upheld'::text])));

ALTER TABLE deviation_words ADD CONSTRAINT deviation_word_that_says_nothing
    CHECK (((text ~ '\S'::text) AND (by ~ '\S'::text)));

ALTER TABLE deviation_words ADD CONSTRAINT deviation_word_twice
    PRIMARY KEY (call_id, kind, step, sequence);

ALTER TABLE deviations ADD CONSTRAINT deviation_of_unknown_kind
    CHECK ((kind = ANY (ARRAY['time'::text, 'output'::text, 'equipment'::text])));

ALTER TABLE deviations ADD CONSTRAINT deviation_of_unknown_standing
    CHECK ((standing = ANY (ARRAY['nothing'::text, 'explanation'::text, 'decision'::text])));

ALTER TABLE deviations ADD CONSTRAINT deviation_twice
    PRIMARY KEY (call_id, kind, step);

ALTER TABLE equipment_deviations ADD CONSTRAINT equipment_deviation_of_unknown_kind
    CHECK ((kind = ANY (ARRAY['form_service'::text, 'recap'::text, 'archive'::text])));

ALTER TABLE equipment_deviations ADD CONSTRAINT equipment_deviation_that_ends_before_it_began
    CHECK ((ended_at >= began_at));

ALTER TABLE equipment_deviations ADD CONSTRAINT equipment_deviation_twice
    PRIMARY KEY (kind, subject);

ALTER TABLE erasures ADD CONSTRAINT erasure_of_unknown_kind
    CHECK ((what = ANY (ARRAY['audio'::text, 'form'::text])));

ALTER TABLE erasures ADD CONSTRAINT erasure_twice
    PRIMARY KEY (call_id, what);

ALTER TABLE exchange_ledger ADD CONSTRAINT ledger_entry_twice
    PRIMARY KEY (channel, at, kind, mark, note);

ALTER TABLE exchange_ledger_position ADD CONSTRAINT exchange_ledger_position_one_check
    CHECK (one);

ALTER TABLE exchange_ledger_position ADD CONSTRAINT second_ledger_position
    PRIMARY KEY (one);

ALTER TABLE feed_events ADD CONSTRAINT feed_place_twice
    PRIMARY KEY (xact, id);

ALTER TABLE feed_events ADD CONSTRAINT news_twice
    UNIQUE (key);

ALTER TABLE form_corrections ADD CONSTRAINT form_correction_before_the_first
    CHECK ((sequence > 0));

ALTER TABLE form_corrections ADD CONSTRAINT form_correction_twice
    PRIMARY KEY (call_id, sequence);

ALTER TABLE form_supplements ADD CONSTRAINT form_supplement_twice
    PRIMARY KEY (call_id, kind, step, sequence);

ALTER TABLE form_supplements ADD CONSTRAINT form_supplement_without_proof
    CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text));

ALTER TABLE form_supplements ADD CONSTRAINT form_supplements_at_one_path
    UNIQUE (path);

ALTER TABLE lease ADD CONSTRAINT lease_beside_the_only_one
    CHECK (the_only_one);

ALTER TABLE lease ADD CONSTRAINT lease_without_epoch
    PRIMARY KEY (epoch);

ALTER TABLE lease ADD CONSTRAINT second_lease
    UNIQUE (the_only_one);

ALTER TABLE legal_holds ADD CONSTRAINT legal_hold_lifted_by_nobody
    CHECK ((num_nonnulls(lifted_at, lifted_by, lifted_why) = ANY (ARRAY[0, 3])));

ALTER TABLE legal_holds ADD CONSTRAINT legal_hold_of_one
    CHECK ((num_nonnulls(form_number, person_key) = 1));

ALTER TABLE legal_holds ADD CONSTRAINT legal_hold_of_unknown_key
    CHECK (((person_key IS NULL) = (key_check IS NULL)));

ALTER TABLE legal_holds ADD CONSTRAINT legal_hold_twice
    PRIMARY KEY (id);

ALTER TABLE number_reservations ADD CONSTRAINT number_before_the_first
    CHECK ((sequence > 0));

ALTER TABLE number_reservations ADD CONSTRAINT number_of_unknown_kind
    CHECK ((kind = ANY (ARRAY['form'::text, 'ticket'::text])));

ALTER TABLE number_reservations ADD CONSTRAINT number_reserved_twice
    PRIMARY KEY (kind, year, sequence);

ALTER TABLE office_decisions ADD CONSTRAINT office_decision_twice
    PRIMARY KEY (id);

ALTER TABLE office_decisions ADD CONSTRAINT office_decision_without_reason
    CHECK ((((decided_by IS NULL) = (reason IS NULL)) AND (reason ~ '\S'::text)));

ALTER TABLE office_files ADD CONSTRAINT office_file_of_unknown_kind
    CHECK ((kind = ANY (ARRAY['form'::text, 'priority_table'::text, 'office_hours'::text, 'office_rules'::text, 'prompt'::text])));

ALTER TABLE office_files ADD CONSTRAINT office_file_twice
    PRIMARY KEY (kind, name);

ALTER TABLE operator_presence ADD CONSTRAINT operator_pause_without_reason
    CHECK (((presence = 'paused'::text) = (reason IS NOT NULL)));

ALTER TABLE operator_presence ADD CONSTRAINT operator_presence_before_the_first
    CHECK ((sequence > 0));

ALTER TABLE operator_presence ADD CONSTRAINT operator_presence_by_nobody
    CHECK ((by ~ '\S'::text));

ALTER TABLE operator_presence ADD CONSTRAINT operator_presence_entry_twice
    PRIMARY KEY (operator, sequence);

ALTER TABLE operator_presence ADD CONSTRAINT operator_presence_told_twice
    UNIQUE (operator, at, presence);

ALTER TABLE operator_presence ADD CONSTRAINT operator_presence_unknown
    CHECK ((presence = ANY (ARRAY['ready'::text, 'paused'::text, 'wrap_up'::text, 'away'::text])));

ALTER TABLE operator_presence ADD CONSTRAINT operator_wrap_up_without_call
    CHECK (((presence = 'wrap_up'::text) = (call_id IS NOT NULL)));

ALTER TABLE operator_presence ADD CONSTRAINT operator_wrap_up_without_end
    CHECK (((presence = 'wrap_up'::text) = (until IS NOT NULL)));

ALTER TABLE operators ADD CONSTRAINT operator_account_of_another_form
    CHECK ((account ~ '^op-[0-9]+$'::text));

ALTER TABLE operators ADD CONSTRAINT operator_account_twice
    PRIMARY KEY (account);

ALTER TABLE operators ADD CONSTRAINT operator_without_name
    CHECK ((name ~ '\S'::text));

ALTER TABLE outbox_messages ADD CONSTRAINT outbox_message_accepted_and_given_up
    CHECK (((accepted_at IS NULL) OR (gave_up_at IS NULL)));

ALTER TABLE outbox_messages ADD CONSTRAINT outbox_message_accepted_as_nothing
    CHECK (((accepted_at IS NULL) = (accepted_as IS NULL)));

ALTER TABLE outbox_messages ADD CONSTRAINT outbox_message_by_unknown_way
    CHECK ((way = ANY (ARRAY['caller_email'::text, 'level_email'::text, 'webhook'::text, 'request_tracker'::text])));

ALTER TABLE outbox_messages ADD CONSTRAINT outbox_message_of_unknown_matter
    CHECK ((matter = ANY (ARRAY['ticket_opened'::text, 'question_asked'::text, 'ticket_solved'::text, 'ticket_reopened'::text])));

ALTER TABLE outbox_messages ADD CONSTRAINT outbox_message_twice
    PRIMARY KEY (key);

ALTER TABLE purges ADD CONSTRAINT purge_twice
    PRIMARY KEY (id);

ALTER TABLE recap_erasures ADD CONSTRAINT recap_erasure_twice
    PRIMARY KEY (month);

ALTER TABLE recaps ADD CONSTRAINT recap_of_fewer_than_no_rows
    CHECK ((rows >= 0));

ALTER TABLE recaps ADD CONSTRAINT recap_that_begins_within_a_month
    CHECK ((EXTRACT(day FROM month) = (1)::numeric));

ALTER TABLE recaps ADD CONSTRAINT recap_twice
    PRIMARY KEY (month);

ALTER TABLE recaps ADD CONSTRAINT recap_without_proof
    CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text));

ALTER TABLE search_words ADD CONSTRAINT search_word_twice
    PRIMARY KEY (word);

ALTER TABLE sessions ADD CONSTRAINT session_that_ends_before_it_begins
    CHECK ((ends_at > began_at));

ALTER TABLE sessions ADD CONSTRAINT session_twice
    PRIMARY KEY (digest);

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

ALTER TABLE webhook_subscriptions ADD CONSTRAINT webhook_subscription_by_nobody
    CHECK ((made_by ~ '\S'::text));

ALTER TABLE webhook_subscriptions ADD CONSTRAINT webhook_subscription_twice
    PRIMARY KEY (id);

ALTER TABLE accounts ADD CONSTRAINT account_of_unknown_operator
    FOREIGN KEY (operator) REFERENCES operators(account);

ALTER TABLE answer_versions ADD CONSTRAINT answer_version_without_answer
    FOREIGN KEY (id) REFERENCES answers(id);

ALTER TABLE api_tokens ADD CONSTRAINT api_token_of_unknown_operator
    FOREIGN KEY (operator) REFERENCES operators(account);

ALTER TABLE archive_entries ADD CONSTRAINT archive_entry_without_consultation
    FOREIGN KEY (call_id) REFERENCES consultations(call_id);

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

ALTER TABLE deviation_words ADD CONSTRAINT deviation_word_without_consultation
    FOREIGN KEY (call_id) REFERENCES consultations(call_id);

ALTER TABLE deviations ADD CONSTRAINT deviation_without_consultation
    FOREIGN KEY (call_id) REFERENCES consultations(call_id);

ALTER TABLE erasures ADD CONSTRAINT erasure_by_unknown_purge
    FOREIGN KEY (purge) REFERENCES purges(id);

ALTER TABLE erasures ADD CONSTRAINT erasure_without_call
    FOREIGN KEY (call_id) REFERENCES calls(call_id);

ALTER TABLE form_corrections ADD CONSTRAINT form_correction_without_consultation
    FOREIGN KEY (call_id) REFERENCES consultations(call_id);

ALTER TABLE form_supplements ADD CONSTRAINT form_supplement_without_word
    FOREIGN KEY (call_id, kind, step, sequence) REFERENCES deviation_words(call_id, kind, step, sequence);

ALTER TABLE legal_holds ADD CONSTRAINT legal_hold_of_unknown_form
    FOREIGN KEY (form_number) REFERENCES consultations(form_number);

ALTER TABLE office_decisions ADD CONSTRAINT office_decision_without_version
    FOREIGN KEY (kind, name) REFERENCES office_files(kind, name);

ALTER TABLE operator_presence ADD CONSTRAINT operator_presence_of_nobody
    FOREIGN KEY (operator) REFERENCES operators(account);

ALTER TABLE outbox_messages ADD CONSTRAINT outbox_message_without_ticket
    FOREIGN KEY (ticket_number) REFERENCES tickets(ticket_number);

ALTER TABLE recap_erasures ADD CONSTRAINT recap_erasure_by_unknown_purge
    FOREIGN KEY (purge) REFERENCES purges(id);

ALTER TABLE recap_erasures ADD CONSTRAINT recap_erasure_without_recap
    FOREIGN KEY (month) REFERENCES recaps(month);

ALTER TABLE sessions ADD CONSTRAINT session_of_unknown_account
    FOREIGN KEY (account) REFERENCES accounts(account);

ALTER TABLE solved_texts ADD CONSTRAINT solved_text_without_form
    FOREIGN KEY (call_id) REFERENCES consultation_forms(call_id) ON DELETE CASCADE;

ALTER TABLE ticket_events ADD CONSTRAINT ticket_event_without_ticket
    FOREIGN KEY (ticket_number) REFERENCES tickets(ticket_number);

ALTER TABLE tickets ADD CONSTRAINT ticket_without_consultation
    FOREIGN KEY (call_id) REFERENCES consultations(call_id);

CREATE VIEW audio_of_calls AS
 SELECT call_id,
    'voicemail'::text AS kind,
    (state ->> 'voicemail_recording'::text) AS file,
    ended_at AS recorded_at
   FROM calls
  WHERE ((state ? 'voicemail_recording'::text) AND (ended_at IS NOT NULL));

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

CREATE VIEW persons_of_calls AS
 SELECT calls.call_id,
    'number'::text AS kind,
    calls.caller_number AS value
   FROM calls
  WHERE (calls.caller_number IS NOT NULL)
UNION ALL
 SELECT calls.call_id,
    'number'::text AS kind,
    calls.caller_raw AS value
   FROM calls
  WHERE ((calls.caller_number IS NULL) AND (calls.caller_raw IS NOT NULL))
UNION ALL
 SELECT consultation_forms.call_id,
    'number'::text AS kind,
    consultation_forms.contact_phone AS value
   FROM consultation_forms
  WHERE (consultation_forms.contact_phone IS NOT NULL)
UNION ALL
 SELECT consultation_forms.call_id,
    'identity'::text AS kind,
    consultation_forms.npwp AS value
   FROM consultation_forms
  WHERE (consultation_forms.npwp IS NOT NULL)
UNION ALL
 SELECT consultation_forms.call_id,
    'identity'::text AS kind,
    (consultation_forms.fields ->> 'nik'::text) AS value
   FROM consultation_forms
  WHERE (consultation_forms.fields ? 'nik'::text)
UNION ALL
 SELECT consultation_forms.call_id,
    'email'::text AS kind,
    lower((consultation_forms.fields ->> 'email'::text)) AS value
   FROM consultation_forms
  WHERE (consultation_forms.fields ? 'email'::text)
UNION ALL
 SELECT consultation_forms.call_id,
    'name'::text AS kind,
    consultation_forms.caller_name AS value
   FROM consultation_forms
  WHERE (consultation_forms.caller_name IS NOT NULL)
UNION ALL
 SELECT form_corrections.call_id,
        CASE form_corrections.field
            WHEN 'contact_phone'::text THEN 'number'::text
            WHEN 'email'::text THEN 'email'::text
            WHEN 'caller_name'::text THEN 'name'::text
            ELSE 'identity'::text
        END AS kind,
        CASE form_corrections.field
            WHEN 'email'::text THEN lower(form_corrections.value)
            ELSE form_corrections.value
        END AS value
   FROM form_corrections
  WHERE ((form_corrections.value IS NOT NULL) AND (form_corrections.field = ANY (ARRAY['contact_phone'::text, 'npwp'::text, 'nik'::text, 'email'::text, 'caller_name'::text])));

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

CREATE OR REPLACE FUNCTION public.archive_chain(previous_chain text, sequence bigint, archived_at timestamp with time zone, sha256 text, call_id text, path text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
    SELECT encode(sha256(convert_to(concat_ws(
        E'\n', previous_chain, sequence,
        to_char(archived_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        sha256, call_id, path
    ), 'UTF8')), 'hex')
$function$;

CREATE OR REPLACE FUNCTION public.chain_archived_consultation()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM enter_into_archive(
        NEW.call_id, coalesce(NEW.archive_path, ''), NEW.archive_sha256, NEW.archived_at
    );
    RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION public.chain_form_supplement()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM enter_into_archive(NEW.call_id, NEW.path, NEW.sha256, NEW.archived_at);
    RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION public.day_key(at timestamp with time zone)
 RETURNS integer[]
 LANGUAGE sql
 IMMUTABLE
AS $function$
    SELECT ARRAY[
        floor(extract(epoch FROM at - timestamptz '2000-01-01 00:00:00+00') / 86400)::integer
    ]
$function$;

CREATE OR REPLACE FUNCTION public.enter_into_archive(archived_call text, archived_path text, archived_sha256 text, archived_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
    last_sequence bigint;
    last_chain text;
BEGIN
    PERFORM pg_advisory_xact_lock(20826);
    IF EXISTS (
        SELECT FROM archive_entries WHERE call_id = archived_call AND path = archived_path
    ) THEN
        RETURN;
    END IF;
    SELECT sequence, chain INTO last_sequence, last_chain
    FROM archive_entries ORDER BY sequence DESC LIMIT 1;
    last_sequence := coalesce(last_sequence, 0) + 1;
    last_chain := coalesce(last_chain, '');
    INSERT INTO archive_entries
        (sequence, call_id, path, sha256, archived_at, previous_chain, chain)
    VALUES (
        last_sequence, archived_call, archived_path, archived_sha256,
        enter_into_archive.archived_at, last_chain,
        archive_chain(
            last_chain, last_sequence, enter_into_archive.archived_at,
            archived_sha256, archived_call, archived_path
        )
    );
END
$function$;

CREATE OR REPLACE FUNCTION public.erased_mark()
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$ SELECT '(dihapus)' $function$;

CREATE OR REPLACE FUNCTION public.feed_kept()
 RETURNS interval
 LANGUAGE sql
 IMMUTABLE
AS $function$ SELECT interval '30 days' $function$;

CREATE OR REPLACE FUNCTION public.form_words(fields jsonb)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE
AS $function$
    SELECT to_tsvector(
        'indonesian',
        regexp_replace(
            coalesce(fields ->> 'problem', '') || ' ' || coalesce(fields ->> 'error_code', '')
                || ' ' || coalesce(fields ->> 'solution', ''),
            '[^[:alnum:]]+', ' ', 'g'
        )
    )
$function$;

CREATE OR REPLACE FUNCTION public.keep_answer_version()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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

CREATE OR REPLACE FUNCTION public.keep_standing_of_deviation()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.move_standing_of_deviation()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    -- Its own trigger looks what was said, this word among it.
    UPDATE deviations SET standing = standing
    WHERE (call_id, kind, step) = (NEW.call_id, NEW.kind, NEW.step);
    RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION public.refuse_change_but_erasure()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
    known jsonb := to_jsonb(OLD);
    owner text := coalesce(
        known ->> 'call_id',
        (SELECT call_id FROM tickets WHERE ticket_number = known ->> 'ticket_number')
    );
BEGIN
    IF EXISTS (SELECT FROM erasures WHERE call_id = owner AND what = 'form')
        AND to_jsonb(NEW) = without_person(known, statistical_fields())
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is only ever added to: UPDATE is refused', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE OR REPLACE FUNCTION public.refuse_change_of_answer_versions()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'answer_versions is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE OR REPLACE FUNCTION public.refuse_change_of_archive_entries()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'archive_entries is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE OR REPLACE FUNCTION public.refuse_change_of_audit_log()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'audit_log is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
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

CREATE OR REPLACE FUNCTION public.refuse_change_of_deviation_words()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'deviation_words is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE OR REPLACE FUNCTION public.refuse_change_of_log()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION '% is only ever added to: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE OR REPLACE FUNCTION public.refuse_change_of_office_decisions()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'office_decisions is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE OR REPLACE FUNCTION public.refuse_change_of_operator_presence()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'operator_presence is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE OR REPLACE FUNCTION public.refuse_change_of_recaps()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'recaps is only ever added to: % is refused', TG_OP
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

CREATE OR REPLACE FUNCTION public.statistical_fields()
 RETURNS text[]
 LANGUAGE sql
 STABLE
AS $function$
    SELECT coalesce(array_agg(id), '{}')
    FROM (
        SELECT field ->> 'id' AS id
        FROM office_files
        CROSS JOIN LATERAL jsonb_path_query(content, '$.sections[*].fields[*]') AS field
        WHERE kind = 'form'
        GROUP BY field ->> 'id'
        HAVING bool_and(field ->> 'type' IN ('choice', 'yes_no'))
    ) AS listed
$function$;

CREATE OR REPLACE FUNCTION public.supplement_path(form_path text, call_id text, kind text, step text, sequence integer)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
    SELECT regexp_replace(form_path, '[^/]*$', '')
        || call_id || '.' || kind || '-' || replace(step, '/', '_') || '-' || sequence || '.pdf'
$function$;

CREATE OR REPLACE FUNCTION public.without_person(document jsonb, kept text[])
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
BEGIN
    IF jsonb_typeof(document) = 'array' THEN
        RETURN coalesce(
            (
                SELECT jsonb_agg(without_person(item, kept) ORDER BY place)
                FROM jsonb_array_elements(document) WITH ORDINALITY AS items (item, place)
            ),
            '[]'
        );
    ELSIF jsonb_typeof(document) <> 'object' THEN
        RETURN document;
    END IF;
    RETURN coalesce(
        (
            SELECT jsonb_object_agg(
                key,
                CASE
                    WHEN key = 'caller' AND jsonb_typeof(value) = 'object'
                        THEN jsonb_build_object('shown', erased_mark())
                    WHEN jsonb_typeof(value) = 'string' AND value <> '""' AND (
                        key IN (
                            'caller_shown', 'question', 'answer', 'solution', 'reason',
                            'external_number'
                        )
                        OR (
                            key IN ('raw', 'value') AND document ? 'field'
                            AND document ->> 'field' <> ALL (kept)
                            AND document ->> 'tells_outcome' IS DISTINCT FROM 'true'
                        )
                    ) THEN to_jsonb(erased_mark())
                    ELSE without_person(value, kept)
                END
            )
            FROM jsonb_each(document)
        ),
        '{}'
    );
END
$function$;

CREATE INDEX access_log_by_form ON public.access_log USING gin (forms);

CREATE INDEX access_log_by_person ON public.access_log USING btree (person_key) WHERE (person_key IS NOT NULL);

CREATE INDEX access_log_by_time ON public.access_log USING btree (at DESC);

CREATE INDEX answers_by_word ON public.answers USING gin (words);

CREATE INDEX archive_entries_by_path ON public.archive_entries USING btree (path);

CREATE INDEX audit_log_by_time ON public.audit_log USING btree (at DESC, id DESC);

CREATE INDEX calls_by_arrival ON public.calls USING btree (arrived_at DESC, call_id DESC) INCLUDE (queued_at, answered_at, ended_at, operator);

CREATE INDEX calls_by_caller ON public.calls USING btree (caller_number, arrived_at DESC) WHERE (caller_number IS NOT NULL);

CREATE INDEX calls_by_channel ON public.calls USING btree (channel);

CREATE INDEX calls_by_last_digits ON public.calls USING btree (reverse(COALESCE(caller_number, caller_raw)) text_pattern_ops, arrived_at);

CREATE INDEX calls_by_operator ON public.calls USING btree (operator, ended_at DESC);

CREATE INDEX calls_by_operator_and_arrival ON public.calls USING btree (operator, arrived_at DESC, call_id DESC);

CREATE INDEX calls_by_raw_caller ON public.calls USING btree (caller_raw) WHERE ((caller_number IS NULL) AND (caller_raw IS NOT NULL));

CREATE INDEX calls_unfinished ON public.calls USING btree (arrived_at) WHERE (stage <> 'archived'::text);

CREATE INDEX calls_with_voicemail ON public.calls USING btree (ended_at, call_id) WHERE (state ? 'voicemail_recording'::text);

CREATE INDEX consultation_forms_by_application ON public.consultation_forms USING btree (application) WHERE (application IS NOT NULL);

CREATE INDEX consultation_forms_by_category ON public.consultation_forms USING btree (category) WHERE (category IS NOT NULL);

CREATE INDEX consultation_forms_by_email ON public.consultation_forms USING btree (lower((fields ->> 'email'::text))) WHERE (fields ? 'email'::text);

CREATE INDEX consultation_forms_by_nik ON public.consultation_forms USING btree (((fields ->> 'nik'::text))) WHERE (fields ? 'nik'::text);

CREATE INDEX consultation_forms_by_npwp ON public.consultation_forms USING btree (npwp) WHERE (npwp IS NOT NULL);

CREATE INDEX consultation_forms_by_phone ON public.consultation_forms USING btree (contact_phone) WHERE (contact_phone IS NOT NULL);

CREATE INDEX consultation_forms_by_words ON public.consultation_forms USING gin (lower(caller_name) gin_trgm_ops, lower(company) gin_trgm_ops, form_words(fields), day_key(COALESCE(arrived_at, changed_at)));

CREATE INDEX consultation_steps_unmet ON public.consultation_steps USING btree (step, call_id) WHERE (state = 'unmet'::text);

CREATE INDEX consultations_by_archiving ON public.consultations USING btree (archived_at, call_id);

CREATE INDEX consultations_by_outcome ON public.consultations USING btree (outcome);

CREATE INDEX consultations_counted ON public.consultations USING btree (call_id) INCLUDE (outcome, archived_at);

CREATE INDEX deviations_by_arrival ON public.deviations USING btree (arrived_at, call_id);

CREATE INDEX deviations_by_step ON public.deviations USING btree (step, kind, call_id);

CREATE INDEX deviations_decided ON public.deviations USING btree (arrived_at, call_id) WHERE (standing = 'decision'::text);

CREATE INDEX deviations_explained ON public.deviations USING btree (arrived_at, call_id) WHERE (standing = 'explanation'::text);

CREATE INDEX deviations_of_equipment ON public.deviations USING btree (call_id) WHERE (kind = 'equipment'::text);

CREATE INDEX deviations_open ON public.deviations USING btree (arrived_at, call_id) WHERE (standing <> 'decision'::text);

CREATE INDEX equipment_deviations_by_time ON public.equipment_deviations USING btree (began_at);

CREATE INDEX exchange_ledger_by_age ON public.exchange_ledger USING btree (at);

CREATE INDEX exchange_ledger_by_caller ON public.exchange_ledger USING btree (linked, at);

CREATE INDEX exchange_ledger_unsettled ON public.exchange_ledger USING btree (channel) WHERE ((kind = 'began'::text) AND (channel = linked) AND (NOT settled));

CREATE INDEX form_corrections_by_value ON public.form_corrections USING btree (value) WHERE (value IS NOT NULL);

CREATE INDEX legal_holds_standing ON public.legal_holds USING btree (form_number) WHERE (lifted_at IS NULL);

CREATE INDEX office_decisions_by_kind ON public.office_decisions USING btree (kind, id DESC);

CREATE INDEX outbox_messages_by_ticket ON public.outbox_messages USING btree (ticket_number);

CREATE INDEX outbox_messages_waiting ON public.outbox_messages USING btree (way, next_try_at) WHERE ((accepted_at IS NULL) AND (gave_up_at IS NULL));

CREATE INDEX search_words_by_pieces ON public.search_words USING gin (word gin_trgm_ops) WITH (fastupdate=off);

CREATE INDEX sessions_by_account ON public.sessions USING btree (account);

CREATE INDEX solved_texts_by_word ON public.solved_texts USING gin (words, day_key(solved_at)) WITH (fastupdate=off);

CREATE INDEX solved_texts_newest ON public.solved_texts USING btree (solved_at DESC);

CREATE INDEX tickets_by_external_number ON public.tickets USING btree (external_number) WHERE (external_number IS NOT NULL);

CREATE INDEX tickets_by_holder ON public.tickets USING btree (holder, target_at) WHERE (holder IS NOT NULL);

CREATE INDEX tickets_by_target ON public.tickets USING btree (target_at, ticket_number);

CREATE INDEX tickets_open ON public.tickets USING btree (target_at) WHERE (confirmed_at IS NULL);

CREATE TRIGGER access_log_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.access_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_log();

CREATE TRIGGER answer_versions_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.answer_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_answer_versions();

CREATE TRIGGER answer_has_versions AFTER INSERT OR UPDATE ON public.answers FOR EACH ROW EXECUTE FUNCTION keep_answer_version();

CREATE TRIGGER answer_has_words AFTER INSERT OR UPDATE OF title, question, answer ON public.answers FOR EACH ROW EXECUTE FUNCTION answer_changed();

CREATE TRIGGER archive_entries_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.archive_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_archive_entries();

CREATE TRIGGER audit_log_is_only_added_to BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_log();

CREATE TRIGGER call_events_append_only BEFORE DELETE OR TRUNCATE ON public.call_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_call_events();

CREATE TRIGGER call_events_erased_only BEFORE UPDATE ON public.call_events FOR EACH ROW EXECUTE FUNCTION refuse_change_but_erasure();

CREATE TRIGGER consultation_form_corrected AFTER UPDATE OF fields ON public.consultation_forms FOR EACH ROW WHEN ((((old.fields -> 'problem'::text) IS DISTINCT FROM (new.fields -> 'problem'::text)) OR ((old.fields -> 'solution'::text) IS DISTINCT FROM (new.fields -> 'solution'::text)))) EXECUTE FUNCTION solved_text_changed();

CREATE TRIGGER consultation_archived_as_solved AFTER INSERT OR UPDATE OF outcome, archived_at ON public.consultations FOR EACH ROW WHEN (((new.outcome = 'solved'::text) AND (new.archived_at IS NOT NULL))) EXECUTE FUNCTION solved_text_changed();

CREATE TRIGGER consultations_chained_once_archived AFTER UPDATE ON public.consultations FOR EACH ROW WHEN (((old.archived_at IS NULL) AND (new.archived_at IS NOT NULL))) EXECUTE FUNCTION chain_archived_consultation();

CREATE TRIGGER consultations_chained_when_archived AFTER INSERT ON public.consultations FOR EACH ROW WHEN ((new.archived_at IS NOT NULL)) EXECUTE FUNCTION chain_archived_consultation();

CREATE TRIGGER deviation_words_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.deviation_words FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_deviation_words();

CREATE TRIGGER deviation_words_move_standing AFTER INSERT ON public.deviation_words FOR EACH ROW EXECUTE FUNCTION move_standing_of_deviation();

CREATE TRIGGER deviations_keep_standing BEFORE INSERT OR UPDATE ON public.deviations FOR EACH ROW EXECUTE FUNCTION keep_standing_of_deviation();

CREATE TRIGGER erasures_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.erasures FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_log();

CREATE TRIGGER form_corrections_append_only BEFORE DELETE OR TRUNCATE ON public.form_corrections FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_log();

CREATE TRIGGER form_corrections_erased_only BEFORE UPDATE ON public.form_corrections FOR EACH ROW EXECUTE FUNCTION refuse_change_but_erasure();

CREATE TRIGGER form_supplements_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.form_supplements FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_log();

CREATE TRIGGER form_supplements_chained AFTER INSERT ON public.form_supplements FOR EACH ROW EXECUTE FUNCTION chain_form_supplement();

CREATE TRIGGER office_decisions_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.office_decisions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_office_decisions();

CREATE TRIGGER operator_presence_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.operator_presence FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_operator_presence();

CREATE TRIGGER recap_erasures_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.recap_erasures FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_log();

CREATE TRIGGER recaps_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.recaps FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_recaps();

CREATE TRIGGER ticket_events_append_only BEFORE DELETE OR TRUNCATE ON public.ticket_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_ticket_events();

CREATE TRIGGER ticket_events_erased_only BEFORE UPDATE ON public.ticket_events FOR EACH ROW EXECUTE FUNCTION refuse_change_but_erasure();
