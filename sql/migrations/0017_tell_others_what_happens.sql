-- What programs of others may follow: every public fact of calls and tickets, in one lasting order.

-- Written in the transaction of what it tells of. A number from a sequence says in which order rows
-- were begun, not in which they could first be seen; so each row keeps its transaction, and readers
-- only read below the oldest one that still runs: nothing can come before what they have read.
CREATE TABLE feed_events (
    xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
    id bigint GENERATED ALWAYS AS IDENTITY,
    key text NOT NULL CONSTRAINT news_twice UNIQUE,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT feed_place_twice PRIMARY KEY (xact, id)
);

-- Who is told by webhook, and how far: each has a place of his own in the feed. No kinds are all.
-- A new one begins with what nobody could have read when it was made.
CREATE TABLE webhook_subscriptions (
    id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT webhook_subscription_twice PRIMARY KEY,
    url text NOT NULL,
    kinds text[] NOT NULL,
    secret text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    told_xact xid8 NOT NULL DEFAULT pg_snapshot_xmin(pg_current_snapshot()),
    told_id bigint NOT NULL DEFAULT 0,
    told_at timestamptz,
    failing_since timestamptz,
    last_error text,
    disabled_at timestamptz,
    CONSTRAINT webhook_subscription_by_nobody CHECK (made_by ~ '\S')
);

-- So long news can be read. What is older when it is written is no news any more: it may be told
-- already and erased since, and nothing is told twice.
CREATE FUNCTION feed_kept() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '30 days' $$;
