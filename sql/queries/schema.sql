-- name: describe_schema
-- Everything of the schema as statements that make it, in an order that works.
WITH tables AS (
    SELECT oid, relname, relkind
    FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace
      AND relkind IN ('r', 'v')
      AND relname <> 'schema_migrations'
),
columns AS (
    SELECT
        attrelid,
        string_agg(
            '    ' || quote_ident(attname) || ' ' || format_type(atttypid, atttypmod)
            || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
            || CASE
                WHEN attgenerated = 's'
                    THEN ' GENERATED ALWAYS AS (' || pg_get_expr(adbin, adrelid) || ') STORED'
                WHEN adbin IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(adbin, adrelid)
                ELSE ''
            END,
            E',\n' ORDER BY attnum
        ) AS definition
    FROM pg_attribute
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attnum > 0 AND NOT attisdropped
    GROUP BY attrelid
),
statements AS (
    SELECT 0 AS place, extname::text AS name,
        'CREATE EXTENSION ' || quote_ident(extname) || ';' AS definition
    FROM pg_extension WHERE extname <> 'plpgsql'
    UNION ALL
    SELECT 1, relname::text,
        'CREATE TABLE ' || quote_ident(relname) || E' (\n' || columns.definition || E'\n);'
    FROM tables JOIN columns ON columns.attrelid = tables.oid
    WHERE relkind = 'r'
    UNION ALL
    -- PostgreSQL 18 also lists NOT NULL as constraints; the columns say it already.
    SELECT CASE contype WHEN 'f' THEN 3 ELSE 2 END, relname || ' ' || conname,
        'ALTER TABLE ' || quote_ident(relname) || ' ADD CONSTRAINT ' || quote_ident(conname)
            || E'\n    ' || pg_get_constraintdef(pg_constraint.oid) || ';'
    FROM pg_constraint JOIN tables ON tables.oid = conrelid
    WHERE contype IN ('p', 'u', 'c', 'f', 'x')
    UNION ALL
    SELECT 4, relname::text,
        'CREATE VIEW ' || quote_ident(relname) || E' AS\n' || pg_get_viewdef(oid)
    FROM tables WHERE relkind = 'v'
    UNION ALL
    SELECT 5, proname::text, rtrim(pg_get_functiondef(oid), E'\n') || ';'
    FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    UNION ALL
    -- Some are of what a function makes of a row.
    SELECT 6, relname || ' ' || indexrelid::regclass::text, pg_get_indexdef(indexrelid) || ';'
    FROM pg_index JOIN tables ON tables.oid = indrelid
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    UNION ALL
    SELECT 7, relname || ' ' || tgname, pg_get_triggerdef(pg_trigger.oid) || ';'
    FROM pg_trigger JOIN tables ON tables.oid = tgrelid
    WHERE NOT tgisinternal
)
SELECT definition FROM statements ORDER BY place, name COLLATE "C"
