-- Whether a ticket is late is a question of two more moments: when somebody took it for the first
-- time, and since when the user must act, while the office's clock stands.
ALTER TABLE tickets
    ADD COLUMN first_taken_at timestamptz,
    ADD COLUMN user_acts_since timestamptz;

-- As lists show tickets: by what is due, of all of them and of one person.
CREATE INDEX tickets_by_target ON tickets (target_at, ticket_number);
CREATE INDEX tickets_by_holder ON tickets (holder, target_at) WHERE holder IS NOT NULL;
