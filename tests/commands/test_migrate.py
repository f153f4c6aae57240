"""`migrate`: says what it did, and leaves a newer database alone."""

import asyncpg

from agent.database.migrations import read_migrations
from tests.commands.shell import Shell


async def test_it_names_what_it_applied_and_nothing_the_second_time(
    empty_url: str, shell: Shell
) -> None:
    first = await shell.run(empty_url, "migrate")
    assert first.exit_code == 0, first.output
    for migration in read_migrations():
        assert f"applied {migration.version:04d}_{migration.name}" in first.stdout
    second = await shell.run(empty_url, "migrate")
    assert second.stdout.strip() == "The database is up to date."


async def test_a_newer_database_is_refused_by_every_command(url: str, shell: Shell) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO schema_migrations (version, name, sha256) VALUES (99, 'from_tomorrow', '')"
    )
    await connection.close()
    for words in (["migrate"], ["calls"], ["call", "1/2026"], ["operator", "list"]):
        result = await shell.run(url, *words)
        assert result.exit_code == 1
        assert "0099_from_tomorrow" in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
