-- name: put_messages
-- Put messages into the outbox; a key that is known already changes nothing.
INSERT INTO outbox_messages (key, way, matter, call_id, ticket_number, facts)
SELECT
    message ->> 'key', message ->> 'way', message ->> 'matter', message ->> 'call_id',
    message ->> 'ticket_number', message -> 'facts'
FROM jsonb_array_elements($1::jsonb) AS message
ON CONFLICT (key) DO NOTHING

-- name: claim_message
-- Take the message of one way that is due longest; until $2 seconds are over it is nobody else's.
-- Whoever is no longer the owner is refused.
UPDATE outbox_messages
SET sending_since = clock_timestamp(), tries = tries + 1,
    next_try_at = clock_timestamp() + make_interval(secs => $2)
WHERE key = (
    SELECT due.key
    FROM refuse_former_owner($3), outbox_messages AS due
    WHERE due.way = $1 AND due.accepted_at IS NULL AND due.gave_up_at IS NULL
      AND due.next_try_at <= clock_timestamp()
    ORDER BY due.next_try_at
    LIMIT 1
    FOR UPDATE OF due SKIP LOCKED
)
RETURNING key, way, matter, call_id, ticket_number, facts, put_at, tries

-- name: mark_message_accepted
-- Its receiver has it, whoever of us gave it to him.
UPDATE outbox_messages
SET accepted_at = $2, accepted_as = $3, sending_since = NULL, last_error = NULL, gave_up_at = NULL
WHERE key = $1 AND accepted_at IS NULL

-- name: mark_message_failed
-- Try again in $4 seconds; for good ($5) and after $6 seconds it is given up.
-- They count from its putting, or from when somebody wished it sent again.
-- A try that somebody else has taken over meanwhile is not ours to judge.
UPDATE outbox_messages
SET last_error = $3, sending_since = NULL,
    next_try_at = clock_timestamp() + make_interval(secs => $4),
    gave_up_at = CASE
        WHEN $5 OR coalesce(resent_at, put_at) < clock_timestamp() - make_interval(secs => $6)
            THEN clock_timestamp()
    END
WHERE key = $1 AND tries = $2 AND accepted_at IS NULL AND gave_up_at IS NULL
RETURNING gave_up_at IS NOT NULL AS given_up

-- name: hasten_messages
-- Their receiver is back: whatever waits for its next try by this way is due at once.
UPDATE outbox_messages
SET next_try_at = clock_timestamp()
WHERE way = $1 AND accepted_at IS NULL AND gave_up_at IS NULL AND sending_since IS NULL
  AND next_try_at > clock_timestamp()

-- name: next_message_due
-- In how many seconds the next message of a way is due; nothing when none waits.
SELECT extract(epoch FROM min(next_try_at) - clock_timestamp())::double precision AS due_s
FROM outbox_messages
WHERE way = $1 AND accepted_at IS NULL AND gave_up_at IS NULL

-- name: messages_not_told
-- Accepted messages of opened tickets whose call has not heard of it: we died in between.
SELECT m.key, m.way, m.matter, m.call_id, m.ticket_number, m.facts, m.accepted_at
FROM outbox_messages AS m
JOIN consultations USING (call_id)
WHERE m.matter = 'ticket_opened' AND m.accepted_at > now() - interval '7 days'
  AND consultations.handed_over_at IS NULL
ORDER BY m.accepted_at

-- name: resend_messages
-- What was given up of a ticket is due at once, for a whole week again; not what was erased since.
UPDATE outbox_messages
SET gave_up_at = NULL, resent_at = clock_timestamp(), next_try_at = clock_timestamp(),
    sending_since = NULL
WHERE ticket_number = $1 AND gave_up_at IS NOT NULL AND facts <> '{}'::jsonb
RETURNING key

-- name: messages_of_ticket
-- Everything that was put for a ticket, oldest first, with what became of it.
SELECT
    key, way, matter, call_id, ticket_number, facts, put_at, resent_at, next_try_at, tries,
    last_error, accepted_at, accepted_as, gave_up_at
FROM outbox_messages
WHERE ticket_number = $1
ORDER BY put_at, key
