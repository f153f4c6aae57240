-- name: look_at_lease
-- Whose the office's calls are and for how many seconds still, by the database's clock.
-- A lease that runs longer than any was ever given was left so by a clock that jumped back.
SELECT
    epoch,
    holder IS NULL AS free,
    CASE
        WHEN expires_at > clock_timestamp() + make_interval(secs => $1) THEN 0.0
        ELSE extract(epoch FROM expires_at - clock_timestamp())::double precision
    END AS left_s
FROM lease

-- name: take_lease
-- Become the owner under the next epoch, if the lease of the epoch that was seen is over.
UPDATE lease
SET epoch = epoch + 1, holder = $2, taken_at = clock_timestamp(), renewed_at = clock_timestamp(),
    expires_at = clock_timestamp() + make_interval(secs => $3)
WHERE epoch = $1
  AND (
      holder IS NULL
      OR expires_at <= clock_timestamp()
      OR expires_at > clock_timestamp() + make_interval(secs => $3)
  )
RETURNING epoch

-- name: renew_lease
-- Stay the owner; also late, as long as nobody has taken over.
UPDATE lease
SET renewed_at = clock_timestamp(), expires_at = clock_timestamp() + make_interval(secs => $2)
WHERE epoch = $1
RETURNING epoch

-- name: release_lease
-- Leave the calls to whoever comes next, at once.
UPDATE lease SET holder = NULL, expires_at = clock_timestamp() WHERE epoch = $1

-- name: refuse_former_owner
-- Raise an error of the state LP001 when another agent has become the owner since.
SELECT refuse_former_owner($1)
