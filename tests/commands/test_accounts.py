"""`account …` and `token …`: passwords and keys that are shown once."""

import json

import pytest

from agent.database.accounts import Accounts
from agent.database.pool import Pool
from agent.web.guard import TOKEN, digest_of
from agent.web.passwords import Passwords
from tests.commands.shell import Shell

ADD = ("account", "add", "siti", "--name", "Siti  Aminah", "--role", "operator")


async def test_an_added_account_has_a_password_for_one_login(url: str, shell: Shell) -> None:
    result = await shell.run(url, *ADD, "--operator", "op-101", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    pool = Pool(url)
    account = await Accounts(pool).read("siti")
    acts = await Accounts(pool).acts()
    await pool.aclose()
    assert account is not None
    assert (account.name, account.role, account.operator) == ("Siti Aminah", "operator", "op-101")
    assert account.password_once
    assert await Passwords().right(account.password_hash, told["password"])
    assert (acts[0].action, acts[0].subject) == ("account_added", "siti")
    assert acts[0].by.endswith("(command line)")
    assert told["password"] not in repr(acts)


async def test_people_are_told_that_it_is_shown_once(url: str, shell: Shell) -> None:
    result = await shell.run(url, *ADD)
    assert "logs in as siti" in result.stdout
    assert "cannot be shown again" in result.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("account", "add", "Siti!", "--name", "S", "--role", "operator"), "Siti!"),
        (("account", "add", "siti", "--name", " ", "--role", "operator"), "printable"),
        ((*ADD, "--operator", "op-999"), "op-999"),
        (("account", "remove", "nobody"), "nobody"),
        (("account", "password", "nobody"), "nobody"),
        (("account", "second-factor", "nobody"), "nobody"),
        (("token", "revoke", "nothing"), "nothing"),
    ],
)
async def test_what_cannot_be_is_refused_in_one_sentence(
    url: str, shell: Shell, words: tuple[str, ...], said: str
) -> None:
    result = await shell.run(url, *words)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


async def test_a_new_password_and_a_forgotten_factor_and_the_end(url: str, shell: Shell) -> None:
    first = json.loads((await shell.run(url, *ADD, "--json")).stdout)["password"]
    given = json.loads((await shell.run(url, "account", "password", "siti", "--json")).stdout)
    assert given["password"] != first
    assert (await shell.run(url, "account", "second-factor", "siti")).exit_code == 0
    twice = await shell.run(url, *ADD)
    assert twice.exit_code == 2
    assert (await shell.run(url, "account", "remove", "siti")).exit_code == 0
    listed = json.loads((await shell.run(url, "account", "list", "--json")).stdout)
    assert [(one["account"], one["removed_at"] is None) for one in listed] == [("siti", False)]
    assert "Siti Aminah" in (await shell.run(url, "account", "list")).stdout


async def test_a_token_is_shown_once_and_listed_without_its_secret(url: str, shell: Shell) -> None:
    made = await shell.run(
        url, "token", "add", "papan", "--scope", "live", "--scope", "recap", "--days", "3", "--json"
    )
    told = json.loads(made.stdout)
    pool = Pool(url)
    kept = await Accounts(pool).token(told["id"])
    await pool.aclose()
    assert kept is not None
    assert kept.scopes == ("live", "recap")
    assert kept.digest == digest_of(told["token"].removeprefix(f"{TOKEN}{told['id']}_"))
    assert (await shell.run(url, "token", "revoke", told["id"])).exit_code == 0
    listed = await shell.run(url, "token", "list", "--json")
    (one,) = json.loads(listed.stdout)
    assert one["revoked_at"] is not None
    assert told["token"] not in listed.stdout
    assert "papan" in (await shell.run(url, "token", "list")).stdout


async def test_a_token_acts_at_a_telephone_that_there_is(url: str, shell: Shell) -> None:
    made = ("token", "add", "bilah", "--scope", "desk", "--operator")
    assert (await shell.run(url, *made, "op-101")).exit_code == 0
    refused = await shell.run(url, *made, "op-999")
    assert (refused.exit_code, "op-999" in refused.stderr) == (2, True)
    (one,) = json.loads((await shell.run(url, "token", "list", "--json")).stdout)
    assert one["operator"] == "op-101"
    assert "op-101" in (await shell.run(url, "token", "list")).stdout
