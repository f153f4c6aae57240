-- Tickets: the log of each is its record, the columns are what the log gives.

-- name: lock_ticket
-- A ticket that is about to be changed, and the consultation that it was made from.
SELECT
    tickets.ticket_number, tickets.call_id, consultations.form_number,
    consultation_forms.form, consultation_forms.fields, calls.caller_shown AS caller,
    calls.operator,
    calls.state #>> '{rules,zone}' AS zone
FROM tickets
JOIN consultations USING (call_id)
JOIN calls USING (call_id)
LEFT JOIN consultation_forms USING (call_id)
WHERE tickets.ticket_number = $1
FOR UPDATE OF tickets

-- name: read_ticket
-- The same of a ticket that is only looked at.
SELECT
    tickets.ticket_number, tickets.call_id, consultations.form_number,
    consultation_forms.form, consultation_forms.fields, calls.caller_shown AS caller,
    calls.operator,
    calls.state #>> '{rules,zone}' AS zone
FROM tickets
JOIN consultations USING (call_id)
JOIN calls USING (call_id)
LEFT JOIN consultation_forms USING (call_id)
WHERE tickets.ticket_number = $1

-- name: target_of_ticket
-- By when a ticket must be solved, as it was seen when something last happened to it.
SELECT target_at FROM tickets WHERE ticket_number = $1

-- name: ticket_events_of
-- A ticket's log in its order.
SELECT body FROM ticket_events WHERE ticket_number = $1 ORDER BY sequence

-- name: append_ticket_event
-- Add one event to a ticket's log; a place that is taken is an error.
INSERT INTO ticket_events (ticket_number, sequence, at, by, event, body)
VALUES ($1, $2, $3, $4, $5, $6::jsonb)

-- name: update_ticket
-- Make a ticket's columns what its log gives.
UPDATE tickets SET
    events = $2, stage = $3, level = $4, priority = $5, holder = $6, first_response_at = $7,
    target_at = $8, stage_closes_at = $9, solved_at = $10, confirmed_at = $11,
    external_number = $12, first_taken_at = $13, user_acts_since = $14
WHERE ticket_number = $1

-- name: list_tickets
-- Tickets by their target, the next due first; what is null or false is not asked.
-- $1 only those that are not confirmed, $2 only those overdue at $3, $4 of a level, $5 of a holder,
-- $6 in a stage, $7 from calls of an operator, $8 with this number: the ticket's or the user's own,
-- $9 and $10 with the form of this year and sequence, $11 with these words on the form, $12 held by
-- one of these or $13 from this operator's calls. From after the target $14 and number $15 on;
-- $16: those without a target, which come last. $17 at most.
-- Overdue as agent/domain/ticket_due.py has it: once missed stays missed, and while the user must
-- act nothing becomes late, for the target that is kept then is not before that moment.
SELECT
    tickets.ticket_number, consultations.form_number, tickets.stage, tickets.level,
    tickets.priority, tickets.holder, tickets.issued_at, tickets.first_response_at,
    tickets.target_at, tickets.solved_at, tickets.confirmed_at, tickets.external_number,
    late.overdue, consultation_forms.company
FROM tickets
JOIN consultations USING (call_id)
JOIN calls USING (call_id)
LEFT JOIN consultation_forms USING (call_id)
CROSS JOIN LATERAL (
    SELECT coalesce(tickets.target_at < coalesce(tickets.user_acts_since, $3), false)
        OR coalesce(tickets.first_response_at < coalesce(tickets.first_taken_at, $3), false)
) AS late (overdue)
WHERE ($1::boolean IS NOT TRUE OR tickets.confirmed_at IS NULL)
  AND ($2::boolean IS NOT TRUE OR late.overdue)
  AND ($4::text IS NULL OR tickets.level = $4)
  AND ($5::text IS NULL OR tickets.holder = $5)
  AND ($6::text IS NULL OR tickets.stage = $6)
  AND ($7::text IS NULL OR calls.operator = $7)
  AND ($8::text IS NULL OR tickets.ticket_number = $8 OR tickets.external_number = $8)
  AND ($9::integer IS NULL OR (consultations.form_year = $9 AND consultations.form_sequence = $10))
  AND ($11::text IS NULL
    OR form_words(consultation_forms.fields) @@ plainto_tsquery('indonesian', $11))
  AND ($12::text[] IS NULL OR tickets.holder = ANY ($12) OR calls.operator = $13)
  AND CASE WHEN $16 THEN tickets.target_at IS NULL ELSE tickets.target_at IS NOT NULL END
  AND ($14::timestamptz IS NULL OR (tickets.target_at, tickets.ticket_number) > ($14, $15))
  AND ($14::timestamptz IS NOT NULL OR $15::text IS NULL OR tickets.ticket_number > $15)
ORDER BY tickets.target_at, tickets.ticket_number
LIMIT $17

-- name: tickets_of_the_clock
-- Tickets whose time runs: opened, and neither solved nor in the user's hands.
SELECT ticket_number FROM tickets
WHERE confirmed_at IS NULL AND events > 0 AND stage IN ('new', 'taken', 'reopened')
ORDER BY ticket_number

-- name: fence_former_owner
-- Refuse what somebody does who is no longer the owner of the calls.
SELECT refuse_former_owner($1)

-- name: opening_message
-- What became of the message by which a case was handed over.
SELECT accepted_at, gave_up_at FROM outbox_messages WHERE key = $1
