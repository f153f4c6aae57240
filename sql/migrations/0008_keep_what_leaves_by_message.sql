-- What leaves the office by message waits here until its receiver has accepted it. The row is also
-- the proof: what was told to whom, how often it was tried, and as what its receiver took it.
CREATE TABLE outbox_messages (
    key text NOT NULL,
    way text NOT NULL,
    matter text NOT NULL,
    call_id text NOT NULL,
    ticket_number text NOT NULL,
    facts jsonb NOT NULL,
    put_at timestamptz NOT NULL DEFAULT now(),
    next_try_at timestamptz NOT NULL DEFAULT now(),
    tries integer NOT NULL DEFAULT 0,
    last_error text,
    sending_since timestamptz,
    accepted_at timestamptz,
    accepted_as text,
    gave_up_at timestamptz,
    CONSTRAINT outbox_message_twice PRIMARY KEY (key),
    CONSTRAINT outbox_message_by_unknown_way
        CHECK (way IN ('caller_email', 'level_email', 'webhook', 'request_tracker')),
    CONSTRAINT outbox_message_of_unknown_matter CHECK (
        matter IN ('ticket_opened', 'question_asked', 'ticket_solved', 'ticket_reopened')
    ),
    CONSTRAINT outbox_message_without_ticket
        FOREIGN KEY (ticket_number) REFERENCES tickets (ticket_number),
    CONSTRAINT outbox_message_accepted_and_given_up
        CHECK (accepted_at IS NULL OR gave_up_at IS NULL),
    CONSTRAINT outbox_message_accepted_as_nothing
        CHECK ((accepted_at IS NULL) = (accepted_as IS NULL))
);

CREATE INDEX outbox_messages_waiting ON outbox_messages (way, next_try_at)
    WHERE accepted_at IS NULL AND gave_up_at IS NULL;
CREATE INDEX outbox_messages_by_ticket ON outbox_messages (ticket_number);
