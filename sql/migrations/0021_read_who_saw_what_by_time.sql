-- The audit page reads both logs newest first, however long they are.

CREATE INDEX access_log_by_time ON access_log (at DESC);
