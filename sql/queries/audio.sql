-- name: voicemail_of_form
-- Form number and file of the voice message that was left with the call whose form has this place in this year.
SELECT consultations.form_number, audio.file AS name
FROM consultations
JOIN audio_of_calls AS audio USING (call_id)
WHERE consultations.form_year = $1 AND consultations.form_sequence = $2
  AND audio.kind = 'voicemail'
  AND NOT EXISTS (
      SELECT FROM erasures WHERE erasures.call_id = audio.call_id AND what = 'audio'
  )
