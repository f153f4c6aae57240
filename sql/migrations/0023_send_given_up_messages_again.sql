-- A message that was given up can be sent again; its week then begins anew, and when it was put and
-- what it was put for stays as it was.

ALTER TABLE outbox_messages ADD resent_at timestamptz;
