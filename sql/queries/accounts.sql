-- name: add_account
-- Keep a new account, whose password was given by somebody else.
INSERT INTO accounts (account, name, role, operator, password_hash, made_by)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: read_account
-- An account that was not removed.
SELECT account, name, role, operator, password_hash, password_once, totp_seed, totp_confirmed
FROM accounts WHERE account = $1 AND removed_at IS NULL

-- name: list_accounts
-- All accounts that ever were.
SELECT account, name, role, operator, password_once, totp_confirmed, made_at, made_by, removed_at
FROM accounts ORDER BY account

-- name: remove_account
-- Nobody logs in with it any more.
UPDATE accounts SET removed_at = now()
WHERE account = $1 AND removed_at IS NULL RETURNING name

-- name: change_role
-- Another role, or another telephone.
UPDATE accounts SET role = $2, operator = $3
WHERE account = $1 AND removed_at IS NULL RETURNING name

-- name: set_password
-- A password of his own, or one given by somebody else ($3).
UPDATE accounts SET password_hash = $2, password_once = $3
WHERE account = $1 AND removed_at IS NULL RETURNING name

-- name: forget_second_factor
-- His device is lost: the next login asks for a new one.
UPDATE accounts SET totp_seed = NULL, totp_confirmed = false
WHERE account = $1 AND removed_at IS NULL RETURNING name

-- name: offer_second_factor
-- The seed of a secret that is shown to its owner, until he has proved that he has it.
UPDATE accounts SET totp_seed = $2
WHERE account = $1 AND removed_at IS NULL AND NOT totp_confirmed

-- name: use_code
-- A code that was right is used up, with all before it; no row when it was used already.
UPDATE accounts SET totp_used = $2, totp_confirmed = true
WHERE account = $1 AND removed_at IS NULL AND totp_used < $2 AND totp_seed IS NOT NULL
RETURNING account

-- name: begin_session
-- A browser is logged in.
INSERT INTO sessions (digest, account, ends_at) VALUES ($1, $2, now() + $3)

-- name: read_session
-- Who this browser's user is, while neither idle for too long nor over; it is seen now.
UPDATE sessions SET seen_at = now()
FROM accounts
WHERE sessions.digest = $1 AND accounts.account = sessions.account
  AND accounts.removed_at IS NULL
  AND sessions.ends_at > now() AND sessions.seen_at > now() - $2::interval
RETURNING accounts.account, accounts.name, accounts.role, accounts.operator, sessions.ends_at

-- name: end_session
-- This browser is logged out.
DELETE FROM sessions WHERE digest = $1

-- name: end_sessions_of
-- All browsers of an account are logged out, but this one.
DELETE FROM sessions WHERE account = $1 AND digest IS DISTINCT FROM $2

-- name: end_old_sessions
-- Sessions that are over.
DELETE FROM sessions WHERE ends_at < now() OR seen_at < now() - $1::interval

-- name: add_token
-- Keep a program's key.
INSERT INTO api_tokens (id, digest, name, scopes, made_by, expires_at, operator)
VALUES ($1, $2, $3, $4, $5, now() + $6, $7)

-- name: is_on_duty
-- Whether there is such a telephone now.
SELECT EXISTS (SELECT FROM operators WHERE account = $1 AND removed_at IS NULL)

-- name: read_token
-- A program's key that is valid; the day of its last use is kept. Who is off duty has no telephone.
UPDATE api_tokens SET used_at = CASE WHEN used_at > now() - interval '1 minute' THEN used_at ELSE now() END
WHERE id = $1 AND revoked_at IS NULL AND expires_at > now()
RETURNING id, digest, name, scopes, expires_at, (
    SELECT account FROM operators
    WHERE account = api_tokens.operator AND removed_at IS NULL
) AS operator

-- name: list_tokens
-- All keys that ever were.
SELECT id, name, scopes, operator, made_by, made_at, expires_at, revoked_at, used_at
FROM api_tokens ORDER BY made_at DESC

-- name: revoke_token
-- A key opens nothing any more.
UPDATE api_tokens SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING name

-- name: audit
-- Who did what, upon what.
INSERT INTO audit_log (by, action, subject, detail) VALUES ($1, $2, $3, $4)

-- name: read_audit
-- What was done, newest first, from before a row.
SELECT id, at, by, action, subject, detail FROM audit_log
WHERE ($1::bigint IS NULL OR id < $1) AND ($2::text IS NULL OR by = $2)
ORDER BY id DESC LIMIT $3
