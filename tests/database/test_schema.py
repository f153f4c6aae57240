"""sql/schema.sql equals what the migrations make, and makes it by itself."""

import asyncpg

from agent.database.schema import FILE, render_schema, schema_of_migrations


async def test_the_schema_file_equals_the_migrations(server_url: str) -> None:
    assert FILE.read_text() == await schema_of_migrations(server_url)


async def test_the_schema_file_makes_the_same_schema(empty_url: str) -> None:
    connection = await asyncpg.connect(empty_url)
    await connection.execute(FILE.read_text())
    assert await render_schema(connection) == FILE.read_text()
    await connection.close()
