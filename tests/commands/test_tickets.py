"""`lpse-agent ticket`: a ticket's life from a shell, and what it refuses in one sentence."""

import json

import pytest
import pytest_asyncio

from agent.database.access import access_of
from agent.database.case_desk import CaseDesk
from agent.database.connect import connected
from agent.database.office_files import keep_office_file
from agent.database.outbox import messages_of_ticket
from agent.database.tickets import read_ticket
from tests.commands.shell import Shell
from tests.database.desk import on_record, rules
from tests.database.stories import Story
from tests.domain.offices import table_content


@pytest_asyncio.fixture
async def story(url: str) -> Story:
    """A case that was handed over."""
    told = await on_record(url)
    await keep_office_file(url, "priority_table", "usulan-1", table_content())
    await CaseDesk(url, rules()).hand_over(told.call)
    return told


async def test_a_ticket_is_taken_solved_and_confirmed_from_a_shell(
    url: str, story: Story, shell: Shell
) -> None:
    number, by = story.ticket_number, ("--by", "op-101")
    for words in (
        ("take", number),
        ("ask", number, "--text", "Mohon kirim tangkapan layar."),
        ("answered", number, "--text", "Sudah dikirim."),
        ("solve", number, "--text", "Perbarui Apendo."),
        ("reopen", number, "--text", "Masih gagal."),
        ("take", number.replace("-", "")),
        ("assign", number, "lkpp"),
        ("priority", number, "--urgency", "not_urgent", "--impact", "small"),
        ("link", number, "LS-2026-0815"),
    ):
        done = await shell.run(url, "ticket", *words, *by)
        assert done.exit_code == 0, done.stderr
    shown = (await shell.run(url, "ticket", "show", number)).stdout
    for word in ("LKPP", "Rendah", "LS-2026-0815", "Dibuka kembali: Masih gagal."):
        assert word in shown
    told = json.loads((await shell.run(url, "ticket", "show", number, "--json")).stdout)
    assert told["ticket"]["external_number"] == "LS-2026-0815"
    assert len(told["events"]) == 2 + 10
    seen = [one.purpose for one in await access_of(url, [story.form_number])]
    assert sorted(set(seen)) == [
        f"lpse-agent ticket {verb}"
        for verb in sorted(
            ["answered", "ask", "assign", "link", "priority", "reopen", "show", "solve", "take"]
        )
    ]


async def test_what_was_given_up_is_sent_again_once_there_is_something(
    url: str, story: Story, shell: Shell
) -> None:
    resend = ("ticket", "resend", story.ticket_number, "--by", "siti")
    refused = await shell.run(url, *resend)
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "was given up" in refused.stderr
    async with connected(url) as connection:
        await connection.execute("UPDATE outbox_messages SET gave_up_at = now()")
    assert "tidak terkirim" in (await shell.run(url, "ticket", "show", story.ticket_number)).stdout
    done = await shell.run(url, *resend, "--json")
    assert done.exit_code == 0, done.stderr
    assert {one["fate"] for one in json.loads(done.stdout)["messages"]} == {"waiting"}


async def test_an_override_outlives_a_later_urgency(url: str, story: Story, shell: Shell) -> None:
    change = ("ticket", "priority", story.ticket_number, "--by", "siti", "--json")
    await shell.run(url, *change, "--override", "low", "--why", "ditunda")
    done = await shell.run(url, *change, "--urgency", "not_urgent")
    choice = json.loads(done.stdout)["ticket"]["choice"]
    assert (choice["override"]["priority"], choice["by_table"]) == ("low", "medium")


async def test_tickets_are_listed(url: str, story: Story, shell: Shell) -> None:
    rows = json.loads((await shell.run(url, "ticket", "list", "--open", "--json")).stdout)
    assert [row["ticket_number"] for row in rows] == [story.ticket_number]
    table = (await shell.run(url, "ticket", "list", "--overdue")).stdout
    assert story.ticket_number in table.replace("\n", "")
    none = await shell.run(url, "ticket", "list", "--level", "lkpp", "--json")
    assert json.loads(none.stdout) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("confirm", "NUMBER"), "it is new"),
        (("take", "26-99999-9"), "neither a form number"),
        (("solve", "NUMBER", "--text", "password: melati9"), "password"),
        (("solve", "NUMBER", "--text", "  "), "empty"),
        (("priority", "NUMBER", "--impact", "huge"), "one of large"),
        (("priority", "NUMBER", "--override", "high"), "--why"),
        (("priority", "NUMBER"), "--urgency, --impact or --override"),
        (("link", "NUMBER", "9" * 101), "longer than 100"),
    ],
)
async def test_what_cannot_be_is_refused_in_one_sentence_and_nothing_happens(
    url: str, story: Story, shell: Shell, words: tuple[str, ...], said: str
) -> None:
    typed = [story.ticket_number if word == "NUMBER" else word for word in words]
    done = await shell.run(url, "ticket", *typed, "--by", "op-101")
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "melati9" not in done.stderr
    shown = json.loads(
        (await shell.run(url, "ticket", "show", story.ticket_number, "--json")).stdout
    )
    assert len(shown["events"]) == 2
    assert len(await messages_of_ticket(url, story.ticket_number)) == 2


@pytest.mark.parametrize("by", ["", " \t", "agent", "Agent", "x" * 81, "siti, password: melati9"])
async def test_whose_hand_it_was_is_a_name_and_never_the_services_own(
    url: str, story: Story, shell: Shell, by: str
) -> None:
    done = await shell.run(url, "ticket", "take", story.ticket_number, "--by", by)
    assert done.exit_code == 2
    assert done.stderr.startswith("--by: a name or account")
    assert len(done.stderr.splitlines()) == 1
    assert len((await read_ticket(url, story.ticket_number)).events) == 2


async def test_a_name_is_kept_as_plain_text(url: str, story: Story, shell: Shell) -> None:
    done = await shell.run(
        url, "ticket", "take", story.ticket_number, "--by", " Siti\x1b[31m\udcff "
    )
    assert done.exit_code == 0, done.stderr
    ticket = (await read_ticket(url, story.ticket_number)).ticket
    assert ticket
    assert ticket.holder == "Siti[31m?"


async def test_what_was_only_assumed_is_said_until_somebody_tells_it(
    url: str, shell: Shell
) -> None:
    told = await on_record(url, {"caller_name": "Budi"})
    await keep_office_file(url, "priority_table", "usulan-1", table_content())
    await CaseDesk(url, rules()).hand_over(told.call)
    priority = ("ticket", "priority", told.ticket_number, "--urgency", "urgent", "--by", "siti")
    shown = " ".join((await shell.run(url, *priority)).stdout.replace("│", " ").split())
    assert "prioritas Menengah (urgensi dan dampak tidak diisi)" in shown
    assert "prioritas Tinggi (dampak tidak diisi)" in shown
