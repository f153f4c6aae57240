-- name: log_access
-- Keep who did what with whose data, and why.
INSERT INTO access_log (by, action, forms, person_key, purpose) VALUES ($1, $2, $3, $4, $5)

-- name: access_of
-- Who had to do with these forms, or looked for this person, oldest first.
SELECT at, by, action, purpose
FROM access_log
WHERE forms && $1::text[] OR person_key = $2
ORDER BY at, id

-- name: find_person
-- Calls of a person, oldest first; a name is found by a part of it.
SELECT
    calls.call_id, consultations.form_number, consultations.ticket_number,
    consultations.outcome, calls.arrived_at, calls.caller_shown AS caller, forms.caller_name,
    forms.company
FROM calls
JOIN consultations USING (call_id)
LEFT JOIN consultation_forms AS forms USING (call_id)
WHERE call_id IN (
    SELECT call_id FROM persons_of_calls
    WHERE kind = $1::text
      AND CASE $1::text
          WHEN 'name' THEN strpos(lower(value), lower($2::text)) > 0
          ELSE value = $2::text
      END
)
ORDER BY calls.arrived_at, calls.call_id

-- name: personal_record
-- What is stored of a call's person beside the call itself, as one document.
SELECT jsonb_build_object(
    'form_number', consultations.form_number,
    'archive_path', consultations.archive_path,
    'archive_sha256', consultations.archive_sha256,
    'form', (SELECT to_jsonb(forms) FROM consultation_forms AS forms WHERE call_id = $1),
    'corrections', (
        SELECT jsonb_agg(to_jsonb(corrections) - 'call_id' ORDER BY sequence)
        FROM form_corrections AS corrections
        WHERE call_id = $1
    ),
    'ticket', (SELECT to_jsonb(tickets) FROM tickets WHERE call_id = $1),
    'ticket_events', (
        SELECT jsonb_agg(log.body ORDER BY log.sequence)
        FROM tickets JOIN ticket_events AS log USING (ticket_number)
        WHERE call_id = $1
    ),
    'audio', (
        SELECT jsonb_agg(to_jsonb(audio) - 'call_id' ORDER BY recorded_at)
        FROM audio_of_calls AS audio
        WHERE call_id = $1
    ),
    'erasures', (
        SELECT jsonb_agg(to_jsonb(erasures) - 'call_id' ORDER BY at)
        FROM erasures
        WHERE call_id = $1
    ),
    'exchange', (
        SELECT jsonb_agg(ledger.entry ORDER BY ledger.at)
        FROM exchange_ledger AS ledger JOIN calls ON calls.channel = ledger.linked
        WHERE calls.call_id = $1
    )
) AS document
FROM consultations
WHERE call_id = $1

-- name: form_of_call
-- A call's form with its definition, and whether it is archived or erased.
SELECT
    consultations.form_number, calls.stage = 'archived' AS archived,
    calls.state #>> '{rules,zone}' AS zone, forms.fields, files.content AS definition,
    EXISTS (SELECT FROM erasures WHERE call_id = $1 AND what = 'form') AS erased
FROM calls
JOIN consultations USING (call_id)
LEFT JOIN consultation_forms AS forms USING (call_id)
LEFT JOIN office_files AS files ON files.kind = 'form' AND files.name = forms.form
WHERE call_id = $1

-- name: latest_correction
-- What a field of a form was corrected to last.
SELECT value FROM form_corrections
WHERE call_id = $1 AND field = $2
ORDER BY sequence DESC
LIMIT 1

-- name: keep_correction
-- A correction beside an archived form.
INSERT INTO form_corrections
    (call_id, sequence, by, field, raw, value, old_digest, new_digest, why)
SELECT $1, coalesce(max(sequence), 0) + 1, $2, $3, $4, $5, $6, $7, $8
FROM form_corrections WHERE call_id = $1

-- name: add_hold
-- A new legal hold on a form or on a person.
INSERT INTO legal_holds (id, form_number, person_key, key_check, reason, by)
SELECT coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5 FROM legal_holds
RETURNING id

-- name: list_holds
-- All legal holds, the newest first.
SELECT id, form_number, person_key IS NOT NULL AS of_person, reason, by, held_at, lifted_at,
    lifted_by, lifted_why
FROM legal_holds
ORDER BY id DESC

-- name: lift_hold
-- A legal hold that stands ends.
UPDATE legal_holds SET lifted_at = now(), lifted_by = $2, lifted_why = $3
WHERE id = $1 AND lifted_at IS NULL
RETURNING form_number, person_key
