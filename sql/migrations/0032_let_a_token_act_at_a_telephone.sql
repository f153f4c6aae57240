-- Whose telephone a program acts at: his calls, his presence, his listening, within its scopes.
ALTER TABLE api_tokens
    ADD COLUMN operator text CONSTRAINT api_token_of_unknown_operator REFERENCES operators (account);
