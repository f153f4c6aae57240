-- What an authenticator knows is made from a seed by the office's key, which is not in the database:
-- a copy of the database opens no second factor.

ALTER TABLE accounts RENAME COLUMN totp_secret TO totp_seed;

ALTER TABLE accounts
    RENAME CONSTRAINT account_confirmed_without_secret TO account_confirmed_without_seed;

-- Secrets that people have in their telephones already go on to count, until they are renewed.
UPDATE accounts SET totp_seed = 'secret:' || totp_seed WHERE totp_confirmed;

UPDATE accounts SET totp_seed = NULL WHERE NOT totp_confirmed;
