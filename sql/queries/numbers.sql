-- name: announce_holder
-- Hold a lock in this agent's name while this session lives; its death frees what it reserved.
-- A session of its own that it lost in a black hole may live on here, and is ended first.
WITH former AS MATERIALIZED (
    SELECT pg_terminate_backend(pid, 500)
    FROM pg_locks
    WHERE locktype = 'advisory' AND classid = 20817 AND objsubid = 2 AND granted
      AND objid::bigint = hashtext($1)::bigint & 4294967295
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND pid <> pg_backend_pid()
)
SELECT pg_advisory_lock(20817, hashtext($1)) FROM (SELECT count(*) FROM former) AS ended

-- name: queue_for_numbers
-- Let one agent at a time choose numbers; freed at the end of the transaction.
SELECT pg_advisory_xact_lock(20818, hashtext($1))

-- name: forget_given_numbers
-- Let go of reservations whose number was given, so that the search for free ones stays short.
DELETE FROM number_reservations AS reserved
WHERE reserved.kind = $1 AND reserved.year = $2
  AND EXISTS (
      SELECT FROM numbers_given AS given
      WHERE given.kind = reserved.kind
        AND given.year = reserved.year
        AND given.sequence = reserved.sequence
  )

-- name: take_over_numbers
-- Take the lowest numbers of a kind and year that dead agents reserved and nobody was given.
WITH holders AS MATERIALIZED (
    SELECT DISTINCT reserved.holder
    FROM number_reservations AS reserved
    WHERE reserved.kind = $1 AND reserved.year = $2 AND reserved.holder <> $3
      AND NOT EXISTS (
          SELECT FROM numbers_given AS given
          WHERE given.kind = reserved.kind
            AND given.year = reserved.year
            AND given.sequence = reserved.sequence
      )
),
dead AS MATERIALIZED (
    SELECT holder FROM holders WHERE pg_try_advisory_xact_lock(20817, hashtext(holder))
),
chosen AS MATERIALIZED (
    SELECT reserved.sequence
    FROM number_reservations AS reserved
    WHERE reserved.kind = $1 AND reserved.year = $2
      AND reserved.holder IN (SELECT holder FROM dead)
      AND NOT EXISTS (
          SELECT FROM numbers_given AS given
          WHERE given.kind = reserved.kind
            AND given.year = reserved.year
            AND given.sequence = reserved.sequence
      )
    ORDER BY reserved.sequence
    LIMIT $4
)
UPDATE number_reservations
SET holder = $3, reserved_at = now()
-- An array is looked up in the index also when nothing is known yet of the table's size.
WHERE kind = $1 AND year = $2 AND sequence = ANY (ARRAY(SELECT sequence FROM chosen))
RETURNING sequence

-- name: reserve_new_numbers
-- Set aside the numbers after the highest that was ever reserved or given.
INSERT INTO number_reservations (kind, year, sequence, holder)
SELECT $1, $2, highest.sequence + step, $3
FROM (
    SELECT coalesce(max(sequence), 0) AS sequence
    FROM (
        SELECT sequence FROM number_reservations WHERE kind = $1 AND year = $2
        UNION ALL
        SELECT sequence FROM numbers_given WHERE kind = $1 AND year = $2
    ) AS known
) AS highest, generate_series(1, $4::integer) AS step
RETURNING sequence
