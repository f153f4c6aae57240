-- People who use the pages, programs that use the API, and what each of them did.

-- `operator` is the telephone account by which an operator answers, or a supervisor listens in.
CREATE TABLE accounts (
    account text CONSTRAINT account_twice PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL,
    operator text CONSTRAINT account_of_unknown_operator REFERENCES operators (account),
    password_hash text NOT NULL,
    -- Given by somebody else: good for nothing but to choose one's own.
    password_once boolean NOT NULL DEFAULT true,
    totp_secret text,
    totp_confirmed boolean NOT NULL DEFAULT false,
    -- The last 30 seconds whose code was used: no code opens twice.
    totp_used bigint NOT NULL DEFAULT 0,
    made_at timestamptz NOT NULL DEFAULT now(),
    made_by text NOT NULL,
    removed_at timestamptz,
    CONSTRAINT account_of_another_form CHECK (account ~ '^[a-z0-9][a-z0-9._-]{0,59}$'),
    CONSTRAINT account_of_unknown_role CHECK (
        role IN ('operator', 'supervisor', 'auditor', 'administrator')
    ),
    CONSTRAINT account_confirmed_without_secret CHECK (NOT totp_confirmed OR totp_secret IS NOT NULL)
);

-- A browser that somebody has logged in with; its cookie holds what this is the digest of.
CREATE TABLE sessions (
    digest bytea CONSTRAINT session_twice PRIMARY KEY,
    account text NOT NULL CONSTRAINT session_of_unknown_account REFERENCES accounts (account),
    began_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz NOT NULL,
    CONSTRAINT session_that_ends_before_it_begins CHECK (ends_at > began_at)
);

CREATE INDEX sessions_by_account ON sessions (account);

-- A program's own key: the digest alone is kept.
CREATE TABLE api_tokens (
    id text CONSTRAINT api_token_twice PRIMARY KEY,
    digest bytea NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    used_at timestamptz,
    CONSTRAINT api_token_without_scope CHECK (cardinality(scopes) > 0),
    CONSTRAINT api_token_that_expires_before_it_is_made CHECK (expires_at > made_at)
);

-- Every login, refusal and act of control: who, when, what, upon what. Only ever added to.
CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_twice PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL DEFAULT '',
    detail jsonb NOT NULL DEFAULT '{}'
);

CREATE INDEX audit_log_by_time ON audit_log (at DESC, id DESC);

CREATE FUNCTION refuse_change_of_audit_log() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is only ever added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER audit_log_is_only_added_to
BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_log();
