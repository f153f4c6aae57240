-- Whether a ticket is late is a question of two more moments: when somebody took it for the first
-- time, and since when the user must act, while the office's clock stands.
ALTER TABLE tickets
    ADD COLUMN first_taken_at timestamptz,
    ADD COLUMN user_acts_since timestamptz;
