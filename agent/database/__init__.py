"""The only importer of asyncpg: migrations, records, reports; no decision about a call enters."""
