"""`webhook add|list|remove|enable|test`: who is told what happens."""

import json

import pytest

from agent.database.connect import Connection
from tests.commands.shell import Shell
from tests.handover.receivers import receiving

URL = "https://app.example.go.id/hook"


async def test_a_webhook_is_added_listed_tried_and_removed(
    url: str, shell: Shell, connection: Connection
) -> None:
    async with receiving("") as receiver:
        made = await shell.run(
            url, "webhook", "add", receiver.url, "--kind", "call.ended", "--kind", "ticket.opened",
            "--json",
        )  # fmt: skip
        told = json.loads(made.stdout)
        assert told["webhook"] == 1
        receiver.secret = told["secret"]
        assert (await shell.run(url, "webhook", "test", "1")).stdout == "Diterima.\n"
        assert receiver.kinds == ["webhook.test"]
        receiver.answers = [500]
        failed = await shell.run(url, "webhook", "test", "1")
        assert (failed.exit_code, failed.stdout) == (1, "")
        assert "500" in failed.stderr
    shown = await shell.run(url, "webhook", "add", URL)
    assert "whsec_" in shown.stdout
    whole = await shell.run(url, "webhook", "list", "--json")
    listed = json.loads(whole.stdout)
    assert [(one["url"], one["kinds"]) for one in listed] == [
        (receiver.url, ["call.ended", "ticket.opened"]),
        (URL, []),
    ]
    assert listed[0]["made_by"].startswith("system:")
    table = await shell.run(url, "webhook", "list")
    assert "semua" in table.stdout
    assert told["secret"] not in whole.stdout + table.stdout
    await connection.execute("UPDATE webhook_subscriptions SET disabled_at = now() WHERE id = 2")
    assert "dilanjutkan" in (await shell.run(url, "webhook", "enable", "2")).stdout
    assert (await shell.run(url, "webhook", "remove", "1")).exit_code == 0
    [left] = json.loads((await shell.run(url, "webhook", "list", "--json")).stdout)
    assert (left["id"], left["disabled_at"]) == (2, None)
    acts = await connection.fetch(
        "SELECT by, action, subject, detail::text FROM audit_log ORDER BY id"
    )
    assert [(act["action"], act["subject"]) for act in acts] == [
        ("webhook_added", "1"), ("webhook_tested", "1"), ("webhook_tested", "1"),
        ("webhook_added", "2"), ("webhook_enabled", "2"), ("webhook_removed", "1"),
    ]  # fmt: skip
    assert all(act["by"].startswith("system:") for act in acts)
    assert "app.example.go.id" in acts[3]["detail"]
    assert "/hook" not in acts[3]["detail"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "http://app.example.go.id/hook"), "Only https"),
        (("add", "https://169.254.169.254/"), "Nobody is told"),
        (("add", URL, "--kind", "call.rung"), "call.archived"),
        (("remove", "7"), "There is no webhook 7"),
        (("enable", "7"), "There is no webhook 7"),
        (("test", "7"), "There is no webhook 7"),
    ],
)
async def test_what_cannot_be_is_said_in_one_sentence(
    url: str, shell: Shell, words: tuple[str, ...], said: str
) -> None:
    result = await shell.run(url, "webhook", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
