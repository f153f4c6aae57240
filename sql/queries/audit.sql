-- name: read_trail
-- Who did, saw or changed what, newest first: both logs as one, from before a line.
-- $1, $2: from, until; $3: by; $4: action; $5, $6: the moment and id of the line before; $7: limit.
SELECT at, id, by, action, subject, detail, log
FROM (
    (
        SELECT at, id::text AS id, by, action, subject, detail::text AS detail, 'act' AS log
        FROM audit_log
        WHERE ($1::timestamptz IS NULL OR at >= $1) AND ($2::timestamptz IS NULL OR at < $2)
          AND ($3::text IS NULL OR by = $3) AND ($4::text IS NULL OR action = $4)
          AND ($5::timestamptz IS NULL OR at < $5 OR (at = $5 AND id::text COLLATE "C" < $6::text))
        ORDER BY audit_log.at DESC, audit_log.id::text COLLATE "C" DESC LIMIT $7
    )
    UNION ALL
    (
        SELECT
            at, id::text AS id, by, action, array_to_string(forms[1:20], ' ') AS subject,
            jsonb_build_object('purpose', purpose, 'forms', cardinality(forms))::text AS detail,
            'access' AS log
        FROM access_log
        WHERE ($1::timestamptz IS NULL OR at >= $1) AND ($2::timestamptz IS NULL OR at < $2)
          AND ($3::text IS NULL OR by = $3) AND ($4::text IS NULL OR action = $4)
          AND ($5::timestamptz IS NULL OR at < $5 OR (at = $5 AND id::text COLLATE "C" < $6::text))
        ORDER BY access_log.at DESC, access_log.id::text COLLATE "C" DESC LIMIT $7
    )
) AS trail
ORDER BY at DESC, id COLLATE "C" DESC LIMIT $7
