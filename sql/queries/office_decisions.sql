-- Which versions of the office's decisions count.

-- name: decide_in_turn
-- One decision after another: the second is taken on what the first has left.
LOCK TABLE office_decisions IN SHARE ROW EXCLUSIVE MODE

-- name: add_office_decision
-- This version counts from now on.
INSERT INTO office_decisions (kind, name, decided_by, reason) VALUES ($1, $2, $3, $4)

-- name: office_decisions_in_force
-- The newest decision of each kind.
SELECT DISTINCT ON (kind) kind, name, decided_at, decided_by, reason
FROM office_decisions
ORDER BY kind, id DESC

-- name: all_office_decisions
-- Every decision, the oldest first.
SELECT kind, name, decided_at, decided_by, reason FROM office_decisions ORDER BY id
