"""The only importer of asyncpg: migrations, records and reports; no decision about a call may enter."""
