"""`operator …`: accounts, passwords that are shown once, and who takes calls now."""

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from aiohttp import web

from agent.asterisk.phone_accounts import digest_of
from agent.database.connect import Connection
from agent.database.writer import Writer
from agent.dialplan import DESK_SOCKET
from agent.runtime.floor_keeper import FloorKeeper
from agent.web.presence import serve_presence
from tests.commands.shell import Shell
from tests.domain.test_presence import REASONS
from tests.runtime.conftest import exchange, writer
from tests.runtime.exchange import SITI, PretendExchange

__all__ = ["exchange", "writer"]


async def test_an_added_operators_password_is_shown_once_and_kept_as_digests(
    url: str, shell: Shell
) -> None:
    result = await shell.run(url, "operator", "add", "Dewi  Lestari", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["account"], told["name"]) == ("op-103", "Dewi Lestari")
    connection = await asyncpg.connect(url)
    row = await connection.fetchrow("SELECT * FROM operators WHERE account = 'op-103'")
    [act] = await connection.fetch("SELECT * FROM audit_log")
    await connection.close()
    expected = digest_of("op-103", "lpse-helpdesk", told["password"])
    assert (row["digest_sha256"], row["digest_md5"]) == (expected.sha256, expected.md5)
    assert told["password"] not in str(dict(row))
    assert (act["action"], act["subject"]) == ("operator_added", "op-103")
    assert act["by"].startswith("system:")


async def test_people_are_told_what_to_enter_in_the_phone(url: str, shell: Shell) -> None:
    result = await shell.run(url, "operator", "add", "Dewi")
    assert "account    op-103" in result.stdout
    assert "cannot be shown again" in result.stdout


async def test_a_removed_operator_stays_in_the_list_with_the_day(
    url: str, shell: Shell, connection: Connection
) -> None:
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
    acts = await connection.fetch("SELECT action, subject FROM audit_log")
    assert [tuple(act) for act in acts] == [("operator_removed", "op-102")]


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


@pytest_asyncio.fixture
async def floor(
    writer: Writer, exchange: PretendExchange, shell: Shell
) -> AsyncIterator[FloorKeeper]:
    """The floor of a running service, served where the command looks for it."""
    keeper = FloorKeeper(writer, exchange, lambda _call_id, _offered: None, REASONS)
    await keeper.refresh()
    application = web.Application()
    serve_presence(application, keeper)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.UnixSite(runner, str(shell.folder / DESK_SOCKET)).start()
    yield keeper
    await runner.cleanup()


async def test_an_operator_is_paused_and_ready_again_from_a_shell(
    floor: FloorKeeper, shell: Shell, url: str
) -> None:
    done = await shell.run(url, "operator", "pause", "op-101", "--reason", "rapat")
    assert "Siti Aminah (op-101): jeda (Rapat)." in done.stdout
    assert not floor.floor.operators[SITI].free
    listed = json.loads((await shell.run(url, "operator", "list", "--json")).stdout)
    assert [(one["presence"], one["pause_reason"]) for one in listed] == [
        ("paused", "rapat"),
        ("ready", None),
    ]
    assert listed[0]["present_since"]
    table = await shell.run(url, "operator", "list")
    assert "jeda" in table.stdout
    done = await shell.run(url, "operator", "ready", "op-101", "--json")
    assert '"presence": "ready"' in done.stdout
    assert floor.floor.operators[SITI].free
    connection = await asyncpg.connect(url)
    by = await connection.fetch("SELECT by FROM operator_presence WHERE by <> 'agent'")
    await connection.close()
    assert len(by) == 2
    assert all(row["by"].startswith("system:") for row in by)


@pytest.mark.parametrize(
    ("account", "reason", "sentence"),
    [
        ("op-101", "tidur", "choose one of istirahat"),
        ("op-999", "rapat", "There is no operator op-999 on duty"),
    ],
)
async def test_a_pause_that_cannot_be_is_refused_in_one_sentence(
    floor: FloorKeeper, shell: Shell, url: str, account: str, reason: str, sentence: str
) -> None:
    done = await shell.run(url, "operator", "pause", account, "--reason", reason)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert sentence in done.stderr
