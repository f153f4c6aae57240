"""Migrations on real databases: empty, current, newer, changed, and two runs at once."""

import asyncio
import shutil
from pathlib import Path

import asyncpg
import pytest

from agent.database.errors import DatabaseNewer, DatabaseOlder, MigrationChanged
from agent.database.migrations import FOLDER, migrate, read_migrations, require_migrated


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The migrations in a folder that a test may change."""
    return Path(shutil.copytree(FOLDER, tmp_path / "migrations"))


async def test_an_empty_database_gets_every_migration_once(empty_url: str) -> None:
    expected = [f"{m.version:04d}_{m.name}" for m in read_migrations()]
    assert await migrate(empty_url) == expected
    assert await migrate(empty_url) == []
    await require_migrated(empty_url)


async def test_two_runs_at_once_apply_everything_once(empty_url: str) -> None:
    runs = await asyncio.gather(migrate(empty_url), migrate(empty_url), migrate(empty_url))
    assert sorted(runs) == [[], [], [f"{m.version:04d}_{m.name}" for m in read_migrations()]]


async def test_a_newer_database_is_left_alone(empty_url: str, folder: Path) -> None:
    number = len(read_migrations()) + 1
    (folder / f"{number:04d}_add_something.sql").write_text("CREATE TABLE something (a integer);")
    await migrate(empty_url, folder)
    with pytest.raises(DatabaseNewer, match=f"{number:04d}_add_something.*newer program"):
        await migrate(empty_url)
    with pytest.raises(DatabaseNewer):
        await require_migrated(empty_url)


async def test_a_changed_migration_is_refused_by_its_name(empty_url: str, folder: Path) -> None:
    await migrate(empty_url)
    first = files(folder)[0]
    first.write_text(first.read_text() + "-- changed\n")
    with pytest.raises(MigrationChanged, match=first.stem):
        await migrate(empty_url, folder)


async def test_a_database_that_lacks_migrations_says_how_to_mend_it(
    empty_url: str, folder: Path
) -> None:
    with pytest.raises(DatabaseOlder, match="lpse-agent migrate"):
        await require_migrated(empty_url)
    files(folder)[-1].unlink()
    await migrate(empty_url, folder)
    with pytest.raises(DatabaseOlder, match="lacks 1 "):
        await require_migrated(empty_url)


async def test_a_migration_that_fails_half_way_leaves_nothing(empty_url: str, folder: Path) -> None:
    number = len(read_migrations()) + 1
    (folder / f"{number:04d}_fail.sql").write_text("CREATE TABLE half (a integer);\nSELECT 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_url, folder)
    connection = await asyncpg.connect(empty_url)
    assert await connection.fetchval("SELECT to_regclass('half')") is None
    assert await connection.fetchval("SELECT count(*) FROM schema_migrations") == number - 1
    await connection.close()


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


@pytest.mark.parametrize("name", ["0002_second.sql", "first.sql", "0001-first.sql"])
def test_a_file_that_is_not_numbered_in_turn_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("SELECT 1;")
    with pytest.raises(ValueError, match=name):
        read_migrations(tmp_path)


async def test_authenticators_of_before_go_on_to_count(empty_url: str, folder: Path) -> None:
    for later in read_migrations()[28:]:
        (folder / f"{later.version:04d}_{later.name}.sql").unlink()
    await migrate(empty_url, folder)
    connection = await asyncpg.connect(empty_url)
    try:
        await connection.execute(
            "INSERT INTO accounts (account, name, role, password_hash, made_by,"
            " totp_secret, totp_confirmed) VALUES"
            " ('ratna', 'Ratna', 'supervisor', 'x', 'root', 'ABC234', true),"
            " ('dewi', 'Dewi', 'supervisor', 'x', 'root', 'DEF567', false)"
        )
        await migrate(empty_url)
        kept = await connection.fetch("SELECT account, totp_seed FROM accounts ORDER BY account")
    finally:
        await connection.close()
    assert [tuple(row) for row in kept] == [("dewi", None), ("ratna", "secret:ABC234")]
