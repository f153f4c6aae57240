"""`operator add|list|remove`: accounts, and passwords that are shown once."""

import json

import asyncpg
import pytest

from agent.asterisk.phone_accounts import digest_of
from tests.commands.shell import Shell


async def test_an_added_operators_password_is_shown_once_and_kept_as_digests(
    url: str, shell: Shell
) -> None:
    result = await shell.run(url, "operator", "add", "Dewi  Lestari", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["account"], told["name"]) == ("op-103", "Dewi Lestari")
    connection = await asyncpg.connect(url)
    row = await connection.fetchrow("SELECT * FROM operators WHERE account = 'op-103'")
    await connection.close()
    expected = digest_of("op-103", "lpse-helpdesk", told["password"])
    assert (row["digest_sha256"], row["digest_md5"]) == (expected.sha256, expected.md5)
    assert told["password"] not in str(dict(row))


async def test_people_are_told_what_to_enter_in_the_phone(url: str, shell: Shell) -> None:
    result = await shell.run(url, "operator", "add", "Dewi")
    assert "account    op-103" in result.stdout
    assert "cannot be shown again" in result.stdout


async def test_a_removed_operator_stays_in_the_list_with_the_day(url: str, shell: Shell) -> None:
    removed = await shell.run(url, "operator", "remove", "op-102")
    assert removed.exit_code == 0
    listed = json.loads((await shell.run(url, "operator", "list", "--json")).stdout)
    assert [(one["account"], one["removed_at"] is None) for one in listed] == [
        ("op-101", True),
        ("op-102", False),
    ]
    table = await shell.run(url, "operator", "list")
    assert "Budi Santoso" in table.stdout
    again = await shell.run(url, "operator", "remove", "op-102")
    assert again.exit_code == 2
    assert "op-102" in again.stderr


@pytest.mark.parametrize("name", ["", "   ", "a\x00b", "x" * 81, "bell\a"])
async def test_a_name_that_cannot_be_shown_is_refused(url: str, shell: Shell, name: str) -> None:
    result = await shell.run(url, "operator", "add", name)
    assert result.exit_code == 2
    assert "printable" in result.stderr


@pytest.mark.parametrize("typed", ["", "Siti", "op-", "op-101; --", "\udcff"])
async def test_what_is_no_account_is_refused_with_the_way_to_find_one(
    url: str, shell: Shell, typed: str
) -> None:
    result = await shell.run(url, "operator", "remove", "--", typed)
    assert result.exit_code == 2
    assert "an account looks like op-101, see `lpse-agent operator list`" in result.stderr
    assert len(result.stderr.splitlines()) == 1
