-- name: ledger_position
-- How far the exchange's ledger was kept.
SELECT inode, first_line, file_offset FROM exchange_ledger_position

-- name: keep_ledger
-- Keep entries and how far they were read, in one transaction; entries kept before stay.
-- Whoever is no longer the owner is refused.
WITH kept AS (
    INSERT INTO exchange_ledger (channel, at, kind, mark, note, linked, entry)
    SELECT
        entry ->> 'channel', (entry ->> 'at')::timestamptz, entry ->> 'kind',
        coalesce(entry ->> 'mark', ''), coalesce(entry ->> 'note', ''), entry ->> 'linked', entry
    FROM refuse_former_owner($5), jsonb_array_elements($1::jsonb) AS entry
    ON CONFLICT DO NOTHING
)
INSERT INTO exchange_ledger_position (inode, first_line, file_offset)
VALUES ($2, $3, $4)
ON CONFLICT (one) DO UPDATE SET
    inode = excluded.inode,
    first_line = excluded.first_line,
    file_offset = excluded.file_offset

-- name: ledger_entries_of
-- What the exchange wrote about a caller's call, in order.
SELECT entry FROM exchange_ledger WHERE linked = $1 ORDER BY at, kind = 'ended', channel

-- name: settle_recorded_callers
-- Callers whose call is on record need no more attention.
UPDATE exchange_ledger AS ledger
SET settled = true
WHERE ledger.kind = 'began' AND ledger.channel = ledger.linked AND NOT ledger.settled
  AND EXISTS (SELECT FROM calls WHERE calls.channel = ledger.channel)

-- name: unmet_callers
-- Callers without a record whose call is over, or was lost with an exchange that died.
SELECT began.channel
FROM exchange_ledger AS began
WHERE began.kind = 'began' AND began.channel = began.linked AND NOT began.settled
  AND (
      began.at < $1
      OR EXISTS (
          SELECT FROM exchange_ledger AS ended
          WHERE ended.channel = began.channel AND ended.kind = 'ended'
      )
  )
ORDER BY began.at
LIMIT 100

-- name: settle_callers
-- These channels were no calls to the helpdesk.
UPDATE exchange_ledger SET settled = true WHERE channel = ANY($1::text[]) AND kind = 'began'

-- name: forget_old_ledger
-- The ledger holds callers' numbers: it is kept only as long as a record may need it.
DELETE FROM exchange_ledger WHERE at < now() - interval '90 days'
