"""The whole command line: its help teaches, and its start refuses in one sentence."""

import re
from typing import Any

import pytest
from typer.main import get_command

from agent.__main__ import app
from agent.domain.consultation import Outcome
from tests.commands.shell import Shell

TICKET_COMMANDS = ("list", "show", "take", "assign", "ask", "answered", "solve")
TICKET_COMMANDS += ("confirm", "reopen", "link", "priority", "resend")


def commands(group: Any, *path: str) -> dict[tuple[str, ...], Any]:
    """Every command with the words that call it."""
    found: dict[tuple[str, ...], Any] = {}
    for name, one in group.commands.items():
        if one.hidden:  # another word for one that is there
            continue
        is_group = hasattr(one, "commands")
        found |= commands(one, *path, name) if is_group else {(*path, name): one}
    return found


ALL = commands(get_command(app))
WITHOUT_ARGUMENTS = {
    ("operator", "list"),
    ("hold", "list"),
    ("account", "list"),
    ("token", "list"),
    ("webhook", "list"),
}


def test_the_commands_are_those_that_the_office_was_promised() -> None:
    assert set(ALL) == {
        ("serve",),
        ("migrate",),
        ("archive", "verify"),
        ("operator", "add"),
        ("operator", "list"),
        ("operator", "pause"),
        ("operator", "ready"),
        ("operator", "remove"),
        ("deviation", "list"),
        ("deviation", "show"),
        ("deviation", "explain"),
        ("deviation", "decide"),
        ("deviation", "recompute"),
        ("calls",),
        ("call",),
        ("recap",),
        ("answer", "add"),
        ("answer", "import"),
        ("answer", "list"),
        ("answer", "change"),
        ("answer", "retire"),
        ("answer", "history"),
        ("search",),
        ("earlier",),
        ("seed",),
        ("verify",),
        ("replay",),
        ("capture",),
        ("doctor",),
        ("form", "show"),
        ("form", "fill"),
        ("form", "finish"),
        *(("ticket", name) for name in TICKET_COMMANDS),
        ("person", "search"),
        ("person", "export"),
        ("person", "correct"),
        ("person", "erase-audio"),
        ("hold", "add"),
        ("hold", "list"),
        ("hold", "lift"),
        ("access", "log"),
        ("purge",),
        *(("account", name) for name in ("add", "list", "remove", "password", "second-factor")),
        *(("token", name) for name in ("add", "list", "revoke")),
        *(("webhook", name) for name in ("add", "list", "remove", "enable", "test")),
        ("supervise",),
    }


@pytest.mark.parametrize("path", ALL, ids=" ".join)
async def test_help_shows_an_example_that_calls_this_command_and_fits_eighty_columns(
    shell: Shell, path: tuple[str, ...]
) -> None:
    result = await shell.run("", *path, "--help")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    if path not in WITHOUT_ARGUMENTS:
        assert f"lpse-agent {' '.join(path)}" in result.stdout.partition("Example")[2]


def test_every_option_and_argument_is_explained() -> None:
    for path, command in ALL.items():
        for parameter in command.params:
            explained = getattr(parameter, "help", None)
            assert explained, f"{' '.join(path)}: {parameter.name} has no help"


@pytest.mark.parametrize("group", ["deviation", "deviations"])
async def test_deviations_are_called_by_either_word(url: str, shell: Shell, group: str) -> None:
    assert (await shell.run(url, group, "recompute")).exit_code == 0
    assert (await shell.run(url, group, "list")).exit_code == 0
    assert "│ deviations" not in (await shell.run(url, "--help")).stdout, "one word is taught"


async def test_the_help_of_calls_says_what_each_outcome_means(shell: Shell) -> None:
    told = (await shell.run("", "calls", "--help")).stdout
    for outcome in Outcome:
        assert re.search(rf"^ {outcome}: \w+", told, re.MULTILINE), outcome


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"LPSE_NO_SUCH_THING": "1"}, "LPSE_NO_SUCH_THING: "),
        ({"LPSE_HTTP_PORT": "0"}, "http_port: "),
        ({"LPSE_SOP_FILE": "/nowhere"}, "sop_file: "),
        ({"LPSE_PROMPTS_FILE": "/nowhere"}, "prompts_file: "),
        ({"LPSE_LETTERHEAD_FILE": "/nowhere"}, "letterhead_file: "),
        ({"LPSE_ARCHIVE_STORE": "s3://arsip"}, "archive_s3_secret_file: "),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_the_service_does_not_start_with_a_wrong_setting_and_names_its_key(
    url: str, shell: Shell, settings: dict[str, str], said: str
) -> None:
    ended = await shell.start(url, "serve", **settings)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(said)
    assert len(ended.err.splitlines()) == 1


async def test_a_word_that_is_no_command_is_named(url: str, shell: Shell) -> None:
    ended = await shell.start(url, "nonsense")
    assert ended.status == 2
    assert "No such command 'nonsense'" in ended.err
    assert "Traceback" not in ended.err
