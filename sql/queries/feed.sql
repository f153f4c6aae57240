-- The feed: what others may know of calls and tickets, and who is told of it by webhook.

-- name: read_feed
-- News after a place ($1, $2) that no transaction can still come before, at most $3.
-- The first two columns are the place up to which everything is read when these are all; a place
-- of another cluster (one restored from a dump begins to count anew) is no place: all is read.
WITH seen AS (
    SELECT
        pg_snapshot_xmin(pg_current_snapshot()) AS readable,
        $1::text::xid8 > pg_snapshot_xmax(pg_current_snapshot()) AS elsewhere
)
SELECT
    seen.readable::text::bigint AS readable, news.xact::text::bigint AS xact, news.id,
    left(encode(sha256(convert_to(news.key, 'UTF8')), 'hex'), 32)::uuid::text AS name,
    news.kind, news.at, news.body
FROM seen
LEFT JOIN LATERAL (
    SELECT * FROM feed_events
    WHERE (xact, id) > (
            CASE WHEN seen.elsewhere THEN '0'::xid8 ELSE $1::text::xid8 END,
            CASE WHEN seen.elsewhere THEN 0 ELSE $2::bigint END
        )
        AND xact < seen.readable
    ORDER BY xact, id
    LIMIT $3
) AS news ON true
ORDER BY news.xact, news.id

-- name: put_news
-- Keep one piece of news within the transaction of what it tells of; known news change nothing.
INSERT INTO feed_events (key, kind, at, body)
SELECT $1, $2, $3::timestamptz, $4::jsonb
WHERE $3::timestamptz > now() - feed_kept()
ON CONFLICT (key) DO NOTHING

-- name: take_over_restored_news
-- News out of another cluster's dump, whose transactions are in the future here, are readable again.
UPDATE feed_events SET xact = pg_current_xact_id()
WHERE xact >= pg_snapshot_xmax(pg_current_snapshot())

-- name: forget_news
-- Erase at most $1 pieces of news that are too old to be told; answers how many.
WITH forgotten AS (
    DELETE FROM feed_events
    WHERE (xact, id) IN (
        SELECT xact, id FROM feed_events WHERE at <= now() - feed_kept() LIMIT $1
    )
    RETURNING 1
)
SELECT count(*)::integer FROM forgotten

-- name: add_subscription
-- Tell a receiver from now on; no row when $5 are told already.
INSERT INTO webhook_subscriptions (url, kinds, secret, made_by)
SELECT $1, $2::text[], $3, $4
WHERE (SELECT count(*) FROM webhook_subscriptions) < $5::bigint
RETURNING id

-- name: list_subscriptions
-- All subscriptions, the oldest first, without their secrets.
SELECT id, url, kinds, made_by, made_at, told_at, failing_since, last_error, disabled_at
FROM webhook_subscriptions ORDER BY id

-- name: active_subscriptions
-- Those who are to be told, with their secret and how far they are told.
SELECT id, url, kinds, secret, told_xact::text::bigint AS xact, told_id AS place
FROM webhook_subscriptions WHERE disabled_at IS NULL ORDER BY id

-- name: read_subscription
-- One subscription with its secret, to try it out.
SELECT id, url, kinds, secret, told_xact::text::bigint AS xact, told_id AS place
FROM webhook_subscriptions WHERE id = $1

-- name: remove_subscription
-- Tell this receiver nothing any more.
DELETE FROM webhook_subscriptions WHERE id = $1 RETURNING id

-- name: enable_subscription
-- Go on where it stopped.
UPDATE webhook_subscriptions SET disabled_at = NULL, failing_since = NULL, last_error = NULL
WHERE id = $1
RETURNING id

-- name: mark_subscription_told
-- Its receiver has everything up to this place; $4 when he was given something just now.
-- Whoever is no longer the owner is refused.
UPDATE webhook_subscriptions SET
    told_xact = $2::text::xid8, told_id = $3,
    told_at = CASE WHEN $4 THEN clock_timestamp() ELSE told_at END,
    failing_since = CASE WHEN $4 THEN NULL ELSE failing_since END,
    last_error = CASE WHEN $4 THEN NULL ELSE last_error END
FROM refuse_former_owner($5)
WHERE id = $1

-- name: mark_subscription_failed
-- One more try failed; after $4 seconds of them, or for good ($3), he is told nothing any more.
UPDATE webhook_subscriptions SET
    last_error = $2,
    failing_since = coalesce(failing_since, clock_timestamp()),
    disabled_at = CASE
        WHEN $3 OR failing_since < clock_timestamp() - make_interval(secs => $4)
            THEN clock_timestamp()
    END
FROM refuse_former_owner($5)
WHERE id = $1
RETURNING disabled_at IS NOT NULL AS disabled
